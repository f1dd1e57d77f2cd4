package cloudwatch

import (
	"maps"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/cloudwatch/metricmath"
)

// queryResult is the result of a query over a range of time.
type queryResult struct {
	series     map[string]metricmath.Series // of each statistic, by id
	result     metricmath.Series            // of the primary query; nil if it is not a series
	counts     map[int64]float64            // sample counts of the primary query, if it is a statistic
	hasData    bool                         // any metric has data in the range
	mixedUnits []string                     // the units of a metric with several of them
	err        error                        // why the primary expression cannot be evaluated
}

// runQuery evaluates a query over the periods in [from, end). The caller holds mu.
func (s *Service) runQuery(res *resources, q *query, from, end, period int64) queryResult {
	r := queryResult{series: map[string]metricmath.Series{}, counts: map[int64]float64{}}

	// Read all statistics.
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

	// Evaluate the expression over them.
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

// periodStarts returns the start of each period in [from, end).
func periodStarts(from, end, period int64) []int64 {
	var all []int64
	for at := from; at < end; at += period {
		all = append(all, at)
	}
	return all
}

// eval evaluates the statistic or expression with an id.
func (q *query) eval(id string, series map[string]metricmath.Series, times []int64) (metricmath.Value, error) {
	e := q.expressions[id]
	if e == nil {
		return metricmath.FromSeries(series[id]), nil
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

// readStatistic returns a statistic of a metric for each period in [from, end), and
// the sample counts. If the query has no unit, it combines the data of all units
// and returns which these are.
func (res *resources) readStatistic(st *statQuery, from, end, period int64) (values metricmath.Series, counts map[int64]float64, units []string) {
	values = metricmath.Series{}
	counts = map[int64]float64{}
	m := res.findMetric(st.namespace, st.name, st.dimensions)
	if m == nil {
		return values, counts, nil
	}

	seen := map[string]bool{}
	for at := from; at < end; at += period {
		var merged bucket
		for _, sr := range m.series {
			before := merged.count
			if st.unit == "" || st.unit == sr.unit {
				sr.mergeRange(&merged, at, min(at+period, end))
			}
			if merged.count > before {
				seen[sr.unit] = true
			}
		}

		// A period without data has no datapoint.
		if merged.count == 0 {
			continue
		}

		counts[at] = merged.count
		if v, ok := st.stat.value(&merged); ok {
			values[at] = v
		}
	}

	return values, counts, slices.Sorted(maps.Keys(seen))
}
