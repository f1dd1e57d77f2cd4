package logs

import (
	"log/slog"
	"slices"

	"github.com/reliableq/reliableq/localaws/store"
)

// trimBefore removes a group's events of before t, in epoch ms, with mu held. It
// answers how many they were.
func (s *Service) trimBefore(b *store.Batch, g *group, t int64) int {
	n := 0
	for _, st := range g.streams {
		n += s.trim(b, st, searchTime(st.events, t))
	}
	return n
}

// trim removes the first n events of a stream, with mu held.
func (s *Service) trim(b *store.Batch, st *stream, n int) int {
	if n > 0 {
		s.forgetEvents(b, st, st.cut(n))
	}
	return n
}

// bound makes room in a group that has grown beyond its bound: the oldest events
// go until a tenth of the bound is free, so that this is done seldom.
func (s *Service) bound(b *store.Batch, g *group) {
	if g.bytes <= s.maxBytes {
		return
	}
	type aged struct {
		at   position
		size int64
	}
	var all []aged
	for _, st := range g.streams {
		for _, e := range st.events {
			all = append(all, aged{e.position(), e.size()})
		}
	}
	slices.SortFunc(all, func(a, b aged) int { return a.at.compare(b.at) })
	excess, first := g.bytes-s.maxBytes*9/10, 0
	for ; excess > 0 && first < len(all)-1; first++ {
		excess -= all[first].size
	}
	gone := 0
	for _, st := range g.streams {
		n, _ := slices.BinarySearchFunc(st.events, all[first].at, func(e event, p position) int {
			return e.position().compare(p)
		})
		gone += s.trim(b, st, n)
	}
	g.dropped += int64(gone)
	s.log.Warn("log group is full: its oldest events gave way", slog.String("group", g.name),
		slog.Int("events", gone), slog.Int64("events_so_far", g.dropped), slog.Int64("max_bytes", s.maxBytes))
}
