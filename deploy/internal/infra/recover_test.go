package infra

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// interrupted is a state that an interrupted run left.
const interrupted = `{
  "version": 4, "serial": 7, "lineage": "l",
  "outputs": {"region": {"value": "us-east-1", "type": "string"}, "key": {"value": "x", "type": "string", "sensitive": true}},
  "resources": [
    {"module": "module.queues", "mode": "managed", "type": "aws_sqs_queue", "name": "this", "instances": [
      {"index_key": "source", "status": "tainted", "attributes": {"id": "http://q/source", "delay_seconds": 2}},
      {"index_key": "dlq", "attributes": {"id": "http://q/dlq"}}
    ]},
    {"mode": "managed", "type": "aws_lambda_function", "name": "f", "instances": [{"status": "tainted", "attributes": {"id": "f"}}]},
    {"mode": "managed", "type": "null_resource", "name": "n", "instances": [{"status": "tainted", "attributes": {"id": "1"}}]},
    {"mode": "data", "type": "aws_region", "name": "current", "instances": [{"attributes": {}}]}
  ]
}`

// statuses returns the status of each instance of a state by address; deposed objects
// are marked.
func statuses(t *testing.T, body []byte) map[string]string {
	t.Helper()
	var state stateFile
	if err := json.Unmarshal(body, &state); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, r := range state.Resources {
		for _, i := range r.Instances {
			address := i.address(r)
			if i.Deposed != "" {
				address += " deposed"
			}
			found[address] = i.Status
		}
	}
	return found
}

func TestResourcesMarkedByAnInterruptStay(t *testing.T) {
	t.Parallel()
	edited, marked, err := untaintState([]byte(interrupted))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{`module.queues.aws_sqs_queue.this["source"]`, "aws_lambda_function.f"}, marked); diff != "" {
		t.Error(diff)
	}
	want := map[string]string{
		`module.queues.aws_sqs_queue.this["source"]`: "",
		`module.queues.aws_sqs_queue.this["dlq"]`:    "",
		"aws_lambda_function.f":                      "",
		"null_resource.n":                            "tainted", // what is incomplete is unknown
		"aws_region.current":                         "",
	}
	if diff := cmp.Diff(want, statuses(t, edited)); diff != "" {
		t.Error(diff)
	}

	var after stateFile
	if err := json.Unmarshal(edited, &after); err != nil || after.Serial != 8 || after.Lineage != "l" || len(after.Outputs) != 2 {
		t.Errorf("%+v, %v", after, err)
	}
	if _, marked, err := untaintState(edited); len(marked) != 0 || err != nil {
		t.Errorf("second call: %v, %v", marked, err)
	}
}

