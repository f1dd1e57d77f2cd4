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

// verdict is what an evaluation came to.
type verdict struct {
	state  string      // empty: the state stays
	used   []datapoint // the real ones that counted, oldest first
	filled int         // how many missing ones the policy made up for
}

// judge applies the rules of LAM E21 to E23. points are the evaluation range,
// oldest first; n and m are evaluation periods and datapoints to alarm.
func judge(points []datapoint, n, m int, breaches func(float64) bool, treatMissing string) verdict {
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
	v := verdict{used: real, filled: n - len(real)}
	good := len(real) - breaching
	if treatMissing == "breaching" {
		breaching += v.filled
	}
	switch {
	case breaching >= m:
		v.state = stateAlarm
	case good > 0 || v.filled == 0 || treatMissing == "breaching" || treatMissing == "notBreaching":
		v.state = stateOK
	case treatMissing == "ignore":
	case oldest >= m: // nothing good, and the breach has lasted long enough (LAM E23)
		v.state = stateAlarm
	default:
		v.state = stateInsufficient
	}
	return v
}

// evaluate looks at an alarm's evaluation range, which ends at the given moment,
// and changes its state where that is due, with mu held.
func (s *Service) evaluate(b *store.Batch, a *alarm, at time.Time) {
	if a.quiet || at.Before(a.next) {
		return
	}
	span := a.period * a.evaluationPeriods()
	if span > day { // looked at by the hour only
		a.next = at.Truncate(time.Hour).Add(time.Hour)
	}
	points, any := s.points(a, at.Unix())
	v := judge(points, int(a.evaluationPeriods()), int(a.toAlarm()), a.breaches, a.treatMissing())
	a.quiet = !any
	if v.state == "" || v.state == a.state.Value {
		return
	}
	reason, data := a.reason(v, at)
	s.turn(b, a, v.state, reason, data)
}

// points reads the alarm's evaluation range: a period for each, the last ending
// at the given moment. any reports whether there is any data in it.
func (s *Service) points(a *alarm, end int64) (points []datapoint, any bool) {
	n := a.rangePeriods()
	from := end - n*a.period
	r := s.read(s.at(a.at), &a.query, from, end, a.period)
	points = make([]datapoint, n)
	for i := range points {
		start := from + int64(i)*a.period
		value, ok := r.result[start]
		points[i] = datapoint{start: start, value: value, count: r.counts[start], missing: !ok}
	}
	return points, r.any
}
