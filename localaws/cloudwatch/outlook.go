package cloudwatch

import (
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
)

// lookEvery bounds how often changes are looked at, in service time: what comes
// within it of the last look waits for the next.
const lookEvery = 10 * time.Millisecond

// level is what a gauge showed when its sampler was last asked.
type level struct {
	value float64
	round uint64 // which asking that was
}

// Active says that something happened that samples will show. While there are
// alarms, it is looked at soon: where it will change an alarm's state, a skipping
// clock goes on to the minutes in which it does. It is cheap; call it on every
// change, without or with locks of the caller's own.
func (s *Service) Active() {
	if s.alarms.Load() == 0 || s.active.Load() || s.active.Swap(true) {
		return
	}
	at := s.clock.Now()
	if soonest := time.Unix(0, s.looked.Load()).Add(lookEvery); at.Before(soonest) {
		at = soonest
	}
	s.clock.Schedule(at, clock.Moves, s.look)
}

// look asks the samplers for levels as of now, and books a tick that a skipping
// clock goes to when they will change an alarm.
func (s *Service) look() {
	now := s.clock.Now()
	s.looked.Store(now.UnixNano())
	s.active.Store(false) // what happens from here on is looked at again
	s.sample(now, true)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.news = true
	if s.restless(now) {
		s.book(clock.Moves)
	}
}

// outlook tells whether there is to be another tick after the one at the given
// moment, and whether a skipping clock is to go there.
func (s *Service) outlook(at time.Time) (kind clock.Kind, any bool) {
	if s.restless(at) {
		return clock.Moves, true
	}
	any = len(s.samplers) > 0
	for _, sh := range s.shelf {
		for _, a := range sh.alarms {
			any = any || !a.quiet
		}
	}
	return clock.Upkeep, any
}

// restless reports whether the state of any alarm is going to change by itself,
// with mu held.
func (s *Service) restless(now time.Time) bool {
	any := false
	for _, sh := range s.shelf {
		for _, a := range sh.alarms {
			if end := s.end(sh, a); end != a.end {
				a.end, a.bent = end, now
			}
			any = any || a.restless(now)
		}
	}
	return any
}

// restless reports whether the alarm's state is going to change: because it is
// not yet the one that the levels lead to, or because counts that came lately
// pass through the evaluation range. Neither takes longer than that range, and so
// no alarm drives a clock for ever.
func (a *alarm) restless(now time.Time) bool {
	within := func(t time.Time) bool {
		return !t.IsZero() && now.Sub(t) <= time.Duration(a.rangePeriods()*a.period)*time.Second
	}
	return within(a.activity) || a.state.Value != a.end && within(a.bent)
}

// end is the state that an alarm comes to when all that its metric shows stays as
// it is, with mu held. What an expression comes to is not foretold: the answer is
// then the state that it is in.
func (s *Service) end(sh *shelf, a *alarm) string {
	if len(a.query.exprs) > 0 {
		return a.state.Value
	}
	st := &a.query.stats[0]
	m := sh.find(st.namespace, st.name, st.dimensions)
	if m == nil || m.level.round == 0 || m.level.round < s.sampled {
		return a.withoutData()
	}
	value, perPeriod := m.level.value, float64(max(1, a.period/minute))
	switch st.stat.name {
	case "Sum":
		value *= perPeriod
	case "SampleCount":
		value = perPeriod
	}
	if a.breaches(value) {
		return stateAlarm
	}
	return stateOK
}

// withoutData is the state that an alarm comes to when nothing is in its range.
func (a *alarm) withoutData() string {
	v := judge([]datapoint{{missing: true}}, 1, 1, a.breaches, a.treatMissing())
	if v.state == "" {
		return a.state.Value
	}
	return v.state
}
