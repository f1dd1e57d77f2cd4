package cloudwatch

import (
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
)

// minLevelCheckInterval bounds how often changes are looked at, in service time: what comes
// within it of the last look waits for the next.
const minLevelCheckInterval = 10 * time.Millisecond

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
	if s.alarmCount.Load() == 0 || s.levelCheckPending.Load() || s.levelCheckPending.Swap(true) {
		return
	}
	at := s.clock.Now()
	if soonest := time.Unix(0, s.lastLevelCheck.Load()).Add(minLevelCheckInterval); at.Before(soonest) {
		at = soonest
	}
	s.clock.Schedule(at, clock.Moves, s.checkLevels)
}

// checkLevels asks the samplers for levels as of now, and books a tick that a skipping
// clock goes to when they will change an alarm.
func (s *Service) checkLevels() {
	now := s.clock.Now()
	s.lastLevelCheck.Store(now.UnixNano())
	s.levelCheckPending.Store(false) // what happens from here on is looked at again
	s.takeSamples(now, true)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checkedSinceTick = true
	if s.anyStateWillChange(now) {
		s.scheduleTick(clock.Moves)
	}
}

// nextTickKind tells whether there is to be another tick after the one at the given
// moment, and whether a skipping clock is to go there.
func (s *Service) nextTickKind(at time.Time) (kind clock.Kind, any bool) {
	if s.anyStateWillChange(at) {
		return clock.Moves, true
	}
	any = len(s.samplers) > 0
	for _, res := range s.resources {
		for _, a := range res.alarms {
			any = any || !a.idle
		}
	}
	return clock.Upkeep, any
}

// anyStateWillChange reports whether the state of any alarm is going to change by itself,
// with mu held.
func (s *Service) anyStateWillChange(now time.Time) bool {
	any := false
	for _, res := range s.resources {
		for _, a := range res.alarms {
			if end := s.settledState(res, a); end != a.settledState {
				a.settledState = end
				a.settledChanged = now
			}
			any = any || a.stateWillChange(now)
		}
	}
	return any
}

// stateWillChange reports whether the alarm's state is going to change: because it is
// not yet the one that the levels lead to, or because counts that came lately
// pass through the evaluation range. Neither takes longer than that range, and so
// no alarm drives a clock for ever.
func (a *alarm) stateWillChange(now time.Time) bool {
	within := func(t time.Time) bool {
		return !t.IsZero() && now.Sub(t) <= time.Duration(a.rangePeriods()*a.period)*time.Second
	}
	return within(a.lastActivity) || a.state.Value != a.settledState && within(a.settledChanged)
}

// settledState is the state that an alarm comes to when all that its metric shows stays as
// it is, with mu held. What an expression comes to is not foretold: the answer is
// then the state that it is in.
func (s *Service) settledState(res *resources, a *alarm) string {
	if len(a.query.expressions) > 0 {
		return a.state.Value
	}

	st := &a.query.statistics[0]
	m := res.findMetric(st.namespace, st.name, st.dimensions)
	if m == nil || m.level.round == 0 || m.level.round < s.completedRound {
		return a.stateWithoutData()
	}

	value := m.level.value
	perPeriod := float64(max(1, a.period/minute))
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

// stateWithoutData is the state that an alarm comes to when nothing is in its range.
func (a *alarm) stateWithoutData() string {
	v := applyAlarmRules([]datapoint{{missing: true}}, 1, 1, a.breaches, a.treatMissing())
	if v.state == "" {
		return a.state.Value
	}
	return v.state
}
