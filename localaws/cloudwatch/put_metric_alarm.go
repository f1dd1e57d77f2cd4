package cloudwatch

import (
	"context"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
)

// PutMetricAlarmInput is the input of PutMetricAlarm, and the stored configuration
// of an alarm.
type PutMetricAlarmInput struct {
	// AlarmName has 1 to 255 characters and is unique in the account and region.
	AlarmName string `json:"AlarmName"`
	// AlarmDescription is a text for display.
	AlarmDescription *string `json:"AlarmDescription,omitempty"`
	// ActionsEnabled reports whether changes of state trigger actions; absent means
	// true.
	ActionsEnabled *bool `json:"ActionsEnabled,omitempty"`
	// OKActions are ARNs, at most 5. Actions are recorded, not delivered.
	OKActions []string `json:"OKActions,omitempty"`
	// AlarmActions are ARNs, at most 5.
	AlarmActions []string `json:"AlarmActions,omitempty"`
	// InsufficientDataActions are ARNs, at most 5.
	InsufficientDataActions []string `json:"InsufficientDataActions,omitempty"`
	// MetricName is the metric to watch. It or Metrics is required.
	MetricName string `json:"MetricName,omitempty"`
	// Namespace is the metric's namespace.
	Namespace string `json:"Namespace,omitempty"`
	// Statistic is SampleCount, Average, Sum, Minimum or Maximum.
	Statistic string `json:"Statistic,omitempty"`
	// ExtendedStatistic is a percentile such as p99. It or Statistic is required
	// with MetricName.
	ExtendedStatistic string `json:"ExtendedStatistic,omitempty"`
	// Dimensions are the metric's dimensions.
	Dimensions []Dimension `json:"Dimensions,omitempty"`
	// Period is in seconds: 10, 20, 30 or a multiple of 60.
	Period *int64 `json:"Period,omitempty"`
	// Unit selects data of this unit; empty selects all.
	Unit string `json:"Unit,omitempty"`
	// EvaluationPeriods is N of "M out of N".
	EvaluationPeriods *int `json:"EvaluationPeriods"`
	// DatapointsToAlarm is M; absent means N.
	DatapointsToAlarm *int `json:"DatapointsToAlarm,omitempty"`
	// Threshold is compared with the values.
	Threshold *float64 `json:"Threshold,omitempty"`
	// ComparisonOperator is one of GreaterThanThreshold,
	// GreaterThanOrEqualToThreshold, LessThanThreshold and
	// LessThanOrEqualToThreshold. Those of anomaly detection are refused.
	ComparisonOperator string `json:"ComparisonOperator"`
	// TreatMissingData is breaching, notBreaching, ignore or missing; empty
	// means missing.
	TreatMissingData string `json:"TreatMissingData,omitempty"`
	// EvaluateLowSampleCountPercentile is evaluate or empty; ignore is refused.
	EvaluateLowSampleCountPercentile string `json:"EvaluateLowSampleCountPercentile,omitempty"`
	// Metrics are queries for metric math, of which exactly one returns data.
	Metrics []MetricDataQuery `json:"Metrics,omitempty"`
	// Tags are ignored if the alarm exists (LAM E19).
	Tags []awsapi.Tag `json:"Tags,omitempty"`
	// ThresholdMetricID is refused: it belongs to anomaly detection.
	ThresholdMetricID string `json:"ThresholdMetricId,omitempty"`
}

