package logs

import (
	"cmp"
	"log/slog"
	"slices"
	"time"

	"github.com/reliableq/reliableq/localaws/store"
)

// Events that are dropped for lack of room are counted in this metric, with the
// group's name as the dimension LogGroupName.
const (
	droppedNamespace = "ReliableQ/Logs"
	droppedMetric    = "DroppedLogEvents"
)

// warnInterval is how long a group that loses events is silent after a warning.
const warnInterval = time.Minute

// removeBefore removes a group's events of before t, in epoch ms, with mu held.
func (s *Service) removeBefore(b *store.Batch, g *group, t int64) {
	for _, st := range g.streams {
		whole, _ := slices.BinarySearchFunc(st.blocks, t, func(b *block, t int64) int {
			if b.last.time < t {
				return -1
			}
			return 1
		})

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

// limitMemory makes room when logs take more memory than they may: the oldest events go,
// from the groups that hold most, until a tenth of the memory is free, so that this
// is done seldom. A group that holds little loses nothing to one that is flooded.
// limitMemory returns what was dropped. mu is held.
func (s *Service) limitMemory(b *store.Batch) []Measurement {
	if s.memory <= s.maxMemory {
		return nil
	}

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

		gone := s.shrinkTo(b, g, share)
		g.dropped += gone
		drops = append(drops, Measurement{
			Namespace:  droppedNamespace,
			Name:       droppedMetric,
			Dimensions: map[string]string{"LogGroupName": g.name},
			Unit:       "Count",
			Value:      float64(gone),
			Time:       s.clock.Now(),
			scope:      g.scope,
		})

		if now := s.now(); g.lastWarning == 0 || now-g.lastWarning >= warnInterval.Milliseconds() {
			g.lastWarning = now
			s.log.Warn("logs are full: dropped the oldest events of a group",
				slog.String("group", g.name), slog.Int64("events", gone), slog.Int64("events_so_far", g.dropped), slog.Int64("max_bytes", s.maxBytes))
		}
	}

	return drops
}

// fairShare is the most memory that each group may keep for all to fit into total:
// groups below it keep all they have.
func fairShare(groups []*group, total int64) int64 {
	slices.SortFunc(groups, func(a, b *group) int { return cmp.Compare(a.memory, b.memory) })
	for i, g := range groups {
		share := total / int64(len(groups)-i)
		if g.memory > share {
			return share
		}
		total -= g.memory
	}
	return total
}

// shrinkTo drops a group's oldest blocks until it takes at most share, and returns how
// many events they held. One block stays in any case. mu is held.
func (s *Service) shrinkTo(b *store.Batch, g *group, share int64) (events int64) {
	type piece struct {
		stream *stream
		at     position
		block  *block // nil for a stream without blocks
	}

	var pieces []piece
	for _, st := range g.streams {
		if len(st.blocks) == 0 && st.implicit {
			pieces = append(pieces, piece{st, position{time: st.created}, nil})
		}
		for _, bl := range st.blocks {
			pieces = append(pieces, piece{st, bl.first, bl})
		}
	}

	slices.SortFunc(pieces, func(a, b piece) int { return a.at.compare(b.at) })

	// Blocks of a stream are in order, so that those to drop are its first.
	drop := map[*stream]int{}
	excess := g.memory - share
	for _, p := range pieces[:max(len(pieces)-1, 0)] {
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

	for st, n := range drop {
		s.replaceBlocks(b, st, 0, n, nil)
		if len(st.blocks) == 0 && st.implicit {
			s.removeStream(b, st)
		}
	}

	return events
}

// removeStream deletes a stream with all it holds, with mu held.
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
