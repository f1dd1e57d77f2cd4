package mapping

import (
	"slices"
	"time"
)

// MaxEventBytes is the most bytes of an event, which a synchronous invocation accepts
// (LAM B25).
const MaxEventBytes = 6 << 20

// batch is the messages of one event. Its messages are added by one run of the poller;
// once it is invoked, only the handler of its outcome uses it.
type batch struct {
	config         pollerConfig
	received       time.Time // when its first message was received (LAM B30)
	ids            []string  // message ids, in the order of the event
	receiptHandles []string  // of the same messages
	event          []byte    // JSON, without its end until complete
	complete       bool      // the event has its end, and nothing can be added
	trace          string    // AWSTraceHeader of the first message
	overflow       []Message // received with the others, but the event has no room for them
	attempts       int       // invocations that were throttled
	visibleAt      time.Time // when the messages become visible again; zero until a throttle
}

// newBatch returns a batch without messages.
func newBatch(config pollerConfig, received time.Time) *batch {
	return &batch{
		config:   config,
		received: received,
		event:    []byte(eventPrefix),
	}
}

// add adds messages to the event while they fit, and the others to overflow. The first
// message always fits: no message alone makes an event of more than MaxEventBytes.
func (b *batch) add(messages []Message, encoder *recordEncoder) {
	b.event = slices.Grow(b.event, estimateSize(messages))
	for i := range messages {
		m := &messages[i]
		before := len(b.event)
		if len(b.ids) > 0 {
			b.event = append(b.event, ',')
		}

		b.event = encoder.appendRecord(b.event, m, b.config.window > 0)
		if len(b.ids) > 0 && len(b.event)+len(eventSuffix) > MaxEventBytes {
			// Undo the record that is too much.
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

// estimateSize returns about how many bytes messages take in an event.
func estimateSize(messages []Message) int {
	const (
		frame     = 800 // member names, ids, digests and times
		attribute = 100 // member names and the type of a message attribute
	)
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

// full reports whether the batch must be invoked now.
func (b *batch) full() bool {
	return len(b.overflow) > 0 || len(b.ids) >= b.config.batchSize || b.config.window == 0
}

// payload completes the event and returns it.
func (b *batch) payload() []byte {
	if !b.complete {
		b.complete = true
		b.event = append(b.event, eventSuffix...)
	}
	return b.event
}

// next returns a batch with the overflow, whose messages become visible at the same time.
func (b *batch) next(encoder *recordEncoder) *batch {
	n := newBatch(b.config, b.received)
	n.visibleAt = b.visibleAt
	n.add(b.overflow, encoder)
	return n
}
