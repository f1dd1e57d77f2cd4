package cloudwatch

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// MetricAlarm is the description of an alarm (LAM E18). Settings that the
// configuration does not have are absent, except for lists of actions and
// dimensions.
type MetricAlarm struct {
	// AlarmName is the name.
	AlarmName string `json:"AlarmName"`
	// AlarmARN is the alarm's ARN.
	AlarmARN string `json:"AlarmArn"`
	// AlarmDescription is as given.
	AlarmDescription *string `json:"AlarmDescription,omitempty"`
	// AlarmConfigurationUpdatedTimestamp is when the configuration was last put.
	AlarmConfigurationUpdatedTimestamp awsapi.Timestamp `json:"AlarmConfigurationUpdatedTimestamp"`
	// ActionsEnabled reports whether changes of state trigger actions.
	ActionsEnabled bool `json:"ActionsEnabled"`
	// OKActions are ARNs.
	OKActions []string `json:"OKActions"`
	// AlarmActions are ARNs.
	AlarmActions []string `json:"AlarmActions"`
	// InsufficientDataActions are ARNs.
	InsufficientDataActions []string `json:"InsufficientDataActions"`
	// StateValue is OK, ALARM or INSUFFICIENT_DATA.
	StateValue string `json:"StateValue"`
	// StateReason is the reason for the state, as text.
	StateReason string `json:"StateReason"`
	// StateReasonData is the reason as JSON.
	StateReasonData string `json:"StateReasonData,omitempty"`
	// StateUpdatedTimestamp is when the state was last set.
	StateUpdatedTimestamp awsapi.Timestamp `json:"StateUpdatedTimestamp"`
	// StateTransitionedTimestamp is when the state last changed.
	StateTransitionedTimestamp awsapi.Timestamp `json:"StateTransitionedTimestamp"`
	// MetricName is the metric watched.
	MetricName string `json:"MetricName,omitempty"`
	// Namespace is the metric's namespace.
	Namespace string `json:"Namespace,omitempty"`
	// Statistic is the statistic watched.
	Statistic string `json:"Statistic,omitempty"`
	// ExtendedStatistic is the percentile watched.
	ExtendedStatistic string `json:"ExtendedStatistic,omitempty"`
	// Dimensions are the metric's.
	Dimensions []Dimension `json:"Dimensions"`
	// Period is in seconds.
	Period *int64 `json:"Period,omitempty"`
	// Unit is as given.
	Unit string `json:"Unit,omitempty"`
	// EvaluationPeriods is N of "M out of N".
	EvaluationPeriods *int `json:"EvaluationPeriods"`
	// DatapointsToAlarm is M.
	DatapointsToAlarm *int `json:"DatapointsToAlarm,omitempty"`
	// Threshold is compared with the values.
	Threshold *float64 `json:"Threshold,omitempty"`
	// ComparisonOperator is as given.
	ComparisonOperator string `json:"ComparisonOperator"`
	// TreatMissingData is as given.
	TreatMissingData string `json:"TreatMissingData,omitempty"`
	// EvaluateLowSampleCountPercentile is as given.
	EvaluateLowSampleCountPercentile string `json:"EvaluateLowSampleCountPercentile,omitempty"`
	// Metrics are as given.
	Metrics []MetricDataQuery `json:"Metrics,omitempty"`
}

// describe returns the alarm's description.
func (a *alarm) describe() MetricAlarm {
	c := &a.config
	return MetricAlarm{
		AlarmName:                          c.AlarmName,
		AlarmARN:                           a.arn(),
		AlarmDescription:                   c.AlarmDescription,
		AlarmConfigurationUpdatedTimestamp: awsapi.Timestamp(a.changed),
		ActionsEnabled:                     c.ActionsEnabled == nil || *c.ActionsEnabled,
		OKActions:                          nonNil(c.OKActions),
		AlarmActions:                       nonNil(c.AlarmActions),
		InsufficientDataActions:            nonNil(c.InsufficientDataActions),
		StateValue:                         a.state.Value,
		StateReason:                        a.state.Reason,
		StateReasonData:                    a.state.ReasonData,
		StateUpdatedTimestamp:              awsapi.Timestamp(a.state.Updated),
		StateTransitionedTimestamp:         awsapi.Timestamp(a.state.Transitioned),
		MetricName:                         c.MetricName,
		Namespace:                          c.Namespace,
		Statistic:                          c.Statistic,
		ExtendedStatistic:                  c.ExtendedStatistic,
		Dimensions:                         nonNil(c.Dimensions),
		Period:                             c.Period,
		Unit:                               c.Unit,
		EvaluationPeriods:                  c.EvaluationPeriods,
		DatapointsToAlarm:                  c.DatapointsToAlarm,
		Threshold:                          c.Threshold,
		ComparisonOperator:                 c.ComparisonOperator,
		TreatMissingData:                   c.TreatMissingData,
		EvaluateLowSampleCountPercentile:   c.EvaluateLowSampleCountPercentile,
		Metrics:                            c.Metrics,
	}
}

