package mapping

import (
	"slices"
	"time"
)

// MaxEventBytes is the most bytes of an event: what a synchronous invocation takes
// (LAM B25).
const MaxEventBytes = 6 << 20

// batch is messages on their way through the function together.
type batch struct {
	config         pollerConfig
	received       time.Time // when its first message was (LAM B30)
	ids            []string  // message ids, in order
	receiptHandles []string  // their receipt handles
	event          []byte    // the event, without its end until it is sent
	sent           bool      // nothing more is added
	trace          string    // AWSTraceHeader of the first message
	overflow       []Message // received with it, but more than an event holds
	attempts       int       // invocations that were throttled
	visibleAt      time.Time // when the messages reappear; zero until it matters
}

func newBatch(set pollerConfig, received time.Time) *batch {
	return &batch{
		config:   set,
		received: received,
		event:    []byte(eventPrefix),
	}
}

// add puts messages into the event while they fit, and keeps the others as rest.
// The first message always fits: no message makes an event of more than MaxEvent.
func (b *batch) add(messages []Message, source *recordSource) {
	b.event = slices.Grow(b.event, estimateSize(messages))
	for i := range messages {
		m := &messages[i]
		before := len(b.event)
		if len(b.ids) > 0 {
			b.event = append(b.event, ',')
		}

		b.event = source.appendRecord(b.event, m, b.config.window > 0)
		if len(b.ids) > 0 && len(b.event)+len(eventSuffix) > MaxEventBytes {
			b.event = b.event[:before]
			b.overflow = append(b.overflow, messages[i:]...)
			return
		}

		if len(b.ids) == 0 {
			b.trace = m.System["AWSTraceHeader"]
		}

		b.ids = append(b.ids, m.ID)
		b.receiptHandles = append(b.receiptHandles, m.ReceiptHandle)
	}
}

// estimateSize is about what messages take in an event.
func estimateSize(messages []Message) int {
	const frame, attribute = 800, 100 // names, ids, digests and times; names and types
	n := 0
	for i := range messages {
		m := &messages[i]
		n += frame + len(m.ReceiptHandle) + len(m.Body) + len(m.Body)/8 // escapes
		for name, a := range m.Attributes {
			n += attribute + len(name) + len(a.Text) + len(a.Binary)*4/3
		}
	}
	return min(n, MaxEventBytes)
}

// full reports that nothing more is to be added.
func (b *batch) full() bool {
	return len(b.overflow) > 0 || len(b.ids) >= b.config.batchSize || b.config.window == 0
}

// payload is the whole event. Nothing can be added from now on.
func (b *batch) payload() []byte {
	if !b.sent {
		b.sent = true
		b.event = append(b.event, eventSuffix...)
	}
	return b.event
}

// next is a batch of the rest, under the same deadline.
func (b *batch) next(source *recordSource) *batch {
	n := newBatch(b.config, b.received)
	n.visibleAt = b.visibleAt
	n.add(b.overflow, source)
	return n
}
