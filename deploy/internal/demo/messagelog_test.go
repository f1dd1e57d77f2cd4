package demo

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/deploy/internal/flow"
	"github.com/reliableq/reliableq/deploy/internal/verdict"
)

// play adds lines to the log of the producer, each "STREAM text".
func play(l *messageLog, lines ...string) {
	for _, line := range lines {
		stream, text, _ := strings.Cut(line, " ")
		l.addProducer(flow.Line{Stream: stream, Text: text})
	}
}

func TestOnlyTheRequestedInvocationCounts(t *testing.T) {
	t.Parallel()
	l := newMessageLog("mine")
	play(l,
		`a {"msg":"accepted","message_ids":["before"],"bad_message_ids":[]}`,
		`a START RequestId: other Version: $LATEST`,
		`a {"msg":"accepted","message_ids":["others"],"bad_message_ids":["others"]}`,
		`b START RequestId: mine Version: $LATEST`,
		`a {"msg":"accepted","message_ids":["others2"],"bad_message_ids":[]}`,
		`b {"msg":"accepted","message_ids":["m1","m2"],"bad_message_ids":["m2"]}`,
		`b not JSON at all`,
		`b {"msg":"accepted","message_ids":["m3"],"bad_message_ids":[]}`,
		`b END RequestId: mine`,
		`b START RequestId: later Version: $LATEST`,
		`b {"msg":"accepted","message_ids":["later"],"bad_message_ids":[]}`,
		`c {"type":"platform.start","record":{"requestId":"mine"}}`,
		`c {"msg":"accepted","message_ids":["m4"],"bad_message_ids":["m4"]}`,
	)
	if diff := cmp.Diff([]string{"m1", "m2", "m3", "m4"}, l.accepted); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"m2", "m4"}, l.bad); diff != "" {
		t.Error(diff)
	}
}

func TestMessagesAreFollowedByTheirOrigin(t *testing.T) {
	t.Parallel()
	l := newMessageLog("r")
	play(l, `s START RequestId: r`, `s {"msg":"accepted","message_ids":["m1","m2","m3"],"bad_message_ids":["m3"]}`)
	for _, text := range []string{
		`{"msg":"processed","message_id":"m1","origin_message_id":"m1"}`,
		`{"msg":"processed","message_id":"copy","origin_message_id":"m2"}`,
		`{"msg":"processed","message_id":"m2"}`,
		`{"msg":"processed","message_id":"x","origin_message_id":"of another run"}`,
		`{"msg":"failed","message_id":"m3","error":{"missing_store_id":true}}`,
		`{"resp":{"status":true,"tot_msgs":5,"s_msgs":5}}`,
	} {
		l.addConsumer(flow.Line{Text: text})
	}
	for _, text := range []string{
		`{"msg":"replayed","message_id":"m3","new_message_id":"n","origin_message_id":"m3","replay_cnt":1}`,
		`{"msg":"replayed","message_id":"m3"}`,
		`{"msg":"replay: AccessDenied","message_id":"m3","origin_message_id":"m3"}`,
		`{"msg":"MaxAttemptsError: Number of retries(4) > max attempts(3)","message_id":"n"}`,
	} {
		l.addRetry(flow.Line{Text: text})
	}
	if processed, replays := l.counts(); processed != 2 || replays != 1 {
		t.Errorf("processed %d, replays %d", processed, replays)
	}
	got := l.facts([]flow.DeadLetter{{ID: "n", Origin: "m3", Replays: 1}}, true)
	want := verdict.Facts{
		Accepted: []string{"m1", "m2", "m3"}, Bad: []string{"m3"}, Processed: []string{"m1", "m2", "m2", "of another run"},
		Replayed: []string{"m3"}, Refused: []verdict.Refused{{Origin: "m3", Reason: "AccessDenied"}},
		Dead: []verdict.Dead{{Origin: "m3", Replays: 1}}, WholeBatch: true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestQueuesMustBeEmptyForSeveralReads(t *testing.T) {
	t.Parallel()
	var c emptyPeriod
	empty := []flow.Depth{{Queue: "source"}, {Queue: "retry_1"}}
	for i, step := range []struct {
		live []flow.Depth
		want bool
	}{
		{empty, false}, {[]flow.Depth{{InFlight: 1}, {}}, false}, {empty, false}, {empty, true}, {empty, true},
		{[]flow.Depth{{}, {Delayed: 1}}, false}, {empty, false}, {empty, true},
	} {
		if rest, ok := c.add(step.live, 2); ok != step.want || rest < 0 || rest > time.Minute {
			t.Errorf("read %d: %v after %s, want %v", i, ok, rest, step.want)
		}
	}
}

func TestTheNoteHasTheMessagesOfEachQueue(t *testing.T) {
	t.Parallel()
	got := note([]flow.Depth{{Delayed: 1, Visible: 2, InFlight: 3}, {Delayed: 4}, {Queue: "dlq", Visible: 9}}, 60, 7, 2)
	if want := "delayed 5 · visible 2 · in flight 3 · processed 60 · replays 7 · dead-lettered 2"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A log is external input: reading must not fail on any line, and a line that is not
// from this project must have no effect.
func FuzzMessageLog(f *testing.F) {
	for _, seed := range []string{
		"START RequestId: r", `{"msg":"accepted","message_ids":["a"]}`, `{"msg":"processed","message_id":"a"}`,
		`{"msg":"replayed","origin_message_id":"a"}`, `{"type":"platform.start","record":{"requestId":"r"}}`, `{"msg":5}`, "{",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l := newMessageLog("r")
		line := flow.Line{Stream: "s", Text: text}
		l.addProducer(line)
		l.addConsumer(line)
		l.addRetry(line)
		if !json.Valid([]byte(text)) && len(l.accepted)+len(l.processed)+len(l.replayed) > 0 {
			t.Errorf("%q had an effect", text)
		}
		if v := verdict.Judge(l.facts(nil, false)); v.Sent > 0 {
			t.Errorf("%q is accepted before any invocation began", text)
		}
	})
}
