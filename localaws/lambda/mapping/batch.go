package mapping

import (
	"slices"
	"time"
)

// MaxEvent is the most bytes of an event: what a synchronous invocation takes
// (LAM B25).
const MaxEvent = 6 << 20

// batch is messages on their way through the function together.
type batch struct {
	set      settings
	received time.Time // when its first message was (LAM B30)
	ids      []string  // message ids, in order
	handles  []string  // their receipt handles
	event    []byte    // the event, without its end until it is sent
	sent     bool      // nothing more is added
	trace    string    // AWSTraceHeader of the first message
	rest     []Message // received with it, but more than an event holds
	tries    int       // invocations that were throttled
	deadline time.Time // when the messages reappear; zero until it matters
}

func newBatch(set settings, received time.Time) *batch {
	return &batch{set: set, received: received, event: []byte(eventHead)}
}

// add puts messages into the event while they fit, and keeps the others as rest.
// The first message always fits: no message makes an event of more than MaxEvent.
func (b *batch) add(messages []Message, source *source) {
	b.event = slices.Grow(b.event, sizeOf(messages))
	for i := range messages {
		m := &messages[i]
		before := len(b.event)
		if len(b.ids) > 0 {
			b.event = append(b.event, ',')
		}
		b.event = source.appendRecord(b.event, m, b.set.window > 0)
		if len(b.ids) > 0 && len(b.event)+len(eventTail) > MaxEvent {
			b.event = b.event[:before]
			b.rest = append(b.rest, messages[i:]...)
			return
		}
		if len(b.ids) == 0 {
			b.trace = m.System["AWSTraceHeader"]
		}
		b.ids = append(b.ids, m.ID)
		b.handles = append(b.handles, m.ReceiptHandle)
	}
}

// sizeOf is about what messages take in an event.
func sizeOf(messages []Message) int {
	const frame, attribute = 800, 100 // names, ids, digests and times; names and types
	n := 0
	for i := range messages {
		m := &messages[i]
		n += frame + len(m.ReceiptHandle) + len(m.Body) + len(m.Body)/8 // escapes
		for name, a := range m.Attributes {
			n += attribute + len(name) + len(a.Text) + len(a.Binary)*4/3
		}
	}
	return min(n, MaxEvent)
}

// full reports that nothing more is to be added.
func (b *batch) full() bool {
	return len(b.rest) > 0 || len(b.ids) >= b.set.batchSize || b.set.window == 0
}

// payload is the whole event. Nothing can be added from now on.
func (b *batch) payload() []byte {
	if !b.sent {
		b.sent = true
		b.event = append(b.event, eventTail...)
	}
	return b.event
}

// next is a batch of the rest, under the same deadline.
func (b *batch) next(source *source) *batch {
	n := newBatch(b.set, b.received)
	n.deadline = b.deadline
	n.add(b.rest, source)
	return n
}
