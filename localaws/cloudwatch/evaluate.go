package cloudwatch

import (
	"time"

	"github.com/reliableq/reliableq/localaws/store"
)

// datapoint is the value of a period; missing where there is none.
type datapoint struct {
	start   int64 // of the period, epoch seconds
	value   float64
	count   float64 // sample count, 0 where it is not known
	missing bool
}

// evaluation is what an evaluation came to.
type evaluation struct {
	state      string      // empty: the state stays
	datapoints []datapoint // the real ones that counted, oldest first
	missing    int         // how many missing ones the policy made up for
}

// applyAlarmRules applies the rules of LAM E21 to E23. points are the evaluation range,
// oldest first; n and m are evaluation periods and datapoints to alarm.
func applyAlarmRules(points []datapoint, n, m int, breaches func(float64) bool, treatMissing string) evaluation {
	var real []datapoint
	oldest := 0 // the age of the oldest breaching one among those used, in periods, the newest being 1
	for i := len(points) - 1; i >= 0 && len(real) < n; i-- {
		if p := points[i]; !p.missing {
			real = append([]datapoint{p}, real...)
			if breaches(p.value) {
				oldest = len(points) - i
			}
		}
	}

	breaching := 0
	for _, p := range real {
		if breaches(p.value) {
			breaching++
		}
	}

	v := evaluation{datapoints: real, missing: n - len(real)}
	good := len(real) - breaching
	if treatMissing == "breaching" {
		breaching += v.missing
	}

	switch {
	case breaching >= m:
		v.state = stateAlarm
	case good > 0 || v.missing == 0 || treatMissing == "breaching" || treatMissing == "notBreaching":
		v.state = stateOK
	case treatMissing == "ignore":
	case oldest >= m: // nothing good, and the breach has lasted long enough (LAM E23)
		v.state = stateAlarm
	default:
		v.state = stateInsufficient
	}

	return v
}

// evaluateAlarm looks at an alarm's evaluation range, which ends at the given moment,
// and changes its state where that is due, with mu held.
func (s *Service) evaluateAlarm(b *store.Batch, a *alarm, at time.Time) {
	if a.idle || at.Before(a.nextEvaluation) {
		return
	}

	span := a.period * a.evaluationPeriods()
	if span > day { // looked at by the hour only
		a.nextEvaluation = at.Truncate(time.Hour).Add(time.Hour)
	}

	points, any := s.readDatapoints(a, at.Unix())
	v := applyAlarmRules(points, int(a.evaluationPeriods()), int(a.datapointsToAlarm()), a.breaches, a.treatMissing())
	a.idle = !any
	if v.state == "" || v.state == a.state.Value {
		return
	}

	reason, data := a.stateReason(v, at)
	s.setState(b, a, v.state, reason, data)
}

// readDatapoints reads the alarm's evaluation range: a period for each, the last ending
// at the given moment. any reports whether there is any data in it.
func (s *Service) readDatapoints(a *alarm, end int64) (points []datapoint, any bool) {
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
