package cloudwatch

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/cloudwatch/metricmath"
)

// GetMetricDataInput is the input of GetMetricData.
type GetMetricDataInput struct {
	// MetricDataQueries are up to 500 statistics and expressions.
	MetricDataQueries []MetricDataQuery `json:"MetricDataQueries"`
	// StartTime is the inclusive start of the range, rounded down to a minute.
	StartTime *awsapi.Timestamp `json:"StartTime"`
	// EndTime is the exclusive end of the range.
	EndTime *awsapi.Timestamp `json:"EndTime"`
	// NextToken is refused: results have only one page.
	NextToken string `json:"NextToken,omitempty"`
	// ScanBy is TimestampDescending, the default, or TimestampAscending.
	ScanBy string `json:"ScanBy,omitempty"`
	// MaxDatapoints is the most values to return. A request for more data is
	// refused.
	MaxDatapoints *int `json:"MaxDatapoints,omitempty"`
}

// maxPagePoints is the most values on a page of GetMetricData.
const maxPagePoints = 100_800

// GetMetricDataOutput is the output of GetMetricData.
type GetMetricDataOutput struct {
	// MetricDataResults are the results of the queries that return data, in the
	// order of the queries.
	MetricDataResults []MetricDataResult `json:"MetricDataResults"`
	// Messages are about the request as a whole.
	Messages []MessageData `json:"Messages"`
}

// MetricDataResult is the result of a query.
type MetricDataResult struct {
	// ID is the query's id.
	ID string `json:"Id"`
	// Label is the query's label, or else the metric's name or the query's id.
	Label string `json:"Label"`
	// Timestamps are the starts of periods.
	Timestamps []awsapi.Timestamp `json:"Timestamps"`
	// Values are the values of these periods.
	Values []float64 `json:"Values"`
	// StatusCode is always Complete.
	StatusCode string `json:"StatusCode"`
}

// MessageData is a message about results.
type MessageData struct {
	// Code is the type of message, such as MultipleUnits.
	Code string `json:"Code"`
	// Value is the text.
	Value string `json:"Value"`
}

// GetMetricData reads statistics and metric math over a range of time.
func (s *Service) GetMetricData(_ context.Context, c *awsapi.Call, in *GetMetricDataInput) (*GetMetricDataOutput, error) {
	q, err := in.validate(c.Account)
	if err != nil {
		return nil, err
	}

	// Get the newest data first, without the lock.
	s.takeSamples(s.clock.Now(), false)

	s.mu.Lock()
	defer s.mu.Unlock()

	// Evaluate each query that returns data.
	out := &GetMetricDataOutput{MetricDataResults: []MetricDataResult{}, Messages: []MessageData{}}
	total := 0
	for i := range in.MetricDataQueries {
		d := &in.MetricDataQueries[i]
		if !d.returned() {
			continue
		}

		values, mixedUnits, err := s.evaluateQuery(s.resourcesIn(c.Scope()), &q, d, in)
		if err != nil {
			return nil, err
		}

		if len(mixedUnits) > 0 {
			out.Messages = append(out.Messages, MessageData{
				Code:  "MultipleUnits",
				Value: "Multiple units returned: '[" + strings.Join(mixedUnits, ", ") + "]'",
			})
		}

		total += len(values)
		out.MetricDataResults = append(out.MetricDataResults, d.result(values, in.ScanBy == "TimestampAscending"))
	}

	// There is only one page: refuse what does not fit on it.
	most := maxPagePoints
	if in.MaxDatapoints != nil {
		most = min(most, *in.MaxDatapoints)
	}

	if total > most {
		return nil, errInvalidValue.With("The embedded AWS returns at most %d datapoints on a single page; the request selects %d.", most, total)
	}

	return out, nil
}

