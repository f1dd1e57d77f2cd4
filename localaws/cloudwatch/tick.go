package cloudwatch

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
)

// scheduleTick ensures a tick at the next multiple of tickInterval. If kind is
// clock.Transition, a skipping clock stops there; a tick that is already scheduled as
// Transition stays that. The caller holds mu.
func (s *Service) scheduleTick(kind clock.Kind) {
	step := s.tickInterval()
	at := s.clock.Now().Truncate(step).Add(step)

	// A scheduled tick may be early enough and of the right kind; otherwise replace it.
	if s.tick != nil {
		if !at.Before(s.tickAt) && (s.tickKind == clock.Transition || kind == clock.Upkeep) {
			return
		}
		if s.tickKind == clock.Transition {
			kind = clock.Transition
		}
		if s.tickAt.Before(at) {
			at = s.tickAt
		}
		s.tick.Stop()
	}

	s.tickAt = at
	s.tickKind = kind

	// The callback compares its own event with s.tick: a replaced one does nothing.
	var tick *clock.Event
	tick = s.clock.Schedule(at, kind, func() { s.runTick(&tick, at) })
	s.tick = tick
}

// tickInterval is the time between ticks: ten seconds if any alarm has a period of
// less than a minute, else a minute.
func (s *Service) tickInterval() time.Duration {
	if s.shortPeriods > 0 {
		return 10 * time.Second
	}
	return time.Minute
}

// runTick takes samples for the interval that ends at the given time, evaluates the
// alarms and schedules the next tick. It does nothing if the tick was replaced
// while it waited for the lock.
func (s *Service) runTick(self **clock.Event, at time.Time) {
	s.mu.Lock()
	if s.tick != *self {
		s.mu.Unlock()
		return
	}

	s.tick = nil
	checked := s.checkedSinceTick
	s.checkedSinceTick = false
	s.mu.Unlock()

	// Samples are taken each minute; in between only if a level check found a change.
	if checked || at.Truncate(time.Minute).Equal(at) {
		s.takeSamples(at.Add(-time.Second), false)
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	// This need not be durable: a state that is lost in a crash is evaluated again.
	b := s.store.Batch()
	for _, a := range s.sortedAlarms() {
		s.evaluateAlarm(b, a, at)
	}

	b.Apply()

	if kind, needed := s.nextTickKind(at); needed {
		s.scheduleTick(kind)
	}
}

// sortedAlarms returns all alarms sorted by ARN, so that evaluation has a fixed
// order. The caller holds mu.
func (s *Service) sortedAlarms() []*alarm {
	var all []*alarm
	for _, res := range s.resources {
		all = slices.AppendSeq(all, maps.Values(res.alarms))
	}
	slices.SortFunc(all, func(a, b *alarm) int { return cmp.Compare(a.arn(), b.arn()) })
	return all
}
