package logs

import (
	"slices"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// eventOverhead is what each event counts for beside its message (LAM E5).
const eventOverhead = 26

// streamOverhead is about the memory that a stream takes beside its blocks.
const streamOverhead = 512

// group is a log group.
type group struct {
	scope        scope
	name         string
	created      int64 // epoch ms
	retention    int   // days, 0 for ever
	tags         map[string]string
	streams      map[string]*stream
	filters      []*metricFilter // by name; replaced, never changed in place
	size         int64           // what its events count for by AWS's rule
	memory       int64           // bytes that blocks and implicit streams take
	dropped      int64           // events that were dropped for lack of room
	lastWarning  int64           // when the drop was logged last, epoch ms
	expiry       *clock.Event    // the next look at retention, or nil
	expiryOldest int64           // the event that expiry is booked for, epoch ms
}

// stream is a log stream.
type stream struct {
	group    *group
	name     string
	id       uint64 // its number in the store
	implicit bool   // made by a write: it is removed with its last event when room is needed
	created  int64  // epoch ms
	ingested int64  // epoch ms of the last write, 0 before it
	token    string // uploadSequenceToken, empty before the first write
	blocks   []*block
}

// arn is the group's ARN without the ":*" that some operations put behind it.
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

// insertEvents puts events that are in order of position into the stream, with mu held.
func (s *Service) insertEvents(b *store.Batch, st *stream, events []event) {
	n := len(st.blocks)
	if n == 0 || st.blocks[n-1].last.compare(events[0].position()) < 0 {
		s.appendEvents(b, st, events)
		return
	}

	// The events belong between others: the blocks that they overlap are packed
	// anew, and small neighbours with them.
	from, _ := slices.BinarySearchFunc(st.blocks, events[0].position(), func(b *block, p position) int { return b.last.compare(p) })
	to := from
	for last := events[len(events)-1].position(); to < n && st.blocks[to].first.compare(last) < 0; to++ {
	}

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

// appendEvents puts events behind all others, in the last block while it is small.
func (s *Service) appendEvents(b *store.Batch, st *stream, events []event) {
	n := len(st.blocks)
	if n == 0 || len(st.blocks[n-1].data) >= maxOpenBlock {
		s.replaceBlocks(b, st, n, n, packEvents(events, s.nextID))
		return
	}

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

// replaceBlocks puts blocks in the place of the stream's blocks from up to, but without,
// to. What is stored changes as far as it differs.
func (s *Service) replaceBlocks(b *store.Batch, st *stream, from, to int, blocks []*block) {
	for _, old := range st.blocks[from:to] {
		s.addUsage(st.group, -old.size, -old.memory())
		if !slices.ContainsFunc(blocks, func(b *block) bool { return b.id == old.id }) {
			s.deleteSavedBlock(b, st, old)
		}
	}

	for _, b2 := range blocks {
		s.addUsage(st.group, b2.size, b2.memory())
		s.saveBlock(b, st, b2)
	}

	if to == len(st.blocks) {
		clear(st.blocks[from:])
		st.blocks = append(st.blocks[:from], blocks...)
		return
	}

	st.blocks = slices.Concat(st.blocks[:from], blocks, st.blocks[to:])
}

// addUsage adds to what the group and all logs hold.
func (s *Service) addUsage(g *group, size, memory int64) {
	g.size += size
	g.memory += memory
	s.memory += memory
}

// expiresBefore is the time in epoch ms before which the group's events have
// expired at now, or 0 where they never do.
func (g *group) expiresBefore(now int64) int64 {
	if g.retention == 0 {
		return 0
	}
	return now - int64(g.retention)*(24*time.Hour).Milliseconds()
}
