package cloudwatch

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
)

// book makes sure that there is a tick at the next full minute, or ten seconds,
// of at least the given kind, with mu held. Moves is the stronger one.
func (s *Service) book(kind clock.Kind) {
	step := s.step()
	at := s.clock.Now().Truncate(step).Add(step)
	if s.tick != nil {
		if !at.Before(s.tickAt) && (s.tickKind == clock.Moves || kind == clock.Upkeep) {
			return
		}
		if s.tickKind == clock.Moves {
			kind = clock.Moves
		}
		if s.tickAt.Before(at) {
			at = s.tickAt
		}
		s.tick.Stop()
	}
	s.tickAt, s.tickKind = at, kind
	var tick *clock.Event
	tick = s.clock.Schedule(at, kind, func() { s.onTick(&tick, at) })
	s.tick = tick
}

// step is the time between ticks: ten seconds while an alarm has a period below
// a minute.
func (s *Service) step() time.Duration {
	if s.shortPeriods > 0 {
		return 10 * time.Second
	}
	return time.Minute
}

// onTick takes samples for the time that ends at the given moment, evaluates the
// alarms and books the next tick. A tick that was booked anew while it waited for
// the lock does nothing.
func (s *Service) onTick(self **clock.Event, at time.Time) {
	s.mu.Lock()
	if s.tick != *self {
		s.mu.Unlock()
		return
	}
	s.tick = nil
	news := s.news
	s.news = false
	s.mu.Unlock()
	if news || at.Truncate(time.Minute).Equal(at) {
		s.sample(at.Add(-time.Second), false)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.store.Batch()
	for _, a := range s.inOrder() {
		s.evaluate(b, a, at)
	}
	b.Apply()
	if kind, any := s.outlook(at); any {
		s.book(kind)
	}
}

// inOrder answers all alarms in an order that is always the same.
func (s *Service) inOrder() []*alarm {
	var all []*alarm
	for _, sh := range s.shelf {
		all = slices.AppendSeq(all, maps.Values(sh.alarms))
	}
	slices.SortFunc(all, func(a, b *alarm) int { return cmp.Compare(a.arn(), b.arn()) })
	return all
}
