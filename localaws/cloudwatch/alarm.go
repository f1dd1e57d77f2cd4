package cloudwatch

import (
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// The states of an alarm.
const (
	stateOK           = "OK"
	stateAlarm        = "ALARM"
	stateInsufficient = "INSUFFICIENT_DATA"
)

// alarm is a metric alarm. Service.mu guards it.
type alarm struct {
	scope   scope
	config  PutMetricAlarmInput
	tags    []Tag
	changed time.Time // when the configuration was last put
	state   alarmState
	history []AlarmHistoryItem // oldest first

	period int64 // seconds
	query  query // what the alarm watches

	// lastActivity is when its metrics last counted an event, or when the alarm was
	// created.
	lastActivity time.Time
	// settledState is the state that the alarm reaches if nothing else happens, and
	// settledChanged is when that became another.
	settledState   string
	settledChanged time.Time
	// idle reports that the evaluation range has no data, so the state cannot change.
	idle bool
	// nextEvaluation is the earliest time of the next evaluation, for alarms that are
	// not evaluated in every tick.
	nextEvaluation time.Time
}

// alarmState is the state of an alarm, with the reason for it.
type alarmState struct {
	Value        string    `json:"value"`
	Reason       string    `json:"reason"`
	ReasonData   string    `json:"reasonData,omitempty"`
	Updated      time.Time `json:"updated"`
	Transitioned time.Time `json:"transitioned"`
}

func (a *alarm) name() string { return a.config.AlarmName }

func (a *alarm) arn() string { return alarmARN(a.scope, a.name()) }

func alarmARN(at scope, name string) string {
	return awsapi.ARN{
		Partition: "aws",
		Service:   "cloudwatch",
		Region:    at.region,
		Account:   at.account,
		Resource:  "alarm:" + name,
	}.String()
}

// evaluationPeriods returns N of "M out of N datapoints" (LAM E21).
func (a *alarm) evaluationPeriods() int64 { return int64(*a.config.EvaluationPeriods) }

// datapointsToAlarm returns M of "M out of N datapoints" (LAM E21).
func (a *alarm) datapointsToAlarm() int64 {
	if a.config.DatapointsToAlarm != nil {
		return int64(*a.config.DatapointsToAlarm)
	}
	return a.evaluationPeriods()
}

// rangePeriods returns the number of periods in the evaluation range. It is larger
// than N, so that older datapoints can replace missing ones (LAM E21).
func (a *alarm) rangePeriods() int64 { return a.evaluationPeriods() + 2 }

// treatMissing returns the alarm's policy for missing data.
func (a *alarm) treatMissing() string {
	if a.config.TreatMissingData == "" {
		return "missing"
	}
	return a.config.TreatMissingData
}

// breaches reports whether a value breaches the threshold.
func (a *alarm) breaches(v float64) bool {
	t := *a.config.Threshold
	switch a.config.ComparisonOperator {
	case "GreaterThanThreshold":
		return v > t
	case "GreaterThanOrEqualToThreshold":
		return v >= t
	case "LessThanThreshold":
		return v < t
	}
	return v <= t
}
