package logs

import (
	"slices"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
)

// overhead is what each event counts for beside its message (LAM E5).
const overhead = 26

// group is a log group.
type group struct {
	at        place
	name      string
	created   int64 // epoch ms
	retention int   // days, 0 for ever
	tags      map[string]string
	streams   map[string]*stream
	filters   []*metricFilter // by name; replaced, never changed in place
	bytes     int64           // of all events, overhead included
	dropped   int64           // events that gave way to newer ones
	expiry    *clock.Event    // the next look at retention, or nil
	expiring  int64           // the event that expiry is booked for, epoch ms
}

// stream is a log stream.
type stream struct {
	group    *group
	name     string
	id       uint64 // its number in the store
	created  int64  // epoch ms
	ingested int64  // epoch ms of the last write, 0 before it
	token    string // uploadSequenceToken, empty before the first write
	events   []event
}

// event is one log event.
type event struct {
	time     int64 // epoch ms
	ingested int64 // epoch ms
	seq      uint64
	message  string
}

func (e event) size() int64 { return int64(len(e.message)) + overhead }

func (e event) position() position { return position{e.time, e.seq} }

// arn is the group's ARN without the ":*" that some operations put behind it.
func (g *group) arn() string { return groupARN(g.at, g.name) }

func groupARN(at place, name string) string {
	return awsapi.ARN{
		Partition: "aws", Service: "logs", Region: at.region, Account: at.account, Resource: "log-group:" + name,
	}.String()
}

func (st *stream) arn() string { return st.group.arn() + ":log-stream:" + st.name }

// add puts a batch that is sorted by time into the stream. A batch that does not
// belong at the end makes a new slice, so that snapshots stay as they were.
func (st *stream) add(batch []event) {
	for _, e := range batch {
		st.group.bytes += e.size()
	}
	if n := len(st.events); n == 0 || batch[0].time >= st.events[n-1].time {
		st.events = append(st.events, batch...)
		return
	}
	merged := make([]event, 0, len(st.events)+len(batch))
	merged = append(append(merged, st.events...), batch...)
	slices.SortStableFunc(merged, func(a, b event) int { return a.position().compare(b.position()) })
	st.events = merged
}

// cut removes the stream's first n events, and answers them. What is left gets a
// slice of its own, so that the memory of the rest is free.
func (st *stream) cut(n int) []event {
	gone := st.events[:n]
	for _, e := range gone {
		st.group.bytes -= e.size()
	}
	st.events = slices.Clone(st.events[n:])
	return gone
}

// within answers the events from start up to but without end, in epoch ms.
func within(events []event, start, end int64) []event {
	lo := searchTime(events, start)
	hi := lo + searchTime(events[lo:], end)
	return events[lo:hi]
}

// searchTime is the index of the first event that is not before t.
func searchTime(events []event, t int64) int {
	i, _ := slices.BinarySearchFunc(events, t, func(e event, t int64) int {
		if e.time < t {
			return -1
		}
		return 1
	})
	return i
}

// expiresBefore is the time in epoch ms before which the group's events have
// expired at now, or 0 where they never do.
func (g *group) expiresBefore(now int64) int64 {
	if g.retention == 0 {
		return 0
	}
	return now - int64(g.retention)*(24*time.Hour).Milliseconds()
}
