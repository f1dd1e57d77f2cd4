package progress

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// In records, each task ends or fails once, with its time.
func TestRecordsShowHowEachTaskEnded(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := New(&out, JSON)
	pass := at(p)
	good, bad := p.Begin("good", Span{Total: 2}), p.Begin("bad", Span{})
	good.Update(1, "half")
	good.Update(1, "half") // unchanged
	pass(1500 * time.Millisecond)
	bad.Fail()
	bad.End("too late")
	good.End("all")
	good.Update(2, "too late")
	var got []record
	for line := range strings.Lines(out.String()) {
		var r record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		r.Time = ""
		got = append(got, r)
	}
	want := []record{
		{Event: "begin", Task: "good", Total: 2}, {Event: "begin", Task: "bad"}, {Event: "update", Task: "good", Done: 1, Total: 2, Note: "half"},
		{Event: "fail", Task: "bad", Seconds: 1.5}, {Event: "end", Task: "good", Done: 1, Total: 2, Note: "all", Seconds: 1.5},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestATotalThatIsSetLaterIsShown(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := New(&out, Lines)
	pass := at(p)
	task := p.Begin("deploy", Span{})
	pass(minInterval)
	task.Update(1, "queues")
	task.SetTotal(9)
	pass(minInterval)
	task.SetTotal(10)
	pass(minInterval)
	task.Update(2, "queues")
	if want := "deploy ...\ndeploy: queues\ndeploy: 1/10 queues\ndeploy: 2/10 queues\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// broken is a terminal that was closed.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("gone") }

func TestAFailedWriteDoesNotStopTheWork(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]Mode{"lines": Lines, "json": JSON, "bars": Bars} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := New(broken{}, mode)
			task := p.Begin("work", Span{Total: 1})
			task.Update(1, "in progress")
			p.Say("a message")
			task.End("done")
			p.Close()
		})
	}
}