// evaluateQuery returns the values of one query. If the metric has data of several
// units and the query names none, it returns no values but the units. The caller
// holds mu.
func (s *Service) evaluateQuery(res *resources, q *query, d *MetricDataQuery, in *GetMetricDataInput) (metricmath.Series, []string, error) {
	single := *q
	single.primary = d.ID

	// A statistic has its own period; an expression has the longest of all statistics.
	period := int64(0)
	for _, st := range q.statistics {
		if st.id == d.ID || d.MetricStat == nil {
			period = max(period, st.period)
		}
	}

	if period == 0 {
		return nil, nil, errValidation.With("Error in expression '%s': it uses no metric.", d.ID)
	}

	// A statistic needs no other one.
	if d.MetricStat != nil {
		single.statistics = slices.DeleteFunc(slices.Clone(q.statistics), func(st statQuery) bool { return st.id != d.ID })
	}

	// An expression that yields a number or several series has no single result.
	from, end := timeRange(*in.StartTime, *in.EndTime, period)
	r := s.runQuery(res, &single, from, end, period)
	if r.err != nil {
		return nil, nil, errValidation.With("Error in expression '%s': %v", d.ID, r.err)
	}
	if r.result == nil {
		return nil, nil, errValidation.With("Error in expression '%s': the embedded AWS supports only expressions with a single time series as their result.", d.ID)
	}
	if len(r.mixedUnits) > 0 {
		return nil, r.mixedUnits, nil
	}

	return r.result, nil, nil
}

// result returns the values in the form of the response.
func (d *MetricDataQuery) result(values metricmath.Series, ascending bool) MetricDataResult {
	r := MetricDataResult{
		ID:         d.ID,
		Label:      d.Label,
		StatusCode: "Complete",
		Timestamps: []awsapi.Timestamp{},
		Values:     []float64{},
	}

	if r.Label == "" {
		if r.Label = d.ID; d.MetricStat != nil {
			r.Label = d.MetricStat.Metric.MetricName
		}
	}

	times := slices.Sorted(maps.Keys(values))
	if !ascending {
		slices.Reverse(times)
	}

	for _, at := range times {
		r.Timestamps = append(r.Timestamps, timestamp(at))
		r.Values = append(r.Values, values[at])
	}

	return r
}

// validate checks the request and parses its queries.
func (in *GetMetricDataInput) validate(account string) (query, error) {
	var q query
	switch {
	case len(in.MetricDataQueries) == 0:
		return q, missingParameter("MetricDataQueries")
	case len(in.MetricDataQueries) > 500:
		return q, errValidation.With("The collection MetricDataQueries must not have a size greater than 500.")
	case in.StartTime == nil:
		return q, missingParameter("StartTime")
	case in.EndTime == nil:
		return q, missingParameter("EndTime")
	case !in.StartTime.Time().Before(in.EndTime.Time()):
		return q, errValidation.With("The parameter StartTime must be less than the parameter EndTime.")
	case in.NextToken != "":
		return q, errInvalidToken.With("Invalid nextToken")
	case in.ScanBy != "" && in.ScanBy != "TimestampDescending" && in.ScanBy != "TimestampAscending":
		return q, errValidation.Violation("scanBy", in.ScanBy, awsapi.OneOf("TimestampDescending", "TimestampAscending"))
	case in.MaxDatapoints != nil && *in.MaxDatapoints < 1:
		return q, errValidation.Violation("maxDatapoints", *in.MaxDatapoints, awsapi.MinValue(1))
	}

	q, err := parseQueries(in.MetricDataQueries, account, "MetricDataQueries")
	if err != nil {
		return q, err
	}

	// Bound the work and memory of one request.
	length := in.EndTime.Time().Sub(in.StartTime.Time())
	for _, st := range q.statistics {
		if int64(length/(time.Duration(st.period)*time.Second)) > maxPagePoints {
			return q, errValidation.With("The time range holds more than %d periods of %d seconds.", maxPagePoints, st.period)
		}
	}

	return q, nil
}
