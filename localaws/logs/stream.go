package logs

import (
	"slices"

	"github.com/reliableq/reliableq/localaws/store"
)

// streamOverhead is the approximate memory of a stream beside its blocks, in bytes.
const streamOverhead = 512

// stream is a log stream. Service.mu guards it.
type stream struct {
	group    *group
	name     string
	id       uint64   // its id in the store
	implicit bool     // created by a write: at the memory limit it is removed with its last event
	created  int64    // epoch ms
	ingested int64    // time of the last write in epoch ms, 0 before the first
	token    string   // the uploadSequenceToken
	blocks   []*block // sorted by position
}

func (st *stream) arn() string { return st.group.arn() + ":log-stream:" + st.name }

// lastEventTime returns the time of the newest event in epoch ms, or 0 if there is
// none.
func (st *stream) lastEventTime() int64 {
	if len(st.blocks) == 0 {
		return 0
	}
	return st.blocks[len(st.blocks)-1].last.time
}

// ensureStream returns a stream of the group, which it creates if there is none.
// The caller holds mu.
func (s *Service) ensureStream(b *store.Batch, g *group, name string) *stream {
	if st := g.streams[name]; st != nil {
		return st
	}
	return s.createStream(b, g, name, true)
}

// createStream creates a stream. implicit reports that a write needs it. The caller
// holds mu.
func (s *Service) createStream(b *store.Batch, g *group, name string, implicit bool) *stream {
	st := &stream{
		group:    g,
		name:     name,
		id:       s.nextID(),
		implicit: implicit,
		created:  s.now(),
		token:    s.newSequenceToken(),
	}

	if implicit {
		s.addUsage(g, 0, streamOverhead)
	}

	g.streams[name] = st
	s.saveStream(b, st)
	return st
}

// newSequenceToken returns a sequence token in AWS's form. Requests need none (LAM
// E5).
func (s *Service) newSequenceToken() string {
	digits := make([]byte, 56)
	s.chance.Bytes(digits)
	for i := range digits {
		digits[i] = '0' + digits[i]%10
	}
	return "49" + string(digits[2:])
}

// removeStream deletes a stream with its events. The caller holds mu.
func (s *Service) removeStream(b *store.Batch, st *stream) {
	for _, bl := range st.blocks {
		s.addUsage(st.group, -bl.size, -bl.memory())
	}
	if st.implicit {
		s.addUsage(st.group, 0, -streamOverhead)
	}
	delete(st.group.streams, st.name)
	s.deleteSavedStream(b, st)
}

// insertEvents adds events, sorted by position, to a stream. The caller holds mu.
func (s *Service) insertEvents(b *store.Batch, st *stream, events []event) {
	n := len(st.blocks)
	if n == 0 || st.blocks[n-1].last.compare(events[0].position()) < 0 {
		s.appendEvents(b, st, events)
		return
	}

	// The events belong between others: merge them with the blocks that they overlap.
	from, _ := slices.BinarySearchFunc(st.blocks, events[0].position(), func(b *block, p position) int { return b.last.compare(p) })
	to := from
	for last := events[len(events)-1].position(); to < n && st.blocks[to].first.compare(last) < 0; {
		to++
	}

	// Include small neighbours, so that the number of blocks stays low.
	if from > 0 && len(st.blocks[from-1].data) < maxOpenBlock {
		from--
	}

	if to < n && len(st.blocks[to].data) < maxOpenBlock {
		to++
	}

	merged := slices.Clone(events)
	for _, old := range st.blocks[from:to] {
		merged = append(merged, old.events()...)
	}

	slices.SortFunc(merged, comparePositions)
	s.replaceBlocks(b, st, from, to, packEvents(merged, s.nextID))
}

// appendEvents adds events after all others: into the last block while that is
// small, then into new blocks.
func (s *Service) appendEvents(b *store.Batch, st *stream, events []event) {
	n := len(st.blocks)
	if n == 0 || len(st.blocks[n-1].data) >= maxOpenBlock {
		s.replaceBlocks(b, st, n, n, packEvents(events, s.nextID))
		return
	}

	// Readers may hold the last block, so it is replaced by a larger copy.
	grown := *st.blocks[n-1]
	for len(events) > 0 && grown.fits(events[0]) {
		grown.add(events[0])
		events = events[1:]
	}

	if len(grown.data) >= maxOpenBlock {
		grown.clip()
	}

	s.replaceBlocks(b, st, n-1, n, append([]*block{&grown}, packEvents(events, s.nextID)...))
}

// replaceBlocks replaces the blocks [from, to) of a stream. Blocks with the same id
// are overwritten in the store, the others are deleted from it.
func (s *Service) replaceBlocks(b *store.Batch, st *stream, from, to int, blocks []*block) {
	for _, old := range st.blocks[from:to] {
		s.addUsage(st.group, -old.size, -old.memory())
		if !slices.ContainsFunc(blocks, func(b *block) bool { return b.id == old.id }) {
			s.deleteSavedBlock(b, st, old)
		}
	}

	for _, block := range blocks {
		s.addUsage(st.group, block.size, block.memory())
		s.saveBlock(b, st, block)
	}

	// Appending reuses the slice: readers have copies of it.
	if to == len(st.blocks) {
		clear(st.blocks[from:])
		st.blocks = append(st.blocks[:from], blocks...)
		return
	}

	st.blocks = slices.Concat(st.blocks[:from], blocks, st.blocks[to:])
}
