package progress

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// at sets p's clock to start, and returns a function that advances it.
func at(p *Progress) func(time.Duration) {
	now := time.Date(2026, time.November, 24, 10, 0, 0, 0, time.UTC)
	p.now = func() time.Time { return now }
	return func(d time.Duration) { now = now.Add(d) }
}

func TestLinesAreLimitedToOneInAnInterval(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := New(&out, Lines)
	pass := at(p)
	task := p.Begin("run", Span{Total: 89})
	detail := p.Begin("queue", Span{Detail: true, Expected: 25 * time.Second})
	pass(time.Second)
	task.Update(3, "3 delayed") // too soon
	pass(5 * time.Second)
	task.Update(12, "1 delayed")
	pass(time.Second)
	detail.End("")
	task.Update(40, "2 delayed") // too soon after the last line
	pass(60 * time.Second)
	p.Say("half-time: %s", "all there")
	task.End("all settled")
	task.End("twice")
	p.Begin("check", Span{}).Fail()
	want := `run ...
run: 12/89 1 delayed
queue: done in 7.0 s
half-time: all there
run: done in 1 min 7 s, all settled
check ...
check: failed in 0.0 s
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestRecordsAreOneObjectALine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := New(&out, JSON)
	pass := at(p)
	task := p.Begin("deploy", Span{})
	task.SetTotal(23)
	task.Update(4, "queues")
	pass(54 * time.Second)
	task.End("23 resources")
	p.Say("done")
	p.Close()
	var events []string
	for line := range strings.Lines(out.String()) {
		var r record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		events = append(events, r.Event)
		if r.Event == "end" && (r.Seconds != 54 || r.Total != 23 || r.Task != "deploy") {
			t.Errorf("end: %+v", r)
		}
	}
	if diff := cmp.Diff([]string{"begin", "update", "update", "end", "message"}, events); diff != "" {
		t.Error(diff)
	}
}

func TestBarsEndWithOneLineForEachTask(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := New(&out, Bars)
	var wg sync.WaitGroup
	for _, name := range []string{"one", "two", "three"} {
		task := p.Begin(name, Span{Total: 3, Expected: time.Second})
		wg.Go(func() {
			for i := range 3 {
				task.Update(i, "working")
			}
			task.End("fine")
		})
	}
	p.Begin("left open", Span{Expected: time.Second})
	wg.Wait()
	p.Close()
	p.Say("after the bars")
	for _, want := range []string{"one: done in", "two: done in", "three: done in", ", fine\n", "after the bars\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in %q", want, out.String())
		}
	}
}