// With create_before_destroy, Terraform creates the new queue first. The name exists,
// and CreateQueue returns the existing queue: the old object in the state is the new
// one.
func TestADeposedObjectThatIsTheCurrentOneIsNotDeleted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, instances string
		want            map[string]string
	}{
		{
			"same queue", `{"attributes": {"id": "u"}}, {"deposed": "abc", "attributes": {"id": "u"}}`,
			map[string]string{"aws_sqs_queue.q": ""},
		},
		{
			"same queue, old object first", `{"deposed": "abc", "status": "tainted", "attributes": {"id": "u"}}, {"status": "tainted", "attributes": {"id": "u"}}`,
			map[string]string{"aws_sqs_queue.q": ""},
		},
		{
			"another queue", `{"status": "tainted", "attributes": {"id": "u"}}, {"deposed": "abc", "attributes": {"id": "v"}}`,
			map[string]string{"aws_sqs_queue.q": "", "aws_sqs_queue.q deposed": ""},
		},
		{
			"only the old object", `{"deposed": "abc", "attributes": {"id": "u"}}`,
			map[string]string{"aws_sqs_queue.q": ""},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			edited, _, err := untaintState([]byte(`{"version": 4, "serial": 1, "resources": [
				{"mode": "managed", "type": "aws_sqs_queue", "name": "q", "instances": [` + c.instances + `]}]}`))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, statuses(t, edited)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRecoveringPushesTheStateWithoutMarks(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	write(t, b.tf.State(), interrupted)
	if err := b.tf.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	calls := b.calls()
	if len(calls) != 1 || strings.Join(calls[0].Args[:2], " ") != "state push" {
		t.Errorf("runs %v", calls)
	}
	if !strings.Contains(b.printed.String(), `module.queues.aws_sqs_queue.this["source"] was created and stays`) {
		t.Errorf("printed %s", b.printed.String())
	}
}

const (
	wholeState  = `{"version": 4, "serial": 3, "lineage": "l", "resources": [{"mode": "managed", "type": "t", "name": "whole", "instances": []}]}`
	newerState  = `{"version": 4, "serial": 5, "lineage": "l", "resources": [{"mode": "managed", "type": "t", "name": "newer", "instances": []}]}`
	otherState  = `{"version": 4, "serial": 9, "lineage": "m", "resources": [{"mode": "managed", "type": "t", "name": "other", "instances": []}]}`
	cutOffState = `{"version": 4, "serial": 4, "lineage": "l", "resou`
)

func TestTheNewestCompleteStateIsUsed(t *testing.T) {
	t.Parallel()
	journal := `{"address":"aws_sqs_queue.q","type":"aws_sqs_queue"}` + "\n"
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string // part of the state afterwards; empty for none
		fails string // part of the error
	}{
		{"whole", map[string]string{stateName: wholeState}, "whole", ""},
		{"none", nil, "", ""},
		{"cut off, with a backup", map[string]string{stateName: cutOffState, stateName + ".backup": wholeState}, "whole", ""},
		{"empty, with a backup", map[string]string{stateName: "", stateName + ".backup": wholeState}, "whole", ""},
		{"cut off, backup too, with a journal", map[string]string{stateName: cutOffState, stateName + ".backup": cutOffState, "journal": journal}, "", ""},
		{"cut off, first apply, with a journal", map[string]string{stateName: cutOffState, "journal": journal}, "", ""},
		{"cut off, with nothing", map[string]string{stateName: cutOffState}, "", "is damaged, and there is neither a backup nor a journal"},
		{"cut off, not saved one and backup", map[string]string{stateName: cutOffState, stateName + ".backup": wholeState, erroredName: newerState}, "newer", ""},
		{"newer one was not saved", map[string]string{stateName: wholeState, erroredName: newerState}, "newer", ""},
		{"older one was not saved", map[string]string{stateName: newerState, erroredName: wholeState}, "newer", ""},
		{"another deployment's was not saved", map[string]string{stateName: wholeState, erroredName: otherState}, "whole", ""},
		{"first one was not saved", map[string]string{erroredName: newerState}, "newer", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			for name, body := range c.files {
				write(t, filepath.Join(b.tf.Folder, name), body)
			}
			err := b.tf.Recover(t.Context())
			if (err != nil) != (c.fails != "") || err != nil && (!strings.Contains(err.Error(), c.fails) || hint.Of(err) == "") {
				t.Fatalf("error %v, hint %q", err, hint.Of(err))
			}
			body, err := os.ReadFile(b.tf.State())
			if c.want == "" && c.fails == "" {
				if err == nil {
					t.Errorf("a state is there: %s", body)
				}
				return
			}
			if !strings.Contains(string(body), c.want) {
				t.Errorf("the state is %s, want %s", body, c.want)
			}
		})
	}
}

// A state that cannot be saved is written to the folder in which the tool runs, which
// is created again for every run.
func TestAStateThatCouldNotBeSavedSurvivesTheNextStart(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	write(t, filepath.Join(b.tf.root, erroredName), newerState)
	if err := b.tf.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(t.Context(), b.tf.Options)
	if err != nil {
		t.Fatal(err)
	}
	b.tf.lock = again.lock // closed at the end of the test
	if err := again.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if body, err := os.ReadFile(again.State()); err != nil || string(body) != newerState {
		t.Errorf("the state is %s, %v", body, err)
	}
}

