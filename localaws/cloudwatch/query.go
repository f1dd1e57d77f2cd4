package cloudwatch

import (
	"regexp"
	"slices"

	"github.com/reliableq/reliableq/localaws/cloudwatch/metricmath"
)

// query is what an alarm watches or a request reads: statistics, and the
// expressions over them.
type query struct {
	statistics  []statQuery
	expressions map[string]*metricmath.Expression // by id
	primary     string                            // the id of the statistic or expression whose result is used
}

// statQuery is a statistic of a metric, with the id by which expressions refer to
// it.
type statQuery struct {
	id         string
	namespace  string
	name       string
	dimensions []Dimension
	unit       string
	stat       statistic
	period     int64 // seconds
}

// queryID is the form of an id, apart from its length of at most 255 characters: a
// pattern with a bounded repetition is slow to compile at every start.
var queryID = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]*$`)

// parseQuery returns what the alarm watches, and its period in seconds.
func (in *PutMetricAlarmInput) parseQuery(account string) (query, int64, error) {
	if len(in.Metrics) == 0 {
		return in.singleMetricQuery()
	}
	if in.MetricName != "" || in.Namespace != "" || in.Statistic != "" || in.ExtendedStatistic != "" || in.Period != nil || len(in.Dimensions) > 0 {
		return query{}, 0, errInvalidCombination.With("Metrics list and single metric fields are mutually exclusive.")
	}

	q, err := parseQueries(in.Metrics, account, "Metrics")
	if err != nil {
		return q, 0, err
	}

	// Exactly one element returns data: it is what the alarm watches.
	var period int64
	for i := range in.Metrics {
		if in.Metrics[i].returned() {
			if q.primary != "" {
				return q, 0, errValidation.With("Exactly one element of the metrics list should return data.")
			}
			q.primary = in.Metrics[i].ID
			period = in.Metrics[i].Period
		}
	}

	if q.primary == "" || len(q.statistics) == 0 {
		return q, 0, errValidation.With("Exactly one element of the metrics list should return data.")
	}

	// Metric math needs values of the same periods: the longest one applies to all.
	for _, st := range q.statistics {
		period = max(period, st.period)
	}

	for i := range q.statistics {
		q.statistics[i].period = period
	}

	return q, period, validateAlarmPeriod(period, int64(*in.EvaluationPeriods))
}

// singleMetricQuery returns the query of an alarm on one metric.
func (in *PutMetricAlarmInput) singleMetricQuery() (query, int64, error) {
	var q query
	switch {
	case in.MetricName == "":
		return q, 0, missingParameter("MetricName")
	case in.Namespace == "":
		return q, 0, missingParameter("Namespace")
	case in.Period == nil:
		return q, 0, missingParameter("Period")
	case in.Statistic == "" && in.ExtendedStatistic == "":
		return q, 0, errMissingParameter.With("Either Statistic or ExtendedStatistic is required.")
	case in.Statistic != "" && in.ExtendedStatistic != "":
		return q, 0, errInvalidCombination.With("Statistic and ExtendedStatistic are mutually exclusive.")
	case in.Unit != "" && !slices.Contains(units, in.Unit):
		return q, 0, invalidUnit("unit", in.Unit)
	}

	// Percentiles belong in ExtendedStatistic, all others in Statistic.
	stat, err := parseStatistic(in.Statistic+in.ExtendedStatistic, "Statistic")
	if err != nil {
		return q, 0, err
	}
	if stat.isPercentile() != (in.ExtendedStatistic != "") {
		return q, 0, errInvalidValue.With("The value %s is not valid for its parameter.", stat.name)
	}
	if err := validateDimensions(in.Dimensions); err != nil {
		return q, 0, err
	}

	q.primary = "m1"
	q.statistics = []statQuery{{
		id:         q.primary,
		namespace:  in.Namespace,
		name:       in.MetricName,
		dimensions: in.Dimensions,
		unit:       in.Unit,
		stat:       stat,
		period:     *in.Period,
	}}
	return q, *in.Period, validateAlarmPeriod(*in.Period, int64(*in.EvaluationPeriods))
}

// validateAlarmPeriod checks an alarm's period and range (LAM E21).
func validateAlarmPeriod(period, periods int64) error {
	if period != 10 && period != 20 && period != 30 && (period < minute || period%minute != 0) {
		return errValidation.With("Metric period must be 10, 20, 30 or a multiple of 60; it is %d.", period)
	}
	most := int64(day)
	if period >= hour {
		most = 7 * day
	}
	if period*periods > most {
		return errValidation.With("Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= %d).", most)
	}
	return nil
}

// parseQueries parses a list of queries. parameter is the list's name, for errors.
func parseQueries(list []MetricDataQuery, account, parameter string) (query, error) {
	q := query{expressions: map[string]*metricmath.Expression{}}
	seen := map[string]bool{}
	for i := range list {
		d := &list[i]
		switch {
		case len(d.ID) > 255 || !queryID.MatchString(d.ID):
			return q, errValidation.With("The value '%s' for parameter %s.member.%d.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.",
				d.ID, parameter, i+1)
		case seen[d.ID]:
			return q, errValidation.With("The values for parameter id in %s are not unique.", parameter)
		case (d.MetricStat == nil) == (d.Expression == ""):
			return q, errValidation.With("Exactly one of MetricStat and Expression must be given in %s.member.%d.", parameter, i+1)
		case d.AccountID != "" && d.AccountID != account:
			return q, unsupported("AccountId (monitoring across accounts)", parameter)
		}

		seen[d.ID] = true
		if err := q.addQuery(d, parameter); err != nil {
			return q, err
		}
	}

	// Expressions may refer to queries that follow them, so ids are checked at the end.
	for _, e := range q.expressions {
		for _, id := range e.IDs() {
			if !seen[id] {
				return q, errValidation.With("Error in expression '%s': unknown id %s.", e, id)
			}
		}
	}

	return q, q.validateNoCycles()
}

// addQuery parses one query of the list named parameter, and adds it.
func (q *query) addQuery(d *MetricDataQuery, parameter string) error {
	if d.Expression != "" {
		e, err := metricmath.Parse(d.Expression)
		if err != nil {
			return errValidation.With("Error in expression '%s': %v", d.ID, err)
		}
		q.expressions[d.ID] = e
		return nil
	}

	// Without an expression it is a statistic.
	st := d.MetricStat
	switch {
	case st.Metric == nil || st.Metric.MetricName == "" || st.Metric.Namespace == "":
		return missingParameter(parameter + ".member.MetricStat.Metric")
	case st.Unit != "" && !slices.Contains(units, st.Unit):
		return invalidUnit("unit", st.Unit)
	}

	stat, err := parseStatistic(st.Stat, "Stat")
	if err != nil {
		return err
	}
	if err := validateDimensions(st.Metric.Dimensions); err != nil {
		return err
	}
	if err := validatePeriod(st.Period); err != nil {
		return err
	}

	q.statistics = append(q.statistics, statQuery{
		id:         d.ID,
		namespace:  st.Metric.Namespace,
		name:       st.Metric.MetricName,
		dimensions: st.Metric.Dimensions,
		unit:       st.Unit,
		stat:       stat,
		period:     st.Period,
	})
	return nil
}

// validatePeriod checks the period of a read.
func validatePeriod(period int64) error {
	if slices.Contains([]int64{1, 5, 10, 20, 30}, period) || period >= minute && period%minute == 0 {
		return nil
	}
	return errInvalidValue.With("The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.")
}

// validateNoCycles refuses expressions that depend on themselves.
func (q *query) validateNoCycles() error {
	// Visit the queries depth first; path holds the expressions from the start to here.
	done := map[string]bool{}
	var visit func(id string, path []string) error
	visit = func(id string, path []string) error {
		if slices.Contains(path, id) {
			return errValidation.With("Error in expression '%s': it depends on itself.", id)
		}

		e := q.expressions[id]
		if e == nil || done[id] {
			return nil
		}

		for _, used := range e.IDs() {
			if err := visit(used, append(path, id)); err != nil {
				return err
			}
		}

		done[id] = true
		return nil
	}

	for id := range q.expressions {
		if err := visit(id, nil); err != nil {
			return err
		}
	}

	return nil
}
