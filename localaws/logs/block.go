package logs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unsafe"
)

// Sizes of blocks in bytes of encoded events.
const (
	// maxBlock is the most that a block holds, unless one event alone is longer.
	maxBlockBytes = 32 << 10
	// openBelow is the size from which on a block takes no more events. Each write
	// to a block stores all of it again, so this is small.
	maxOpenBlock = 4 << 10
)

// blockOverhead is the memory that a block takes beside its data: the struct and
// the pointers to it.
const blockOverhead = int64(unsafe.Sizeof(block{})) + 16

// event is one log event.
type event struct {
	time     int64 // epoch ms
	ingested int64 // epoch ms
	seq      uint64
	message  string
}

// size is the event's size by AWS's rule.
func (e event) size() int64 { return int64(len(e.message)) + eventOverhead }

func (e event) position() position { return position{e.time, e.seq} }

func comparePositions(a, b event) int { return a.position().compare(b.position()) }

// block is a run of events in order of position, encoded: a short line takes a few
// bytes more than its text. A block in a stream never changes, so that readers need
// no lock. One that grows is replaced by a copy, which may share the memory of its
// data.
type block struct {
	id       uint64 // its number in the store
	n        int    // events
	size     int64  // what the events count for by AWS's rule
	ingested int64  // epoch ms, the latest of its events
	first    position
	last     position
	data     []byte
}

// memory is how much memory the block takes.
func (b *block) memory() int64 { return int64(cap(b.data)) + blockOverhead }

// add appends an event whose position is not before the last one.
//
// An event is its time, its ingestion time and its number, each as the difference
// to what is likely, and its message with the length before it.
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

// fits reports whether an event can be added without the block growing too large.
func (b *block) fits(e event) bool {
	return b.n == 0 || len(b.data)+len(e.message)+4*binary.MaxVarintLen64 <= maxBlockBytes
}

// clip returns the block with data that takes no more memory than it needs.
func (b *block) clip() *block {
	if cap(b.data) > len(b.data)+len(b.data)/8 {
		b.data = slices.Clone(b.data)
	}
	return b
}

// packEvents puts events that are in order of position into new blocks. id numbers them.
func packEvents(events []event, id func() uint64) []*block {
	var blocks []*block
	var b *block
	for _, e := range events {
		if b == nil || !b.fits(e) {
			b = &block{id: id()}
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

// decodeBlock reads a block's data back. It returns the highest number of its
// events, too.
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

// encodedEvent is an event whose message is still a part of its block's data.
type encodedEvent struct {
	time     int64
	ingested int64
	seq      uint64
	message  []byte
}

func (e *encodedEvent) decode() event {
	return event{e.time, e.ingested, e.seq, string(e.message)}
}

// blockReader reads a block's data event by event.
type blockReader struct {
	rest  []byte
	last  position
	event encodedEvent // what read returns a pointer to
}

// next returns the next event, which is valid until the next call, or nil at the
// end. Data that add has written never fails.
func (r *blockReader) next() (*encodedEvent, error) {
	if len(r.rest) == 0 {
		return nil, nil
	}

	var fields [3]int64
	for i := range fields {
		v, n := binary.Varint(r.rest)
		if n <= 0 {
			return nil, errTruncated
		}
		fields[i] = v
		r.rest = r.rest[n:]
	}

	length, n := binary.Uvarint(r.rest)
	if n <= 0 || length > uint64(len(r.rest)-n) {
		return nil, errTruncated
	}

	end := n + int(length)
	message := r.rest[n:end]
	r.rest = r.rest[end:]

	r.last.time += fields[0]
	r.last.seq += uint64(fields[2])
	r.event = encodedEvent{r.last.time, r.last.time + fields[1], r.last.seq, message}
	return &r.event, nil
}

// events decodes the whole block.
func (b *block) events() []event {
	out := make([]event, 0, b.n)
	r := blockReader{rest: b.data}
	for {
		e, err := r.next()
		if err != nil || e == nil {
			return out // a block in a stream has been written by add or checked by decodeBlock
		}
		out = append(out, e.decode())
	}
}
