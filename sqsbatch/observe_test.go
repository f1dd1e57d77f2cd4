package sqsbatch_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/sqsbatch"
)

var update = flag.Bool("update", false, "update the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-update rewrites it):\n%s", path, diff)
	}
}

// mixed returns a batch with one message of each outcome.
func mixed() (events.SQSEvent, func(context.Context, sqsbatch.Message[string]) error) {
	return ids("good", "bad", "hopeless", "panics", "late"), func(_ context.Context, m sqsbatch.Message[string]) error {
		switch m.Body {
		case "bad":
			return errDown
		case "hopeless":
			return sqsbatch.Permanent(errors.New("no such customer"))
		case "panics":
			panic("index out of range")
		}
		return nil
	}
}

func TestMetricsAreInTheEmbeddedFormat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // whose clock begins at 2000-01-01, when the messages were sent
		var out bytes.Buffer
		event, process := mixed()
		h := must(t)(sqsbatch.New(process, sqsbatch.WithMetrics(&out, "Orders"), sqsbatch.WithBreaker(0.5, 4), sqsbatch.WithDeadLetter(&deadLetterQueue{})))
		handle(t, h, event)
		golden(t, "metrics.jsonl", out.Bytes())
	})
}

func TestDuplicatesAreCounted(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	h := must(t)(sqsbatch.New(failing(sqsbatch.Permanent(errDown), "bad"), sqsbatch.WithMetrics(&out, "Orders"),
		sqsbatch.WithDeadLetter(&deadLetterQueue{}), sqsbatch.WithIdempotency(sqsbatch.NewMemory(time.Hour), nil)))
	handle(t, h, ids("before"))
	out.Reset()

	// One of an earlier batch, one of a message that succeeds, one of a dead letter.
	handle(t, h, ids("before", "good", "good", "bad", "bad", "other"))
	var doc struct{ Processed, DeadLettered, Duplicates, Permanent int }
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Processed != 4 || doc.DeadLettered != 1 || doc.Duplicates != 3 || doc.Permanent != 2 {
		t.Errorf("%+v in %s", doc, out.String())
	}
}

func TestMetricHasAtMost100Values(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	h := must(t)(sqsbatch.New(failing(nil), sqsbatch.WithMetrics(&out, "Orders")))
	handle(t, h, batchOf(250, "x"))
	total := 0
	for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		var doc struct{ Age []int }
		if err := json.Unmarshal([]byte(line), &doc); err != nil {
			t.Fatal(err)
		}
		if len(doc.Age) > 100 {
			t.Errorf("%d values in a line", len(doc.Age))
		}
		total += len(doc.Age)
	}
	if total != 250 || strings.Count(out.String(), `"Processed"`) != 2 { // its value and its name, once
		t.Errorf("%d ages; %s", total, out.String())
	}
}

func TestLogRecordsOfOutcomes(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		switch a.Key {
		case slog.TimeKey, "stack", "took_ms": // differ from run to run
			return slog.Attr{}
		}
		return a
	}}))
	event, process := mixed()
	event.Records = append(event.Records, record("never", "good"))
	h := must(t)(sqsbatch.New(process, sqsbatch.WithLogger(logger), sqsbatch.WithBreaker(0.5, 4), sqsbatch.WithDeadLetter(&deadLetterQueue{})))
	handle(t, h, event)
	golden(t, "records.jsonl", out.Bytes())
}

func TestTraceHeaderIsParsedForTheLink(t *testing.T) {
	t.Parallel()
	type span struct {
		from  sqsbatch.Trace
		ended error
	}
	var spans []*span
	type key struct{}
	h := must(t)(sqsbatch.New(func(ctx context.Context, m sqsbatch.Message[string]) error {
		if ctx.Value(key{}) == nil {
			t.Error("the handler did not get the span's context")
		}
		return failing(errDown, "a")(ctx, m)
	}, sqsbatch.WithTrace(func(ctx context.Context, from sqsbatch.Trace, _ *events.SQSMessage) (context.Context, func(error)) {
		s := &span{from: from}
		spans = append(spans, s)
		return context.WithValue(ctx, key{}, s), func(err error) { s.ended = err }
	})))
	event := ids("a", "b")
	event.Records[0].Attributes["AWSTraceHeader"] = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
	handle(t, h, event)
	want := sqsbatch.Trace{
		Header:  "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
		TraceID: [16]byte{0x57, 0x59, 0xe9, 0x88, 0xbd, 0x86, 0x2e, 0x3f, 0xe1, 0xbe, 0x46, 0xa9, 0x94, 0x27, 0x27, 0x93},
		SpanID:  [8]byte{0x53, 0x99, 0x5c, 0x3f, 0x42, 0xcd, 0x8a, 0xd8}, Sampled: true,
	}
	if len(spans) != 2 || spans[0].from != want || !spans[0].from.Valid() || spans[1].from.Valid() {
		t.Errorf("spans %+v", spans)
	}
	if !errors.Is(spans[0].ended, errDown) || spans[1].ended != nil {
		t.Errorf("ended with %v and %v", spans[0].ended, spans[1].ended)
	}
}

func TestParseTraceIgnoresMalformedFields(t *testing.T) {
	t.Parallel()
	const root, parent = "Root=1-5759e988-bd862e3fe1be46a994272793", "Parent=53995c3f42cd8ad8"
	for header, want := range map[string]struct{ valid, sampled bool }{
		root + ";" + parent + ";Sampled=1":                                {true, true},
		root + ";" + parent + ";Sampled=0":                                {true, false},
		root + "; " + parent + " ;Sampled=?":                              {true, false},
		"Self=1-67891234-12456789abcdef012345678a;" + root + ";" + parent: {true, false},
		root:                              {},
		root + ";Parent=53995c3f42cd8a":   {},
		root + ";Parent=0000000000000000": {},
		"Root=2-5759e988-bd862e3fe1be46a994272793;" + parent:      {},
		"Root=1-5759e9889-bd862e3fe1be46a99427279;" + parent:      {},
		"Root=1-5759e988-bd862e3fe1be46a99427279g;" + parent:      {},
		"Root=1-5759e988-bd862e3fe1be46a994272793-00;" + parent:   {},
		"00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01": {}, // W3C's
		"": {},
	} {
		t.Run(header, func(t *testing.T) {
			if got := sqsbatch.ParseTrace(header); got.Valid() != want.valid || got.Sampled != want.sampled {
				t.Errorf("%q became %+v", header, got)
			}
		})
	}
}

func TestAgeIsNeverNegative(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // clocks disagree, or service time was skipped
		var out bytes.Buffer
		event := ids("a")
		event.Records[0].Attributes["SentTimestamp"] = "946684860000"
		handle(t, must(t)(sqsbatch.New(failing(nil), sqsbatch.WithMetrics(&out, "Orders"))), event)
		if !strings.Contains(out.String(), `"Age":[0]`) {
			t.Error(out.String())
		}
	})
}

func FuzzParseTrace(f *testing.F) {
	f.Add("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:1")
	f.Add("Root=1-5759e988;Parent=;Sampled")
	f.Add(";;==")
	f.Fuzz(func(t *testing.T, header string) {
		got := sqsbatch.ParseTrace(header)
		if got.Header != header {
			t.Errorf("header %q became %q", header, got.Header)
		}
		if got.Valid() && !strings.Contains(header, "Root=1-") {
			t.Errorf("%q has no root", header)
		}
	})
}
