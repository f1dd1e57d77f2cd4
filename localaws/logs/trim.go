package logs

import (
	"cmp"
	"slices"
	"time"

	"github.com/reliableq/reliableq/localaws/store"
)

// The metric that counts events dropped at the memory limit. It has the dimension
// LogGroupName.
const (
	droppedNamespace = "ReliableQ/Logs"
	droppedMetric    = "DroppedLogEvents"
)

// warnInterval is the shortest time between two warnings about dropped events of a
// group.
const warnInterval = time.Minute

// removeBefore removes a group's events before t, in epoch ms. The caller holds mu.
func (s *Service) removeBefore(b *store.Batch, g *group, t int64) {
	for _, st := range g.streams {
		// Blocks before index whole have only events before t.
		whole, _ := slices.BinarySearchFunc(st.blocks, t, func(b *block, t int64) int { return cmp.Compare(b.last.time, t) })

		// The next block may have both kinds of events: encode the rest of it.
		var rest []*block
		if whole < len(st.blocks) && st.blocks[whole].first.time < t {
			events := slices.DeleteFunc(st.blocks[whole].events(), func(e event) bool { return e.time < t })
			rest = packEvents(events, s.nextID)
			whole++
		}

		if whole > 0 {
			s.replaceBlocks(b, st, 0, whole, rest)
		}
	}
}

// limitMemory drops events if logs exceed their memory limit. The oldest events of
// the largest groups go, until a tenth of the limit is free, so that this happens
// rarely. A small group loses nothing to a large one. limitMemory returns the
// numbers of dropped events. The caller holds mu.
func (s *Service) limitMemory(b *store.Batch) []Measurement {
	if s.memory <= s.maxMemory {
		return nil
	}

	// All groups get the same share of 90% of the limit.
	var groups []*group
	for _, all := range s.groups {
		for _, g := range all {
			groups = append(groups, g)
		}
	}

	share := fairShare(groups, s.maxMemory-s.maxMemory/10)

	var drops []Measurement
	for _, g := range groups {
		if g.memory <= share {
			continue
		}

		dropped := s.shrinkTo(b, g, share)
		g.dropped += dropped
		drops = append(drops, Measurement{
			Namespace:  droppedNamespace,
			Name:       droppedMetric,
			Dimensions: map[string]string{"LogGroupName": g.name},
			Unit:       "Count",
			Value:      float64(dropped),
			Time:       s.clock.Now(),
			scope:      g.scope,
		})

		if now := s.now(); g.lastWarning == 0 || now-g.lastWarning >= warnInterval.Milliseconds() {
			g.lastWarning = now
			s.log.Warn("logs reached their memory limit: dropped the oldest events of a group",
				"group", g.name,
				"events", dropped,
				"events_in_total", g.dropped,
				"max_bytes", s.maxBytes)
		}
	}

	return drops
}

// fairShare returns the most memory that each group can have if all together have
// at most total. Groups with less are not affected. It sorts groups by memory.
func fairShare(groups []*group, total int64) int64 {
	slices.SortFunc(groups, func(a, b *group) int { return cmp.Compare(a.memory, b.memory) })

	// A group below the average leaves the rest of its share to the larger ones.
	for i, g := range groups {
		share := total / int64(len(groups)-i)
		if g.memory > share {
			return share
		}
		total -= g.memory
	}
	return total
}

// shrinkTo drops the oldest blocks of a group until it has at most share bytes, and
// returns the number of dropped events. The newest block always stays. The caller
// holds mu.
func (s *Service) shrinkTo(b *store.Batch, g *group, share int64) (events int64) {
	// What can be dropped, oldest first.
	type candidate struct {
		stream *stream
		at     position
		block  *block // nil for a stream without blocks
	}

	var candidates []candidate
	for _, st := range g.streams {
		if len(st.blocks) == 0 && st.implicit {
			candidates = append(candidates, candidate{stream: st, at: position{time: st.created}})
		}
		for _, bl := range st.blocks {
			candidates = append(candidates, candidate{
				stream: st,
				at:     bl.first,
				block:  bl,
			})
		}
	}

	slices.SortFunc(candidates, func(a, b candidate) int { return a.at.compare(b.at) })

	// The blocks of a stream are sorted, so the ones to drop are its first. An implicit
	// stream is removed with its last block.
	drop := map[*stream]int{}
	excess := g.memory - share
	for _, p := range candidates[:max(len(candidates)-1, 0)] {
		if excess <= 0 {
			break
		}

		if p.block == nil {
			s.removeStream(b, p.stream)
			excess -= streamOverhead
			continue
		}

		drop[p.stream]++
		events += int64(p.block.n)
		excess -= p.block.memory()
		if p.stream.implicit && drop[p.stream] == len(p.stream.blocks) {
			excess -= streamOverhead
		}
	}

	// Drop them.
	for st, n := range drop {
		s.replaceBlocks(b, st, 0, n, nil)
		if len(st.blocks) == 0 && st.implicit {
			s.removeStream(b, st)
		}
	}

	return events
}