// PutMetricAlarm creates an alarm or replaces its configuration. An existing alarm
// preserves its state and tags (LAM E19).
func (s *Service) PutMetricAlarm(_ context.Context, c *awsapi.Call, in *PutMetricAlarmInput) error {
	if err := in.validate(); err != nil {
		return err
	}

	q, period, err := in.parseQuery(c.Account)
	if err != nil {
		return err
	}
	if err := validateTags(in.Tags); err != nil {
		return err
	}

	s.mu.Lock()

	now := s.clock.Now()
	a := &alarm{
		scope:        c.Scope(),
		config:       *in,
		tags:         in.Tags,
		changed:      now,
		period:       period,
		query:        q,
		lastActivity: now,
		state: alarmState{
			Value:        stateInsufficient,
			Reason:       "Unchecked: Initial alarm creation",
			Updated:      now,
			Transitioned: now,
		},
	}

	// An existing alarm is replaced, but for its state, tags and history.
	a.config.Tags = nil
	if old := s.resourcesIn(a.scope).alarms[in.AlarmName]; old != nil {
		a.tags = old.tags
		a.state = old.state
		a.history = old.history
		s.addHistory(a, now, "ConfigurationUpdate", `Alarm "`+in.AlarmName+`" updated`, "")
		s.removeAlarm(old)
	} else {
		s.addHistory(a, now, "ConfigurationUpdate", `Alarm "`+in.AlarmName+`" created`, "")
	}

	// A skipping clock goes on to the first evaluation.
	b := s.store.Batch()
	s.addAlarm(a)
	s.saveAlarm(b, a)
	s.scheduleTick(clock.Transition)
	commit := b.Apply()
	s.mu.Unlock()

	return commit.Wait()
}

// validate checks everything but what the alarm watches.
func (in *PutMetricAlarmInput) validate() error {
	switch {
	case in.AlarmName == "":
		return missingParameter("AlarmName")
	case len([]rune(in.AlarmName)) > 255:
		return errValidation.Violation("alarmName", in.AlarmName, awsapi.MaxLength(255))
	case in.EvaluationPeriods == nil:
		return missingParameter("EvaluationPeriods")
	case *in.EvaluationPeriods < 1:
		return errValidation.Violation("evaluationPeriods", *in.EvaluationPeriods, awsapi.MinValue(1))
	case in.DatapointsToAlarm != nil && (*in.DatapointsToAlarm < 1 || *in.DatapointsToAlarm > *in.EvaluationPeriods):
		return errValidation.With("DatapointsToAlarm must be between 1 and EvaluationPeriods.")
	case in.ThresholdMetricID != "":
		return unsupported("ThresholdMetricId (anomaly detection)", "PutMetricAlarm")
	case in.EvaluateLowSampleCountPercentile != "" && in.EvaluateLowSampleCountPercentile != "evaluate":
		return unsupported("EvaluateLowSampleCountPercentile "+in.EvaluateLowSampleCountPercentile, "PutMetricAlarm")
	case in.Threshold == nil:
		return missingParameter("Threshold")
	}

	if err := in.validateComparison(); err != nil {
		return err
	}

	for member, actions := range map[string][]string{
		"alarmActions":            in.AlarmActions,
		"oKActions":               in.OKActions,
		"insufficientDataActions": in.InsufficientDataActions,
	} {
		if len(actions) > 5 {
			return errValidation.Violation(member, actions, awsapi.MaxLength(5))
		}
		for _, arn := range actions {
			if _, ok := awsapi.ParseARN(arn); !ok {
				return errValidation.With("Invalid arn syntax: %s", arn)
			}
		}
	}

	return nil
}

// validateComparison checks the operator and the policy for missing data.
func (in *PutMetricAlarmInput) validateComparison() error {
	switch op := in.ComparisonOperator; op {
	case "GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold":
	case "":
		return missingParameter("ComparisonOperator")
	case "LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold":
		return unsupported("ComparisonOperator "+op+" (anomaly detection)", "PutMetricAlarm")
	default:
		return errValidation.Violation("comparisonOperator", op, awsapi.OneOf(
			"GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"))
	}

	if policies := []string{"", "breaching", "notBreaching", "ignore", "missing"}; !slices.Contains(policies, in.TreatMissingData) {
		return errValidation.With("Option %s is not supported for TreatMissingData parameter. Supported options are [%s].",
			in.TreatMissingData, strings.Join(policies[1:], ", "))
	}
	return nil
}
