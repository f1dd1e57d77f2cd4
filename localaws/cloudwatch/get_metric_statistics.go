package cloudwatch

import (
	"context"
	"slices"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// maxDatapoints is how many datapoints GetMetricStatistics gives at most.
const maxDatapoints = 1440

// GetMetricStatisticsInput is the input of GetMetricStatistics.
type GetMetricStatisticsInput struct {
	// Namespace is the metric's namespace.
	Namespace string `json:"Namespace"`
	// MetricName is the metric's name.
	MetricName string `json:"MetricName"`
	// Dimensions are all dimensions of the metric.
	Dimensions []Dimension `json:"Dimensions,omitempty"`
	// StartTime is the first moment to read; it is cut to a whole minute.
	StartTime *awsapi.Timestamp `json:"StartTime"`
	// EndTime is the first moment not to read any more.
	EndTime *awsapi.Timestamp `json:"EndTime"`
	// Period is in seconds: 1, 5, 10, 20, 30 or a multiple of 60.
	Period int64 `json:"Period"`
	// Statistics are any of SampleCount, Average, Sum, Minimum and Maximum.
	Statistics []string `json:"Statistics,omitempty"`
	// ExtendedStatistics are percentiles such as p99; they or Statistics.
	ExtendedStatistics []string `json:"ExtendedStatistics,omitempty"`
	// Unit selects data of that unit; empty gives a datapoint for each unit.
	Unit string `json:"Unit,omitempty"`
}

// GetMetricStatisticsOutput is the output of GetMetricStatistics.
type GetMetricStatisticsOutput struct {
	// Label is the metric's name.
	Label string `json:"Label"`
	// Datapoints are in no order that a caller may rely on.
	Datapoints []Datapoint `json:"Datapoints"`
}

// Datapoint holds the statistics of one period, those that were asked for.
type Datapoint struct {
	// Timestamp is the begin of the period.
	Timestamp awsapi.Timestamp `json:"Timestamp"`
	// SampleCount is how many values there were.
	SampleCount *float64 `json:"SampleCount,omitempty"`
	// Average is their mean.
	Average *float64 `json:"Average,omitempty"`
	// Sum is their sum.
	Sum *float64 `json:"Sum,omitempty"`
	// Minimum is the least.
	Minimum *float64 `json:"Minimum,omitempty"`
	// Maximum is the greatest.
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

	s.takeSamples(s.clock.Now(), false)

	s.mu.Lock()
	defer s.mu.Unlock()

	out := &GetMetricStatisticsOutput{Label: in.MetricName, Datapoints: []Datapoint{}}
	m := s.resourcesIn(scopeOf(c)).findMetric(in.Namespace, in.MetricName, in.Dimensions)
	if m == nil {
		return out, nil
	}

	from, end := timeRange(*in.StartTime, *in.EndTime, in.Period)
	for _, sr := range m.series {
		if in.Unit != "" && in.Unit != sr.unit {
			continue
		}
		for at := from; at < end; at += in.Period {
			var whole bucket
			sr.mergeRange(&whole, at, min(at+in.Period, end))
			if whole.count > 0 {
				out.Datapoints = append(out.Datapoints, whole.datapoint(at, sr.unit, stats))
			}
		}
	}

	return out, nil
}

// timeRange cuts the begin of a span to a whole minute, or to a whole period when that
// is shorter.
func timeRange(start, end awsapi.Timestamp, period int64) (from, to int64) {
	from = start.Time().Unix()
	to = end.Time().Unix()
	if end.Time().Nanosecond() > 0 {
		to++
	}
	return from - from%min(period, minute), to
}

// datapoint reads the statistics asked for.
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

// validate holds the input against LAM E26, and reads the statistics.
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
