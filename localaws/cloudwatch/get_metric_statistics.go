package cloudwatch

import (
	"context"
	"slices"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// maxDatapoints is the most datapoints of GetMetricStatistics.
const maxDatapoints = 1440

// GetMetricStatisticsInput is the input of GetMetricStatistics.
type GetMetricStatisticsInput struct {
	// Namespace is the metric's namespace.
	Namespace string `json:"Namespace"`
	// MetricName is the metric's name.
	MetricName string `json:"MetricName"`
	// Dimensions are all dimensions of the metric.
	Dimensions []Dimension `json:"Dimensions,omitempty"`
	// StartTime is the inclusive start of the range, rounded down to a minute.
	StartTime *awsapi.Timestamp `json:"StartTime"`
	// EndTime is the exclusive end of the range.
	EndTime *awsapi.Timestamp `json:"EndTime"`
	// Period is in seconds: 1, 5, 10, 20, 30 or a multiple of 60.
	Period int64 `json:"Period"`
	// Statistics are any of SampleCount, Average, Sum, Minimum and Maximum.
	Statistics []string `json:"Statistics,omitempty"`
	// ExtendedStatistics are percentiles such as p99. They or Statistics are
	// required.
	ExtendedStatistics []string `json:"ExtendedStatistics,omitempty"`
	// Unit selects data of this unit. If it is empty, each unit has datapoints of
	// its own.
	Unit string `json:"Unit,omitempty"`
}

// GetMetricStatisticsOutput is the output of GetMetricStatistics.
type GetMetricStatisticsOutput struct {
	// Label is the metric's name.
	Label string `json:"Label"`
	// Datapoints have no guaranteed order.
	Datapoints []Datapoint `json:"Datapoints"`
}

// Datapoint holds the requested statistics of one period.
type Datapoint struct {
	// Timestamp is the start of the period.
	Timestamp awsapi.Timestamp `json:"Timestamp"`
	// SampleCount is the number of values.
	SampleCount *float64 `json:"SampleCount,omitempty"`
	// Average is the mean of the values.
	Average *float64 `json:"Average,omitempty"`
	// Sum is the sum of the values.
	Sum *float64 `json:"Sum,omitempty"`
	// Minimum is the lowest value.
	Minimum *float64 `json:"Minimum,omitempty"`
	// Maximum is the highest value.
	Maximum *float64 `json:"Maximum,omitempty"`
	// Unit is the unit of the values.
	Unit string `json:"Unit"`
	// ExtendedStatistics are percentiles by name.
	ExtendedStatistics map[string]float64 `json:"ExtendedStatistics,omitempty"`
}

// GetMetricStatistics reads statistics of a metric.
func (s *Service) GetMetricStatistics(_ context.Context, c *awsapi.Call, in *GetMetricStatisticsInput) (*GetMetricStatisticsOutput, error) {
	stats, err := in.validate()
	if err != nil {
		return nil, err
	}

	// Get the newest data first, without the lock.
	s.takeSamples(s.clock.Now(), false)

	s.mu.Lock()
	defer s.mu.Unlock()

	out := &GetMetricStatisticsOutput{Label: in.MetricName, Datapoints: []Datapoint{}}
	m := s.resourcesIn(c.Scope()).findMetric(in.Namespace, in.MetricName, in.Dimensions)
	if m == nil {
		return out, nil
	}

	// Units are not combined: each has its own datapoints.
	from, end := timeRange(*in.StartTime, *in.EndTime, in.Period)
	for _, sr := range m.series {
		if in.Unit != "" && in.Unit != sr.unit {
			continue
		}
		for at := from; at < end; at += in.Period {
			var merged bucket
			sr.mergeRange(&merged, at, min(at+in.Period, end))
			if merged.count > 0 {
				out.Datapoints = append(out.Datapoints, merged.datapoint(at, sr.unit, stats))
			}
		}
	}

	return out, nil
}

// timeRange returns a range in epoch seconds, with its start rounded down to a
// minute, or to the period if that is shorter.
func timeRange(start, end awsapi.Timestamp, period int64) (from, to int64) {
	from = start.Time().Unix()
	to = end.Time().Unix()
	if end.Time().Nanosecond() > 0 {
		to++
	}
	return from - from%min(period, minute), to
}

// datapoint returns the given statistics of a bucket.
func (b *bucket) datapoint(at int64, unit string, stats []statistic) Datapoint {
	d := Datapoint{Timestamp: timestamp(at), Unit: unit}
	fields := map[string]**float64{
		"SampleCount": &d.SampleCount,
		"Average":     &d.Average,
		"Sum":         &d.Sum,
		"Minimum":     &d.Minimum,
		"Maximum":     &d.Maximum,
	}

	for _, st := range stats {
		v, ok := st.value(b)
		if !ok {
			continue
		}

		if field := fields[st.name]; field != nil {
			*field = &v
			continue
		}

		if d.ExtendedStatistics == nil {
			d.ExtendedStatistics = map[string]float64{}
		}

		d.ExtendedStatistics[st.name] = v
	}

	return d
}

// validate checks the request (LAM E26) and parses its statistics.
func (in *GetMetricStatisticsInput) validate() ([]statistic, error) {
	switch {
	case in.Namespace == "":
		return nil, missingParameter("Namespace")
	case in.MetricName == "":
		return nil, missingParameter("MetricName")
	case in.StartTime == nil:
		return nil, missingParameter("StartTime")
	case in.EndTime == nil:
		return nil, missingParameter("EndTime")
	case in.Period == 0:
		return nil, missingParameter("Period")
	case !in.StartTime.Time().Before(in.EndTime.Time()):
		return nil, errInvalidValue.With("The parameter StartTime must be less than the parameter EndTime.")
	case len(in.Statistics) == 0 && len(in.ExtendedStatistics) == 0:
		return nil, errMissingParameter.With("Must specify either Statistics or ExtendedStatistics")
	case in.Unit != "" && !slices.Contains(units, in.Unit):
		return nil, invalidUnit("unit", in.Unit)
	}

	if err := validatePeriod(in.Period); err != nil {
		return nil, err
	}

	// Bound the size of the response.
	length := in.EndTime.Time().Sub(in.StartTime.Time())
	period := time.Duration(in.Period) * time.Second
	if n := int64((length + period - 1) / period); n > maxDatapoints {
		return nil, errInvalidCombination.With("You have requested up to %d datapoints, which exceeds the limit of %d. "+
			"You may reduce the datapoints requested by increasing Period, or decreasing the time range.", n, maxDatapoints)
	}

	var stats []statistic
	for _, name := range slices.Concat(in.Statistics, in.ExtendedStatistics) {
		st, err := parseStatistic(name, "Statistics")
		if err != nil {
			return nil, err
		}
		stats = append(stats, st)
	}

	return stats, nil
}
