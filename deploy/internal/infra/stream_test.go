package infra

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/deploy/internal/progress"
)

// resource returns the JSON of a resource in an event: its address and the rest.
func resource(module, typ, key string) string {
	k := "null"
	addr := module + "." + typ + ".this"
	if key != "" {
		k = fmt.Sprintf("%q", key)
		addr += "[" + k + "]"
	}
	r, err := json.Marshal(map[string]any{"addr": addr, "module": module, "resource_type": typ, "resource_key": json.RawMessage(k)})
	if err != nil {
		panic(err)
	}
	return string(r)
}

func planned(action, r string) string {
	return `{"type":"planned_change","change":{"resource":` + r + `,"action":"` + action + `"}}`
}

func applied(event, action, r, id string) string {
	return `{"type":"` + event + `","hook":{"resource":` + r + `,"action":"` + action + `","id_value":"` + id + `"}}`
}

const planDone = `{"type":"change_summary","changes":{"add":8,"change":0,"remove":0,"operation":"plan"}}`

// play passes lines to a tracker. It returns the number of lines after which the
// deployment was usable, or -1, and the inventory at that time.
func play(t *testing.T, lines []string) (*tracker, int, Inventory) {
	t.Helper()
	var out bytes.Buffer
	p := progress.New(&out, progress.Lines)
	at := -1
	var usable Inventory
	n := 0
	tr := newTracker(p, p.Begin("deploy", progress.Span{}), func(i Inventory) {
		at = n
		usable = i
	})
	s := &splitter{handle: func(e Event) { n++; tr.handle(e) }}
	for _, line := range lines {
		if _, err := s.Write([]byte(line + "\n")); err != nil {
			t.Fatal(err)
		}
	}
	return tr, at, usable
}

// flowEvents returns the events of a first deployment until it is usable, and the
// rest.
func flowEvents() (before, after []string) {
	source, dlq := resource("module.queues", "aws_sqs_queue", "source"), resource("module.queues", "aws_sqs_queue", "dlq")
	redrive := resource("module.queues", "aws_sqs_queue_redrive_policy", "source")
	producer, consumer := resource("module.producer", "aws_lambda_function", ""), resource("module.consumer", "aws_lambda_function", "")
	retry := resource(`module.retry["retry_1"]`, "aws_lambda_function", "")
	mapping := resource("module.consumer_mapping", "aws_lambda_event_source_mapping", "")
	alarm := resource("module.observability", "aws_cloudwatch_metric_alarm", "dlq_visible")
	all := []string{source, dlq, redrive, producer, consumer, retry, mapping, alarm}
	for _, r := range all {
		before = append(before, planned("create", r))
	}
	before = append(before, planDone)
	for i, r := range []string{source, dlq, producer, consumer, retry, mapping} {
		before = append(before, applied("apply_start", "create", r, ""), applied("apply_complete", "create", r, fmt.Sprintf("id%d", i)))
	}
	before = append(before, applied("apply_start", "create", redrive, ""))
	return before, []string{applied("apply_complete", "create", redrive, "x"), applied("apply_complete", "create", alarm, "y")}
}

func TestADeploymentIsUsableWhenOnlyConfirmationsAreLeft(t *testing.T) {
	t.Parallel()
	before, after := flowEvents()
	_, at, inventory := play(t, slices.Concat(before, after))
	if at != len(before) {
		t.Errorf("called after %d events, want %d", at, len(before))
	}
	want := Inventory{
		QueueURLs: map[string]string{"source": "id0", "dlq": "id1"},
		Functions: map[string]string{"producer": "id2", "consumer": "id3", "retry_1": "id4"},
		Mappings:  map[string]string{"consumer": "id5"},

		Unconfirmed: 2, // the redrive policy and an alarm
	}
	if diff := cmp.Diff(want, inventory); diff != "" {
		t.Error(diff)
	}
}

func TestADeploymentIsUsableOnlyWithEverythingThatTrafficNeeds(t *testing.T) {
	t.Parallel()
	before, _ := flowEvents()
	for i, line := range before {
		if !strings.Contains(line, "apply_") && line != planDone || strings.Contains(line, "apply_start") && !strings.Contains(line, "redrive") {
			continue
		}
		without := slices.Delete(slices.Clone(before), i, i+1)
		if _, at, _ := play(t, without); at >= 0 {
			t.Errorf("called without %s", line)
		}
	}
}