func TestTheJournalHasWhatAnInterruptedRunWasAboutToCreate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal")
	change := func(address string) Change {
		return Change{Resource: Resource{Addr: address, Type: "aws_sqs_queue"}, Action: "create"}
	}
	j, err := openJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	j.addPlanned(change("a"))
	j.addPlanned(change("b"))
	j.addPlanned(Change{Resource: Resource{Addr: "c"}, Action: "update"})
	j.addCreated(Hook{Resource: Resource{Addr: "a", Type: "aws_sqs_queue"}, Action: "create", IDValue: "http://q/a"})
	if err := j.close(false); err != nil {
		t.Fatal(err)
	}

	// The next run appends to it; it was killed while it wrote a line.
	j, err = openJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	j.addPlanned(change("d"))
	if _, err := j.f.WriteAt([]byte(`{"address":"e","ty`), j.at); err != nil {
		t.Fatal(err)
	}
	if err := j.f.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := readJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]entry{
		"a": {Address: "a", Type: "aws_sqs_queue", ID: "http://q/a"},
		"b": {Address: "b", Type: "aws_sqs_queue"},
		"d": {Address: "d", Type: "aws_sqs_queue"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	j, err = openJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.close(true); err != nil {
		t.Fatal(err)
	}
	if got, err := readJournal(path); got != nil || err != nil {
		t.Errorf("after a complete run: %v, %v", got, err)
	}
}

func TestOnlyWhatThisDeploymentWasAboutToCreateIsImported(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	write(t, b.tf.journalPath(), `{"address":"aws_sqs_queue.q","type":"aws_sqs_queue"}
{"address":"aws_lambda_function.f","type":"aws_lambda_function","id":"f"}
`)
	mine := map[string]string{"project": "reliableq"}
	for _, c := range []struct {
		name string
		e    Existing
		ours bool
	}{
		{"intended", Existing{Address: "aws_sqs_queue.q", ID: "u", Tags: map[string]string{"project": "reliableq", "more": "x"}, WantTags: mine}, true},
		{"not intended", Existing{Address: "aws_sqs_queue.r", ID: "u", Tags: mine, WantTags: mine}, false},
		{"intended, with other tags", Existing{Address: "aws_sqs_queue.q", ID: "u", Tags: map[string]string{"project": "other"}, WantTags: mine}, false},
		{"created", Existing{Address: "aws_lambda_function.f", ID: "f"}, true},
		{"created, and another is there now", Existing{Address: "aws_lambda_function.f", ID: "g"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ours, foreign, err := b.tf.Ours([]Existing{c.e})
			if err != nil || len(ours)+len(foreign) != 1 || (len(ours) == 1) != c.ours {
				t.Errorf("ours %v, foreign %v, %v", ours, foreign, err)
			}
		})
	}
}

func TestImportsArePassedToTheTool(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	if err := b.tf.Import([]Existing{{Address: `module.queues.aws_sqs_queue.this["dlq"]`, ID: "http://q/${x}"}}); err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile(filepath.Join(b.tf.root, importsName))
	if err != nil {
		t.Fatal(err)
	}
	want := "import {\n  to = module.queues.aws_sqs_queue.this[\"dlq\"]\n  id = \"http://q/$${x}\"\n}\n\n"
	if diff := cmp.Diff(want, string(body)); diff != "" {
		t.Error(diff)
	}
	if _, err := b.tf.ApplyImports(t.Context()); err != nil {
		t.Fatal(err)
	}
	calls := b.calls()
	if args := strings.Join(calls[len(calls)-1].Args, " "); !strings.Contains(args, `-target=module.queues.aws_sqs_queue.this["dlq"]`) {
		t.Errorf("run %s", args)
	}
}

func TestOnlyOneRunUsesADeployment(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	_, err := Open(t.Context(), b.tf.Options)
	if err == nil || !strings.Contains(err.Error(), "another run is working on this deployment (pid ") || hint.Of(err) == "" {
		t.Errorf("a second run: %v", err)
	}
}

func TestOutputsAreReadFromTheState(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := Outputs(dir); !errors.Is(err, ErrNothingDeployed) {
		t.Errorf("without a state: %v", err)
	}
	path := filepath.Join(dir, stateName)
	write(t, path, interrupted)
	out, err := Outputs(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]json.RawMessage{"region": json.RawMessage(`"us-east-1"`), "key": json.RawMessage(`"(sensitive)"`)}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Error(diff)
	}
	if n, err := CountResources(dir); n != 4 || err != nil {
		t.Errorf("%d resources, %v", n, err)
	}
	write(t, path, `{"version": 4, "resources": []}`)
	if _, err := Outputs(dir); !errors.Is(err, ErrNothingDeployed) {
		t.Errorf("after a destroy: %v", err)
	}
	write(t, path, `{half`)
	if _, err := Outputs(dir); hint.Of(err) == "" {
		t.Errorf("a damaged state: %v", err)
	}
	write(t, path, `{"version": 3}`)
	if _, err := Outputs(dir); err == nil || !strings.Contains(err.Error(), "format 3") {
		t.Errorf("another format: %v", err)
	}
}
