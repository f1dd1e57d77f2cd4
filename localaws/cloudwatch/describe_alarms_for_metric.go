package cloudwatch

import (
	"context"
	"maps"
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// DescribeAlarmsForMetricInput is the input of DescribeAlarmsForMetric.
type DescribeAlarmsForMetricInput struct {
	// MetricName is the metric's name.
	MetricName string `json:"MetricName"`
	// Namespace is the metric's namespace.
	Namespace string `json:"Namespace"`
	// Dimensions are all dimensions of the metric.
	Dimensions []Dimension `json:"Dimensions,omitempty"`
	// Statistic selects alarms by statistic.
	Statistic string `json:"Statistic,omitempty"`
	// ExtendedStatistic selects alarms by percentile.
	ExtendedStatistic string `json:"ExtendedStatistic,omitempty"`
	// Period selects alarms by period.
	Period *int64 `json:"Period,omitempty"`
	// Unit selects alarms by unit.
	Unit string `json:"Unit,omitempty"`
}

// DescribeAlarmsForMetricOutput is the output of DescribeAlarmsForMetric.
type DescribeAlarmsForMetricOutput struct {
	// MetricAlarms are sorted by name.
	MetricAlarms []MetricAlarm `json:"MetricAlarms"`
}

// DescribeAlarmsForMetric lists the alarms on a metric. Alarms on metric math are
// not included.
func (s *Service) DescribeAlarmsForMetric(_ context.Context, c *awsapi.Call, in *DescribeAlarmsForMetricInput) (*DescribeAlarmsForMetricOutput, error) {
	if in.MetricName == "" {
		return nil, missingParameter("MetricName")
	}
	if in.Namespace == "" {
		return nil, missingParameter("Namespace")
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	out := &DescribeAlarmsForMetricOutput{MetricAlarms: []MetricAlarm{}}
	alarms := s.resourcesIn(c.Scope()).alarms
	for _, name := range slices.Sorted(maps.Keys(alarms)) {
		if in.selects(&alarms[name].config) {
			out.MetricAlarms = append(out.MetricAlarms, alarms[name].describe())
		}
	}

	return out, nil
}

// selects reports whether an alarm with this configuration matches the request.
func (in *DescribeAlarmsForMetricInput) selects(c *PutMetricAlarmInput) bool {
	return c.MetricName == in.MetricName && c.Namespace == in.Namespace &&
		slices.Equal(sortDimensions(c.Dimensions), sortDimensions(in.Dimensions)) &&
		(in.Statistic == "" || in.Statistic == c.Statistic) &&
		(in.ExtendedStatistic == "" || in.ExtendedStatistic == c.ExtendedStatistic) &&
		(in.Period == nil || *in.Period == valueOrZero(c.Period)) &&
		(in.Unit == "" || in.Unit == c.Unit)
}
