package cloudwatch

import (
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
)

// minLevelCheckInterval is the shortest service time between two level checks.
// Changes within it are combined into one check.
const minLevelCheckInterval = 10 * time.Millisecond

// level is the value of a gauge when its sampler was last called.
type level struct {
	value float64
	round uint64 // the sampling round that read it; 0 before the first
}

// NotifyActivity reports to the service that samples have changed. If there are
// alarms, it schedules a level check: if the new levels will change an alarm's
// state, a skipping clock goes on to the minutes of that change. It is cheap and
// takes no lock of the service; call it on every change, with or without locks of
// your own.
func (s *Service) NotifyActivity() {
	if s.alarmCount.Load() == 0 || s.levelCheckPending.Load() || s.levelCheckPending.Swap(true) {
		return
	}
	at := s.clock.Now()
	if soonest := time.Unix(0, s.lastLevelCheck.Load()).Add(minLevelCheckInterval); at.Before(soonest) {
		at = soonest
	}
	s.clock.Schedule(at, clock.Transition, s.checkLevels)
}

// checkLevels reads the current levels, and schedules a tick at which a skipping
// clock stops if an alarm's state will change.
func (s *Service) checkLevels() {
	now := s.clock.Now()
	s.lastLevelCheck.Store(now.UnixNano())
	s.levelCheckPending.Store(false) // changes from here on need another check
	s.takeSamples(now, true)

	s.mu.Lock()
	defer s.mu.Unlock()

	s.checkedSinceTick = true
	if s.anyStateWillChange(now) {
		s.scheduleTick(clock.Transition)
	}
}

// nextTickKind reports whether a tick is needed after the one at the given time,
// and of which kind. The caller holds mu.
func (s *Service) nextTickKind(at time.Time) (kind clock.Kind, needed bool) {
	if s.anyStateWillChange(at) {
		return clock.Transition, true
	}
	// Samplers are called every minute, and alarms with data need evaluation.
	needed = len(s.samplers) > 0
	for _, res := range s.resources {
		for _, a := range res.alarms {
			needed = needed || !a.idle
		}
	}
	return clock.Upkeep, needed
}

// anyStateWillChange reports whether any alarm's state will change without further
// activity. It updates the settled state of all alarms. The caller holds mu.
func (s *Service) anyStateWillChange(now time.Time) bool {
	result := false
	for _, res := range s.resources {
		for _, a := range res.alarms {
			if settled := s.settledState(res, a); settled != a.settledState {
				a.settledState = settled
				a.settledChanged = now
			}
			result = result || a.stateWillChange(now)
		}
	}
	return result
}

// stateWillChange reports whether the alarm's state will change without further
// activity: because it is not yet in its settled state, or because recent counts
// are within its evaluation range. Neither takes longer than that range, so no
// alarm makes a clock skip forever.
func (a *alarm) stateWillChange(now time.Time) bool {
	within := func(t time.Time) bool {
		return !t.IsZero() && now.Sub(t) <= time.Duration(a.rangePeriods()*a.period)*time.Second
	}
	return within(a.lastActivity) || a.state.Value != a.settledState && within(a.settledChanged)
}

// settledState returns the state that an alarm reaches if the levels of its metric
// stay as they are. For an alarm on expressions this is not predicted, and the
// result is its current state. The caller holds mu.
func (s *Service) settledState(res *resources, a *alarm) string {
	if len(a.query.expressions) > 0 {
		return a.state.Value
	}

	st := &a.query.statistics[0]
	m := res.findMetric(st.namespace, st.name, st.dimensions)

	// A level from before the last completed round no longer exists.
	if m == nil || m.level.round == 0 || m.level.round < s.completedRound {
		return a.stateWithoutData()
	}

	// A gauge has one sample a minute.
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

// stateWithoutData returns the state that an alarm reaches if its range has no
// data.
func (a *alarm) stateWithoutData() string {
	v := applyAlarmRules([]datapoint{{missing: true}}, 1, 1, a.breaches, a.treatMissing())
	if v.state == "" {
		return a.state.Value
	}
	return v.state
}