// nonNil returns a copy of a slice that is not nil, so that its JSON is a list.
func nonNil[T any](s []T) []T { return append([]T{}, s...) }

// DescribeAlarmsInput is the input of DescribeAlarms.
type DescribeAlarmsInput struct {
	// AlarmNames selects up to 100 alarms by name. It cannot be used with
	// AlarmNamePrefix.
	AlarmNames []string `json:"AlarmNames,omitempty"`
	// AlarmNamePrefix selects alarms by the prefix of their names.
	AlarmNamePrefix string `json:"AlarmNamePrefix,omitempty"`
	// AlarmTypes selects alarms by type. All alarms have the type MetricAlarm.
	AlarmTypes []string `json:"AlarmTypes,omitempty"`
	// ChildrenOfAlarmName is refused: there are no composite alarms.
	ChildrenOfAlarmName string `json:"ChildrenOfAlarmName,omitempty"`
	// ParentsOfAlarmName is refused: there are no composite alarms.
	ParentsOfAlarmName string `json:"ParentsOfAlarmName,omitempty"`
	// StateValue selects alarms by state.
	StateValue string `json:"StateValue,omitempty"`
	// ActionPrefix selects alarms with an action that has this prefix.
	ActionPrefix string `json:"ActionPrefix,omitempty"`
	// MaxRecords is the size of a page, 1 to 100; absent means 50.
	MaxRecords *int `json:"MaxRecords,omitempty"`
	// NextToken is the token of the page to return.
	NextToken string `json:"NextToken,omitempty"`
}

// DescribeAlarmsOutput is the output of DescribeAlarms.
type DescribeAlarmsOutput struct {
	// CompositeAlarms is always empty.
	CompositeAlarms []struct{} `json:"CompositeAlarms"`
	// MetricAlarms are sorted by name.
	MetricAlarms []MetricAlarm `json:"MetricAlarms"`
	// NextToken is empty on the last page.
	NextToken string `json:"NextToken,omitempty"`
}

// DescribeAlarms lists alarms by name.
func (s *Service) DescribeAlarms(_ context.Context, c *awsapi.Call, in *DescribeAlarmsInput) (*DescribeAlarmsOutput, error) {
	var v awsapi.Validation
	size := v.PageSize("maxRecords", in.MaxRecords, 50, 100)
	v.MaxEntries("alarmNames", len(in.AlarmNames), 100)
	v.OneOf("stateValue", in.StateValue, alarmStates...)
	if err := v.Err(errValidation); err != nil {
		return nil, err
	}

	switch {
	case in.ChildrenOfAlarmName != "" || in.ParentsOfAlarmName != "":
		return nil, unsupported("composite alarms", "DescribeAlarms")
	case len(in.AlarmNames) > 0 && in.AlarmNamePrefix != "":
		return nil, errInvalidCombination.With("AlarmNamePrefix and AlarmNames are mutually exclusive.")
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	// Select a page of names, and describe these alarms only.
	alarms := s.resourcesIn(c.Scope()).alarms
	names := slices.Sorted(maps.Keys(alarms))
	names = slices.DeleteFunc(names, func(name string) bool { return !in.selects(alarms[name]) })
	names, next, err := pageOf(names, self, in.NextToken, size)
	if err != nil {
		return nil, err
	}

	out := &DescribeAlarmsOutput{
		CompositeAlarms: []struct{}{},
		MetricAlarms:    []MetricAlarm{},
		NextToken:       next,
	}

	for _, name := range names {
		out.MetricAlarms = append(out.MetricAlarms, alarms[name].describe())
	}

	return out, nil
}

// selects reports whether the alarm matches the request's filters.
func (in *DescribeAlarmsInput) selects(a *alarm) bool {
	c := &a.config
	return (len(in.AlarmNames) == 0 || slices.Contains(in.AlarmNames, a.name())) &&
		strings.HasPrefix(a.name(), in.AlarmNamePrefix) &&
		(len(in.AlarmTypes) == 0 || slices.Contains(in.AlarmTypes, "MetricAlarm")) &&
		(in.StateValue == "" || in.StateValue == a.state.Value) &&
		(in.ActionPrefix == "" || slices.ContainsFunc(slices.Concat(c.OKActions, c.AlarmActions, c.InsufficientDataActions),
			func(arn string) bool { return strings.HasPrefix(arn, in.ActionPrefix) }))
}
