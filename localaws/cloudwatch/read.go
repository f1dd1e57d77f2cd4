package cloudwatch

import (
	"maps"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/cloudwatch/metricmath"
)

// queryResult is what a query yields over a span of time.
type queryResult struct {
	series     map[string]metricmath.Series // of each statistic, by id
	result     metricmath.Series            // of what counts
	counts     map[int64]float64            // sample counts, where what counts is one statistic
	hasData    bool                         // there are data in the span
	mixedUnits []string                     // units that were mixed, none where all are one
	err        error                        // why an expression has no result
}

// runQuery evaluates a query over the periods from up to end, with mu held.
func (s *Service) runQuery(res *resources, q *query, from, end, period int64) queryResult {
	r := queryResult{series: map[string]metricmath.Series{}, counts: map[int64]float64{}}
	for i := range q.statistics {
		st := &q.statistics[i]
		values, counts, units := res.readStatistic(st, from, end, period)
		r.series[st.id] = values
		r.hasData = r.hasData || len(counts) > 0
		if len(units) > 1 {
			r.mixedUnits = units
		}
		if st.id == q.primary {
			r.result = values
			r.counts = counts
		}
	}

	if q.expressions[q.primary] != nil {
		v, err := q.eval(q.primary, r.series, periodStarts(from, end, period))
		var ok bool
		if r.result, ok = v.Series(); err == nil && !ok {
			r.result = nil
		}
		r.err = err
	}

	return r
}

// periodStarts are the begins of the periods from up to end.
func periodStarts(from, end, period int64) []int64 {
	var all []int64
	for at := from; at < end; at += period {
		all = append(all, at)
	}
	return all
}

// eval evaluates the expression or statistic with the given id.
func (q *query) eval(id string, series map[string]metricmath.Series, times []int64) (metricmath.Value, error) {
	e := q.expressions[id]
	if e == nil {
		return metricmath.Of(series[id]), nil
	}
	return e.Eval(metricmath.Inputs{
		Times:   times,
		Resolve: func(id string) (metricmath.Value, error) { return q.eval(id, series, times) },
		Metrics: func(part string) []metricmath.Series {
			var all []metricmath.Series
			for _, st := range q.statistics {
				if strings.Contains(st.id, part) {
					all = append(all, series[st.id])
				}
			}
			return all
		},
	})
}

// readStatistic reads a statistic of a metric for each period from up to end. Without a
// unit in the query it takes the data of all units together, and answers which.
func (res *resources) readStatistic(st *statQuery, from, end, period int64) (values metricmath.Series, counts map[int64]float64, units []string) {
	values = metricmath.Series{}
	counts = map[int64]float64{}
	m := res.findMetric(st.namespace, st.name, st.dimensions)
	if m == nil {
		return values, counts, nil
	}

	seen := map[string]bool{}
	for at := from; at < end; at += period {
		var whole bucket
		for _, sr := range m.series {
			before := whole.count
			if st.unit == "" || st.unit == sr.unit {
				sr.mergeRange(&whole, at, min(at+period, end))
			}
			if whole.count > before {
				seen[sr.unit] = true
			}
		}

		if whole.count == 0 {
			continue
		}

		counts[at] = whole.count
		if v, ok := st.stat.value(&whole); ok {
			values[at] = v
		}
	}

	return values, counts, slices.Sorted(maps.Keys(seen))
}
