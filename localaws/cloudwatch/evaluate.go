package cloudwatch

import (
	"time"

	"github.com/reliableq/reliableq/localaws/store"
)

// datapoint is the value of one period.
type datapoint struct {
	start   int64 // start of the period, epoch seconds
	value   float64
	count   float64 // sample count, 0 if it is not known
	missing bool    // the period has no value
}

// evaluation is the result of evaluating an alarm.
type evaluation struct {
	state      string      // empty: the state does not change
	datapoints []datapoint // the existing datapoints that were considered, oldest first
	missing    int         // how many of N datapoints are missing
}

// applyAlarmRules evaluates the datapoints of an evaluation range, oldest first
// (LAM E21 to E23). n is the number of evaluation periods, m of datapoints to
// alarm.
func applyAlarmRules(points []datapoint, n, m int, breaches func(float64) bool, treatMissing string) evaluation {
	// Take the newest n datapoints. oldest is the age of the oldest breaching one, in
	// periods; the newest period has age 1.
	var existing []datapoint
	oldest := 0
	for i := len(points) - 1; i >= 0 && len(existing) < n; i-- {
		if p := points[i]; !p.missing {
			existing = append([]datapoint{p}, existing...)
			if breaches(p.value) {
				oldest = len(points) - i
			}
		}
	}

	// Missing datapoints count as breaching only by the policy of that name.
	breaching := 0
	for _, p := range existing {
		if breaches(p.value) {
			breaching++
		}
	}

	v := evaluation{datapoints: existing, missing: n - len(existing)}
	good := len(existing) - breaching
	if treatMissing == "breaching" {
		breaching += v.missing
	}

	switch {
	case breaching >= m:
		v.state = stateAlarm
	case good > 0 || v.missing == 0 || treatMissing == "breaching" || treatMissing == "notBreaching":
		v.state = stateOK
	case treatMissing == "ignore":
	case oldest >= m: // no datapoint is within the threshold, and the breach is old enough (LAM E23)
		v.state = stateAlarm
	default:
		v.state = stateInsufficient
	}

	return v
}

// evaluateAlarm evaluates an alarm over the range that ends at the given time, and
// changes its state if it is another. The caller holds mu.
func (s *Service) evaluateAlarm(b *store.Batch, a *alarm, at time.Time) {
	if a.idle || at.Before(a.nextEvaluation) {
		return
	}

	span := a.period * a.evaluationPeriods()
	if span > day { // AWS evaluates these once an hour
		a.nextEvaluation = at.Truncate(time.Hour).Add(time.Hour)
	}

	// Apply the rules to the datapoints in the range.
	points, hasData := s.readDatapoints(a, at.Unix())
	v := applyAlarmRules(points, int(a.evaluationPeriods()), int(a.datapointsToAlarm()), a.breaches, a.treatMissing())
	a.idle = !hasData
	if v.state == "" || v.state == a.state.Value {
		return
	}

	reason, data := a.stateReason(v, at)
	s.setState(b, a, v.state, reason, data)
}

// readDatapoints returns a datapoint for each period of the alarm's evaluation
// range, which ends at end. hasData reports whether the range has any data. The
// caller holds mu.
func (s *Service) readDatapoints(a *alarm, end int64) (points []datapoint, hasData bool) {
	n := a.rangePeriods()
	from := end - n*a.period
	r := s.runQuery(s.resourcesIn(a.scope), &a.query, from, end, a.period)
	points = make([]datapoint, n)
	for i := range points {
		start := from + int64(i)*a.period
		value, ok := r.result[start]
		points[i] = datapoint{
			start:   start,
			value:   value,
			count:   r.counts[start],
			missing: !ok,
		}
	}

	return points, r.hasData
}
