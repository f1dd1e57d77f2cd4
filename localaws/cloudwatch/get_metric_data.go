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
	// StartTime is the first moment to read; it is cut to a whole minute.
	StartTime *awsapi.Timestamp `json:"StartTime"`
	// EndTime is the first moment not to read any more.
	EndTime *awsapi.Timestamp `json:"EndTime"`
	// NextToken is refused: all is on one page.
	NextToken string `json:"NextToken,omitempty"`
	// ScanBy is TimestampDescending, the default, or TimestampAscending.
	ScanBy string `json:"ScanBy,omitempty"`
	// MaxDatapoints bounds the page. More than it is refused.
	MaxDatapoints *int `json:"MaxDatapoints,omitempty"`
}

// maxPagePoints is how many values a page of GetMetricData holds.
const maxPagePoints = 100_800

// GetMetricDataOutput is the output of GetMetricData.
type GetMetricDataOutput struct {
	// MetricDataResults are the queries that return data, in their order.
	MetricDataResults []MetricDataResult `json:"MetricDataResults"`
	// Messages tell of what concerns the whole.
	Messages []MessageData `json:"Messages"`
}

// MetricDataResult is what a query yields.
type MetricDataResult struct {
	// ID is the query's.
	ID string `json:"Id"`
	// Label is the query's, or made of the metric's name.
	Label string `json:"Label"`
	// Timestamps are the begins of periods.
	Timestamps []awsapi.Timestamp `json:"Timestamps"`
	// Values belong to the timestamps.
	Values []float64 `json:"Values"`
	// StatusCode is Complete.
	StatusCode string `json:"StatusCode"`
}

// MessageData is a message about results.
type MessageData struct {
	// Code is a word for machines, such as MultipleUnits.
	Code string `json:"Code"`
	// Value is a sentence for people.
	Value string `json:"Value"`
}

// GetMetricData reads statistics and metric math over a span of time.
func (s *Service) GetMetricData(_ context.Context, c *awsapi.Call, in *GetMetricDataInput) (*GetMetricDataOutput, error) {
	q, err := in.validate(c.Account)
	if err != nil {
		return nil, err
	}

	s.takeSamples(s.clock.Now(), false)

	s.mu.Lock()
	defer s.mu.Unlock()

	out := &GetMetricDataOutput{MetricDataResults: []MetricDataResult{}, Messages: []MessageData{}}
	total := 0
	for i := range in.MetricDataQueries {
		d := &in.MetricDataQueries[i]
		if !d.returned() {
			continue
		}

		values, mixed, err := s.evaluateQuery(s.resourcesIn(scopeOf(c)), &q, d, in)
		if err != nil {
			return nil, err
		}

		if len(mixed) > 0 {
			out.Messages = append(out.Messages, MessageData{
				"MultipleUnits", "Multiple units returned: '[" + strings.Join(mixed, ", ") + "]'",
			})
		}

		total += len(values)
		out.MetricDataResults = append(out.MetricDataResults, d.result(values, in.ScanBy == "TimestampAscending"))
	}

	most := maxPagePoints
	if in.MaxDatapoints != nil {
		most = min(most, *in.MaxDatapoints)
	}

	if total > most {
		return nil, errInvalidValue.With("The embedded AWS gives at most %d datapoints here and has no further pages; %d were asked for.", most, total)
	}

	return out, nil
}

// evaluateQuery evaluates one query. Values of several units do not make a series: there
// are none then, and their units are answered.
func (s *Service) evaluateQuery(res *resources, q *query, d *MetricDataQuery, in *GetMetricDataInput) (metricmath.Series, []string, error) {
	one := *q
	one.primary = d.ID
	period := int64(0)
	for _, st := range q.statistics {
		if st.id == d.ID || d.MetricStat == nil {
			period = max(period, st.period)
		}
	}

	if period == 0 {
		return nil, nil, errValidation.With("Error in expression '%s': it uses no metric.", d.ID)
	}

	if d.MetricStat != nil {
		one.statistics = slices.DeleteFunc(slices.Clone(q.statistics), func(st statQuery) bool { return st.id != d.ID })
	}

	from, end := timeRange(*in.StartTime, *in.EndTime, period)
	r := s.runQuery(res, &one, from, end, period)
	if r.err != nil {
		return nil, nil, errValidation.With("Error in expression '%s': %v", d.ID, r.err)
	}
	if r.result == nil {
		return nil, nil, errValidation.With("Error in expression '%s': the embedded AWS gives one time series for each expression.", d.ID)
	}
	if len(r.mixedUnits) > 0 {
		return nil, r.mixedUnits, nil
	}

	return r.result, nil, nil
}

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
		return q, constraintError("scanBy", in.ScanBy, "Member must satisfy enum value set: [TimestampDescending, TimestampAscending]")
	case in.MaxDatapoints != nil && *in.MaxDatapoints < 1:
		return q, constraintError("maxDatapoints", *in.MaxDatapoints, "Member must have value greater than or equal to 1")
	}

	q, err := parseQueries(in.MetricDataQueries, account, "MetricDataQueries")
	if err != nil {
		return q, err
	}

	length := in.EndTime.Time().Sub(in.StartTime.Time())
	for _, st := range q.statistics {
		if int64(length/(time.Duration(st.period)*time.Second)) > maxPagePoints {
			return q, errValidation.With("The time range holds more than %d periods of %d seconds.", maxPagePoints, st.period)
		}
	}

	return q, nil
}
