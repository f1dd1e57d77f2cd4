package logs

import (
	"slices"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// eventOverhead is the size of an event beside its message, by AWS's rule (LAM E5).
const eventOverhead = 26

// streamOverhead is the approximate memory of a stream beside its blocks, in bytes.
const streamOverhead = 512

// group is a log group. Service.mu guards it.
type group struct {
	scope        scope
	name         string
	created      int64 // epoch ms
	retention    int   // days, 0 means forever
	tags         map[string]string
	streams      map[string]*stream
	filters      []*metricFilter // sorted by name; the slice is replaced, never changed in place
	size         int64           // size of its events by AWS's rule
	memory       int64           // bytes of blocks and implicit streams
	dropped      int64           // number of events dropped at the memory limit
	lastWarning  int64           // when a drop was last logged, epoch ms
	expiry       *clock.Event    // removes expired events, or nil
	expiryOldest int64           // the event that expiry is scheduled for, epoch ms
}

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

// arn returns the group's ARN without the ":*" that some operations add.
func (g *group) arn() string { return groupARN(g.scope, g.name) }

func groupARN(at scope, name string) string {
	return awsapi.ARN{
		Partition: "aws",
		Service:   "logs",
		Region:    at.region,
		Account:   at.account,
		Resource:  "log-group:" + name,
	}.String()
}

func (st *stream) arn() string { return st.group.arn() + ":log-stream:" + st.name }

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

// addUsage adds to the size and memory of a group, and to the memory of all groups.
func (s *Service) addUsage(g *group, size, memory int64) {
	g.size += size
	g.memory += memory
	s.memory += memory
}

// expiresBefore returns the time in epoch ms before which events have expired at
// now, or 0 without retention.
func (g *group) expiresBefore(now int64) int64 {
	if g.retention == 0 {
		return 0
	}
	return now - int64(g.retention)*(24*time.Hour).Milliseconds()
}
