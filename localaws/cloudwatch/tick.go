package cloudwatch

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
)

// scheduleTick makes sure that there is a tick at the next full minute, or ten seconds,
// of at least the given kind, with mu held. Moves is the stronger one.
func (s *Service) scheduleTick(kind clock.Kind) {
	step := s.tickInterval()
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

	s.tickAt = at
	s.tickKind = kind
	var tick *clock.Event
	tick = s.clock.Schedule(at, kind, func() { s.runTick(&tick, at) })
	s.tick = tick
}

// tickInterval is the time between ticks: ten seconds while an alarm has a period below
// a minute.
func (s *Service) tickInterval() time.Duration {
	if s.shortPeriods > 0 {
		return 10 * time.Second
	}
	return time.Minute
}

// runTick takes samples for the time that ends at the given moment, evaluates the
// alarms and books the next tick. A tick that was booked anew while it waited for
// the lock does nothing.
func (s *Service) runTick(self **clock.Event, at time.Time) {
	s.mu.Lock()
	if s.tick != *self {
		s.mu.Unlock()
		return
	}

	s.tick = nil
	news := s.checkedSinceTick
	s.checkedSinceTick = false
	s.mu.Unlock()

	if news || at.Truncate(time.Minute).Equal(at) {
		s.takeSamples(at.Add(-time.Second), false)
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	b := s.store.Batch()
	for _, a := range s.sortedAlarms() {
		s.evaluateAlarm(b, a, at)
	}

	b.Apply()
	if kind, any := s.nextTickKind(at); any {
		s.scheduleTick(kind)
	}
}

// sortedAlarms answers all alarms in an order that is always the same.
func (s *Service) sortedAlarms() []*alarm {
	var all []*alarm
	for _, res := range s.resources {
		all = slices.AppendSeq(all, maps.Values(res.alarms))
	}
	slices.SortFunc(all, func(a, b *alarm) int { return cmp.Compare(a.arn(), b.arn()) })
	return all
}
