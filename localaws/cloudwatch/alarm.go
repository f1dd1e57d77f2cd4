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

// alarm is a metric alarm.
type alarm struct {
	scope   scope
	config  PutMetricAlarmInput
	tags    []Tag
	changed time.Time // when the configuration was last put
	state   alarmState
	history []AlarmHistoryItem // oldest first

	period int64 // seconds
	query  query // what it watches

	// activity is when something was last counted that its metrics show, or when
	// it was made. end is the state that it comes to when all stays as it is, and
	// bent when that became another. quiet says that nothing is in its evaluation range, so that
	// its state stays. next is when it is evaluated next, where that is seldom.
	lastActivity   time.Time
	settledState   string
	settledChanged time.Time
	idle           bool
	nextEvaluation time.Time
}

// alarmState is what an alarm says.
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

// evaluationPeriods is N, and toAlarm M, of "M out of N datapoints" (LAM E21).
func (a *alarm) evaluationPeriods() int64 { return int64(*a.config.EvaluationPeriods) }

func (a *alarm) datapointsToAlarm() int64 {
	if a.config.DatapointsToAlarm != nil {
		return int64(*a.config.DatapointsToAlarm)
	}
	return a.evaluationPeriods()
}

// rangePeriods is how many periods are looked at: some more than N, so that
// missing ones can be made up for by older ones (LAM E21).
func (a *alarm) rangePeriods() int64 { return a.evaluationPeriods() + 2 }

// treatMissing is the alarm's policy for missing data.
func (a *alarm) treatMissing() string {
	if a.config.TreatMissingData == "" {
		return "missing"
	}
	return a.config.TreatMissingData
}

// breaches holds a value against the threshold.
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
