package logs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unsafe"
)

// Sizes of blocks, in bytes of encoded events.
const (
	// maxBlockBytes is the largest size of a block, unless a single event is
	// larger.
	maxBlockBytes = 32 << 10
	// maxOpenBlock is the size at which a block accepts no more events. It is small
	// because each write to a block stores the whole block.
	maxOpenBlock = 4 << 10
)

// blockOverhead is the memory of a block beside its data: the struct and the
// pointers to it.
const blockOverhead = int64(unsafe.Sizeof(block{})) + 16

// eventOverhead is the size of an event beside its message, by AWS's rule (LAM E5).
const eventOverhead = 26

// event is a log event.
type event struct {
	time     int64 // epoch ms
	ingested int64 // epoch ms
	seq      uint64
	message  string
}

// size returns the size of the event by AWS's rule.
func (e event) size() int64 { return int64(len(e.message)) + eventOverhead }

func (e event) position() position { return position{e.time, e.seq} }

func comparePositions(a, b event) int { return a.position().compare(b.position()) }

// block is a sequence of events sorted by position, in encoded form: a short line
// takes only a few bytes more than its text. A block in a stream does not change,
// so readers need no lock. To grow, it is replaced by a copy, which may share the
// memory of its data.
type block struct {
	id       uint64 // its id in the store
	n        int    // number of events
	size     int64  // size of its events by AWS's rule
	ingested int64  // the latest ingestion time of its events, epoch ms
	first    position
	last     position
	data     []byte
}

// memory returns the memory of the block in bytes.
func (b *block) memory() int64 { return int64(cap(b.data)) + blockOverhead }

// add appends an event, which must be after the last one.
//
// The encoding is the time, the ingestion time and the sequence number, each as the
// difference to its predecessor, then the length of the message and the message.
func (b *block) add(e event) {
	if b.n == 0 {
		b.first = e.position()
	}

	b.data = binary.AppendVarint(b.data, e.time-b.last.time)
	b.data = binary.AppendVarint(b.data, e.ingested-e.time)
	b.data = binary.AppendVarint(b.data, int64(e.seq-b.last.seq))
	b.data = binary.AppendUvarint(b.data, uint64(len(e.message)))
	b.data = append(b.data, e.message...)

	b.n++
	b.size += e.size()
	b.ingested = max(b.ingested, e.ingested)
	b.last = e.position()
}

// fits reports whether the block stays below its largest size with another event.
func (b *block) fits(e event) bool {
	return b.n == 0 || len(b.data)+len(e.message)+4*binary.MaxVarintLen64 <= maxBlockBytes
}

// clip reduces the capacity of the block's data if more than an eighth of it is
// unused.
func (b *block) clip() {
	if cap(b.data) > len(b.data)+len(b.data)/8 {
		b.data = slices.Clone(b.data)
	}
}

// packEvents encodes sorted events in new blocks. nextID returns the id of each
// block.
func packEvents(events []event, nextID func() uint64) []*block {
	var blocks []*block
	var b *block
	for _, e := range events {
		if b == nil || !b.fits(e) {
			b = &block{id: nextID()}
			blocks = append(blocks, b)
		}
		b.add(e)
	}

	for _, b := range blocks {
		b.clip()
	}

	return blocks
}

var errTruncated = errors.New("the block ends within an event")

// decodeBlock checks the encoded data of a block and returns the block, and the
// highest sequence number of its events.
func decodeBlock(id uint64, data []byte) (*block, uint64, error) {
	b := &block{id: id, data: data}
	var highest uint64
	for r := (blockReader{rest: data}); ; {
		e, err := r.next()
		if err != nil {
			return nil, 0, err
		}
		if e == nil {
			return b, highest, nil
		}

		// Data from the disk must be sorted, or readers would skip events.
		p := position{e.time, e.seq}
		if b.n == 0 {
			b.first = p
		} else if b.last.compare(p) >= 0 {
			return nil, 0, fmt.Errorf("event %d of the block is out of order", b.n)
		}

		b.n++
		b.size += int64(len(e.message)) + eventOverhead
		b.ingested = max(b.ingested, e.ingested)
		b.last = p
		highest = max(highest, e.seq)
	}
}

// encodedEvent is an event whose message is part of the data of its block.
type encodedEvent struct {
	time     int64
	ingested int64
	seq      uint64
	message  []byte
}

func (e *encodedEvent) decode() event {
	return event{
		time:     e.time,
		ingested: e.ingested,
		seq:      e.seq,
		message:  string(e.message),
	}
}

// blockReader decodes the events of a block one by one.
type blockReader struct {
	rest  []byte
	last  position
	event encodedEvent // what next returns a pointer to
}

// next returns the next event, or nil at the end. The event is valid until the next
// call. There is no error for data that block.add has written.
func (r *blockReader) next() (*encodedEvent, error) {
	if len(r.rest) == 0 {
		return nil, nil
	}

	// The differences of time, ingestion time and sequence number, see block.add.
	var fields [3]int64
	for i := range fields {
		v, n := binary.Varint(r.rest)
		if n <= 0 {
			return nil, errTruncated
		}
		fields[i] = v
		r.rest = r.rest[n:]
	}

	// The message and its length.
	length, n := binary.Uvarint(r.rest)
	if n <= 0 || length > uint64(len(r.rest)-n) {
		return nil, errTruncated
	}

	end := n + int(length)
	message := r.rest[n:end]
	r.rest = r.rest[end:]

	r.last.time += fields[0]
	r.last.seq += uint64(fields[2])
	r.event = encodedEvent{
		time:     r.last.time,
		ingested: r.last.time + fields[1],
		seq:      r.last.seq,
		message:  message,
	}
	return &r.event, nil
}

// events decodes all events of the block.
func (b *block) events() []event {
	out := make([]event, 0, b.n)
	r := blockReader{rest: b.data}
	for {
		e, err := r.next()
		if err != nil || e == nil {
			return out // no error: the data is from add, or checked by decodeBlock
		}
		out = append(out, e.decode())
	}
}
