package cloudwatch

import (
	"slices"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// The states of an alarm.
const (
	stateOK           = "OK"
	stateAlarm        = "ALARM"
	stateInsufficient = "INSUFFICIENT_DATA"
)

// alarm is a metric alarm. Service.mu guards it.
type alarm struct {
	scope   awsapi.Scope
	config  PutMetricAlarmInput
	tags    []awsapi.Tag
	changed time.Time // when the configuration was last put
	state   alarmState
	history []historyItem // oldest first

	period int64 // seconds
	query  query // what the alarm watches

	// lastActivity is when its metrics last counted an event, or when the alarm was
	// created.
	lastActivity time.Time
	// settledState is the state that the alarm reaches if nothing else happens, and
	// settledChanged is when that became another.
	settledState   string
	settledChanged time.Time
	// idle reports that the evaluation range has no data, so the state cannot change.
	idle bool
	// nextEvaluation is the earliest time of the next evaluation, for alarms that are
	// not evaluated in every tick.
	nextEvaluation time.Time
}

// alarmState is the state of an alarm, with the reason for it.
type alarmState struct {
	Value        string    `json:"value"`
	Reason       string    `json:"reason"`
	ReasonData   string    `json:"reasonData,omitempty"`
	Updated      time.Time `json:"updated"`
	Transitioned time.Time `json:"transitioned"`
}

func (a *alarm) name() string { return a.config.AlarmName }

func (a *alarm) arn() string { return alarmARN(a.scope, a.name()) }

func alarmARN(scope awsapi.Scope, name string) string {
	return scope.ARN("cloudwatch", "alarm:"+name)
}

// evaluationPeriods returns N of "M out of N datapoints" (LAM E21).
func (a *alarm) evaluationPeriods() int64 { return int64(*a.config.EvaluationPeriods) }

// datapointsToAlarm returns M of "M out of N datapoints" (LAM E21).
func (a *alarm) datapointsToAlarm() int64 {
	if a.config.DatapointsToAlarm != nil {
		return int64(*a.config.DatapointsToAlarm)
	}
	return a.evaluationPeriods()
}

// rangePeriods returns the number of periods in the evaluation range. It is larger
// than N, so that older datapoints can replace missing ones (LAM E21).
func (a *alarm) rangePeriods() int64 { return a.evaluationPeriods() + 2 }

// treatMissing returns the alarm's policy for missing data.
func (a *alarm) treatMissing() string {
	if a.config.TreatMissingData == "" {
		return "missing"
	}
	return a.config.TreatMissingData
}

// breaches reports whether a value breaches the threshold.
func (a *alarm) breaches(v float64) bool {
	t := *a.config.Threshold
	switch a.config.ComparisonOperator {
	case "GreaterThanThreshold":
		return v > t
	case "GreaterThanOrEqualToThreshold":
		return v >= t
	case "LessThanThreshold":
		return v < t
	}
	return v <= t
}

// addAlarm adds an alarm to its scope and to the watchers of its metrics. The
// caller holds mu.
func (s *Service) addAlarm(a *alarm) {
	res := s.resourcesIn(a.scope)
	res.alarms[a.name()] = a
	s.alarmCount.Add(1)
	if a.period < minute {
		s.shortPeriods++
	}

	// The metric need not have data yet.
	for _, stat := range a.query.statistics {
		m := res.ensureMetric(stat.namespace, stat.name, stat.dimensions)
		if !slices.Contains(m.watchers, a) {
			m.watchers = append(m.watchers, a)
		}
	}
}

// removeAlarm reverses addAlarm. The caller holds mu.
func (s *Service) removeAlarm(a *alarm) {
	res := s.resourcesIn(a.scope)
	delete(res.alarms, a.name())
	s.alarmCount.Add(-1)
	if a.period < minute {
		s.shortPeriods--
	}
	for _, m := range res.metrics {
		m.watchers = slices.DeleteFunc(m.watchers, func(w *alarm) bool { return w == a })
	}
}

// deleteAlarm removes an alarm and its stored record. The caller holds mu.
func (s *Service) deleteAlarm(b *store.Batch, a *alarm) {
	s.removeAlarm(a)
	b.Delete(alarmTable, alarmKey(a.scope, a.name()))
}

// changeAlarms runs f on the named alarms under the lock, and waits until what f
// added to the batch is durable. If strict is set, it fails if none of the names
// exists.
func (s *Service) changeAlarms(c *awsapi.Call, names []string, strict bool, f func(*store.Batch, *alarm)) error {
	if len(names) == 0 {
		return missingParameter("AlarmNames")
	}
	if len(names) > 100 {
		return errValidation.Violation("alarmNames", len(names), awsapi.MaxLength(100))
	}
	commit, found := s.changeAlarmsLocked(c.Scope(), names, f)
	if strict && !found {
		return errNotFound.With("")
	}
	return commit.Wait()
}

// changeAlarmsLocked is changeAlarms without the wait, which must not happen under
// the lock. It reports whether any of the names exists.
func (s *Service) changeAlarmsLocked(scope awsapi.Scope, names []string, f func(*store.Batch, *alarm)) (store.Commit, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.store.Batch()
	found := false
	for _, name := range names {
		if a := s.resourcesIn(scope).alarms[name]; a != nil {
			f(b, a)
			found = true
		}
	}
	return b.Apply(), found
}