func TestAChangedRedrivePolicyIsInForceOnlyWhenConfirmed(t *testing.T) {
	t.Parallel()
	before, after := flowEvents()
	changed := slices.Clone(before)
	for i, line := range changed {
		if strings.Contains(line, "planned_change") && strings.Contains(line, "redrive_policy") {
			changed[i] = strings.Replace(line, `"action":"create"`, `"action":"update"`, 1)
		}
	}
	if _, at, _ := play(t, changed); at >= 0 {
		t.Error("called while the change was not confirmed")
	}
	if _, at, _ := play(t, slices.Concat(changed, after)); at != len(changed)+1 {
		t.Errorf("called after %d events, want %d", at, len(changed)+1)
	}
}

func TestARunWithoutChangesHasItsInventoryFromTheRefresh(t *testing.T) {
	t.Parallel()
	lines := []string{
		applied("refresh_complete", "", resource("module.queues", "aws_sqs_queue", "source"), "url"),
		applied("refresh_complete", "", resource("module.producer", "aws_lambda_function", ""), "producer"),
		applied("refresh_complete", "", resource("module.consumer_mapping", "aws_lambda_event_source_mapping", ""), "uuid"),
		`{"type":"change_summary","changes":{"operation":"plan"}}`,
	}
	if _, at, _ := play(t, lines); at != len(lines) {
		t.Errorf("called after %d events, want %d", at, len(lines))
	}
}

func TestErrorsAreStoredAndWarningsShown(t *testing.T) {
	t.Parallel()
	tr, _, _ := play(t, []string{
		`{"type":"diagnostic","diagnostic":{"severity":"error","summary":"broken"}}`,
		`{"type":"diagnostic","diagnostic":{"severity":"warning","summary":"advice"}}`,
		`{"type":"diagnostic"}`,
	})
	if len(tr.diagnostics) != 1 || tr.diagnostics[0].Summary != "broken" {
		t.Errorf("diagnostics %+v", tr.diagnostics)
	}
}

func TestLinesMayComeInPieces(t *testing.T) {
	t.Parallel()
	var got []string
	s := &splitter{handle: func(e Event) { got = append(got, e.Type) }}
	for _, piece := range []string{`{"type":"a"`, "}\n", "\n", "no event\n{\"type\":\"b\"}\n{\"ty", `pe":"c"}`} {
		if n, err := s.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Fatal(n, err)
		}
	}
	s.flush()
	if diff := cmp.Diff([]string{"a", "b", "c"}, got); diff != "" {
		t.Error(diff)
	}
	if s.other.String() != "no event\n" {
		t.Errorf("stored %q", s.other.String())
	}
}

func TestModuleKeys(t *testing.T) {
	t.Parallel()
	for module, want := range map[string]string{
		"module.producer": "producer", `module.retry["retry_2"]`: "retry_2", `module.a["x"].module.b`: "x", `module.a["x"].module.b["y"]`: "y", "module.a.module.b": "b", "": "", "nonsense": "nonsense",
	} {
		t.Run(module, func(t *testing.T) {
			if got := moduleKey(module); got != want {
				t.Errorf("%s: %s, want %s", module, got, want)
			}
		})
	}
}

// Any output of the tool can be parsed without an error, and without losing the events
// around it.
func FuzzParseEvent(f *testing.F) {
	before, after := flowEvents()
	for _, line := range slices.Concat(before, after) {
		f.Add([]byte(line))
	}
	f.Add([]byte(`{"type":"diagnostic","diagnostic":{"severity":"error","range":{"filename":"a","start":{"line":1}}}}`))
	f.Add([]byte("panic: x\n"))
	f.Fuzz(func(t *testing.T, line []byte) {
		var seen int
		s := &splitter{handle: func(e Event) {
			seen++
			if e.Type == "" {
				t.Error("an event without a type")
			}
		}}
		for _, part := range [][]byte{[]byte("{\"type\":\"first\"}\n"), line, []byte("\n{\"type\":\"last\"}\n")} {
			if _, err := s.Write(part); err != nil {
				t.Fatal(err)
			}
		}
		if seen < 2 {
			t.Errorf("%d events seen, at least 2 were sent", seen)
		}
	})
}
