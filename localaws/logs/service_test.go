package logs

import (
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/clock"
)

const (
	account = "000000000000"
	region  = "us-east-1"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// fixture is a service with a clock that the test controls.
type fixture struct {
	*Service
	t     *testing.T
	clock *clock.Clock
	call  *awsapi.Call
}

func open(t *testing.T, change ...func(*Options)) *fixture {
	t.Helper()

	c := clock.New(clock.Manual, start)
	t.Cleanup(c.Close)
	o := Options{Clock: c, Chance: chance.Seeded(1)}
	for _, f := range change {
		f(&o)
	}

	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}

	return &fixture{
		Service: s,
		t:       t,
		clock:   c,
		call:    &awsapi.Call{Account: account, Region: region},
	}
}

// in returns the fixture for a subtest.
func (b *fixture) in(t *testing.T) *fixture {
	sub := *b
	sub.t = t
	return &sub
}

func (b *fixture) advance(d time.Duration) {
	b.t.Helper()
	if err := b.clock.Advance(b.t.Context(), d); err != nil {
		b.t.Fatal(err)
	}
}

// do runs an operation by name, as the gateway does.
func do[Out any](b *fixture, operation string, in any) (*Out, error) {
	b.t.Helper()
	op, ok := b.API().Operations[operation]
	if !ok {
		b.t.Fatalf("no operation %s", operation)
	}
	out, err := op.Do(b.t.Context(), b.call, in)
	if err != nil {
		return nil, err
	}
	return out.(*Out), nil
}

// ok runs an operation by name and fails the test on an error.
func ok[Out any](b *fixture, operation string, in any) *Out {
	b.t.Helper()
	out, err := do[Out](b, operation, in)
	if err != nil {
		b.t.Fatalf("%s: %v", operation, err)
	}
	return out
}

// refused runs an operation by name and compares its error with a code and, unless
// it is empty, a message.
func refused(b *fixture, operation string, in any, code, message string) {
	b.t.Helper()
	_, err := b.API().Operations[operation].Do(b.t.Context(), b.call, in)
	if err == nil {
		b.t.Fatalf("%s: no error, want %s", operation, code)
	}
	if e := awsapi.AsError(err); e.Code != code || e.Status != 400 || message != "" && e.Message != message {
		b.t.Errorf("%s: %s (%d) %q, want %s %q", operation, e.Code, e.Status, e.Message, code, message)
	}
}

// group creates a group with a stream.
func (b *fixture) group(group, stream string) {
	b.t.Helper()
	ok[awsapi.None](b, "CreateLogGroup", &CreateLogGroupInput{LogGroupName: group})
	ok[awsapi.None](b, "CreateLogStream", &CreateLogStreamInput{LogGroupName: group, LogStreamName: stream})
}

// write writes one event a second, the first at the given time.
func (b *fixture) write(group, stream string, at time.Time, messages ...string) {
	b.t.Helper()
	var events []Event
	for i, m := range messages {
		events = append(events, Event{at.Add(time.Duration(i) * time.Second), m})
	}
	if err := b.Write(account, region, group, stream, events); err != nil {
		b.t.Fatal(err)
	}
}

func messages(events []FilteredLogEvent) []string {
	out := []string{}
	for _, e := range events {
		out = append(out, e.Message)
	}
	return out
}

func TestFilterLogEventsSortsAcrossStreams_E8(t *testing.T) {
	t.Parallel()

	b := open(t)
	b.group("g", "a")
	b.write("g", "a", start, "1", "2", "3")
	b.write("g", "b", start.Add(500*time.Millisecond), "1.5", "2.5")
	out := ok[FilterLogEventsOutput](b, "FilterLogEvents", &FilterLogEventsInput{LogGroupName: "g"})
	if got := messages(out.Events); len(got) != 5 || got[1] != "1.5" || got[4] != "3" {
		t.Errorf("events %q, want them sorted by time", got)
	}

	if out.NextToken != "" || out.SearchedLogStreams == nil || len(out.SearchedLogStreams) != 0 {
		t.Errorf("token %q, searched streams %v: want no token and an empty list", out.NextToken, out.SearchedLogStreams)
	}
}
