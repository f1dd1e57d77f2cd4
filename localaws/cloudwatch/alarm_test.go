package cloudwatch

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
)

// counter records a count of a metric in the namespace App.
func (b *fixture) counter(name string, value float64) {
	b.Record(account, region, Datum{
		Namespace: "App",
		Name:      name,
		Unit:      "Count",
		Value:     value,
	})
}

// onErrors returns an alarm on the counter Errors.
func onErrors(change func(*PutMetricAlarmInput)) *PutMetricAlarmInput {
	in := &PutMetricAlarmInput{
		AlarmName:          "errors",
		Namespace:          "App",
		MetricName:         "Errors",
		Statistic:          "Sum",
		Period:             ptr(int64(60)),
		EvaluationPeriods:  ptr(1),
		Threshold:          ptr(21.0),
		ComparisonOperator: "GreaterThanThreshold",
	}

	if change != nil {
		change(in)
	}

	return in
}

func TestDescriptionOmitsAbsentSettings_E18(t *testing.T) {
	t.Parallel()

	b := open(t)
	ok[awsapi.None](b, "PutMetricAlarm", onErrors(nil))
	text, err := json.MarshalIndent(b.state("errors"), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "alarm.json", string(text)+"\n")
}

func TestPutMetricAlarmPreservesStateAndTags_E19(t *testing.T) {
	t.Parallel()

	b := open(t)
	ok[awsapi.None](b, "PutMetricAlarm", onErrors(func(in *PutMetricAlarmInput) {
		in.AlarmDescription = ptr("first")
		in.Tags = []awsapi.Tag{{Key: "team", Value: "a"}}
	}))
	b.counter("Errors", 30)
	b.advance(time.Minute)
	b.wantState("errors", "ALARM")
	ok[awsapi.None](b, "PutMetricAlarm", onErrors(func(in *PutMetricAlarmInput) { in.Tags = []awsapi.Tag{{Key: "team", Value: "b"}} }))
	a := b.state("errors")
	if a.StateValue != "ALARM" || a.AlarmDescription != nil {
		t.Errorf("state %s, description %v: want the same state and no description", a.StateValue, a.AlarmDescription)
	}

	tags := ok[ListTagsForResourceOutput](b, "ListTagsForResource", &ListTagsForResourceInput{ResourceARN: a.AlarmARN})
	if len(tags.Tags) != 1 || tags.Tags[0].Value != "a" {
		t.Errorf("tags %v, want those that the alarm was created with", tags.Tags)
	}
}

func TestDeleteAlarmsFailsIfNoneExists_E19(t *testing.T) {
	t.Parallel()

	b := open(t)
	ok[awsapi.None](b, "PutMetricAlarm", onErrors(nil))
	ok[awsapi.None](b, "DeleteAlarms", &AlarmNamesInput{AlarmNames: []string{"errors", "none"}})
	refused(b, "DeleteAlarms", &AlarmNamesInput{AlarmNames: []string{"errors"}}, "ResourceNotFound", "")
	if n := b.alarmCount.Load(); n != 0 {
		t.Errorf("alarmCount is %d after the last alarm was deleted, want 0", n)
	}
}

func TestSetAlarmStateHoldsUntilNextEvaluation_E20(t *testing.T) {
	t.Parallel()

	b := open(t)
	ok[awsapi.None](b, "PutMetricAlarm", deadLetters())
	b.advance(time.Minute)
	b.wantState("dlq", "OK")
	ok[awsapi.None](b, "SetAlarmState", &SetAlarmStateInput{
		AlarmName:   "dlq",
		StateValue:  "ALARM",
		StateReason: ptr("drill"),
	})

	if a := b.state("dlq"); a.StateValue != "ALARM" || a.StateReason != "drill" {
		t.Errorf("alarm %+v, want the state that was set", a)
	}

	b.advance(time.Minute)
	b.wantState("dlq", "OK")
}

func TestSetAlarmStateRefusesInvalidInput_E20(t *testing.T) {
	t.Parallel()

	b := open(t)
	refused(b, "SetAlarmState", &SetAlarmStateInput{
		AlarmName:   "x",
		StateValue:  "INVALID",
		StateReason: ptr(""),
	}, "ValidationError",
		"1 validation error detected: Value 'INVALID' at 'stateValue' failed to satisfy constraint: "+
			"Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]")

	refused(b, "SetAlarmState", &SetAlarmStateInput{
		AlarmName:   "x",
		StateValue:  "OK",
		StateReason: ptr(""),
	}, "ResourceNotFound", "")

	refused(b, "SetAlarmState", &SetAlarmStateInput{
		AlarmName:       "x",
		StateValue:      "OK",
		StateReason:     ptr(""),
		StateReasonData: "{",
	}, "InvalidFormat", "")
}

func TestActionsAreRecordedOncePerChangeAsNotDelivered_E25(t *testing.T) {
	t.Parallel()

	b := open(t)
	const topic = "arn:aws:sns:us-east-1:000000000000:ops"
	ok[awsapi.None](b, "PutMetricAlarm", onErrors(func(in *PutMetricAlarmInput) { in.AlarmActions = []string{topic} }))
	b.counter("Errors", 30)
	b.advance(time.Minute)
	b.counter("Errors", 30)
	b.advance(time.Minute)
	b.wantState("errors", "ALARM")
	history := ok[DescribeAlarmHistoryOutput](b, "DescribeAlarmHistory", &DescribeAlarmHistoryInput{AlarmName: "errors", ScanBy: "TimestampAscending"})
	var kinds []string
	for _, item := range history.AlarmHistoryItems {
		kinds = append(kinds, item.HistoryItemType)
		if item.HistoryData != "" && !json.Valid([]byte(item.HistoryData)) {
			t.Errorf("history data is not JSON: %s", item.HistoryData)
		}
	}

	if got := strings.Join(kinds, " "); got != "ConfigurationUpdate StateUpdate Action" {
		t.Errorf("history has %s, want an update of the configuration and of the state, and an action", got)
	}

	last := history.AlarmHistoryItems[2].HistorySummary
	if !strings.HasPrefix(last, "Failed to execute action "+topic) || !strings.Contains(last, "does not deliver") {
		t.Errorf("summary %q, want a failure to deliver", last)
	}

	ok[awsapi.None](b, "DisableAlarmActions", &AlarmNamesInput{AlarmNames: []string{"errors"}})
	ok[awsapi.None](b, "SetAlarmState", &SetAlarmStateInput{
		AlarmName:   "errors",
		StateValue:  "OK",
		StateReason: ptr(""),
	})

	ok[awsapi.None](b, "SetAlarmState", &SetAlarmStateInput{
		AlarmName:   "errors",
		StateValue:  "ALARM",
		StateReason: ptr(""),
	})

	actions := ok[DescribeAlarmHistoryOutput](b, "DescribeAlarmHistory", &DescribeAlarmHistoryInput{HistoryItemType: "Action"})
	if n := len(actions.AlarmHistoryItems); n != 1 || b.state("errors").ActionsEnabled {
		t.Errorf("%d actions, want only the one before actions were disabled", n)
	}
}

func TestAlarmsOnMetricMath(t *testing.T) {
	t.Parallel()

	b := open(t)
	stat := func(id, name string) MetricDataQuery {
		return MetricDataQuery{
			ID:         id,
			ReturnData: ptr(false),
			MetricStat: &MetricStat{
				Metric: &Metric{Namespace: "App", MetricName: name},
				Period: 60,
				Stat:   "Sum",
			},
		}
	}

	ok[awsapi.None](b, "PutMetricAlarm", &PutMetricAlarmInput{
		AlarmName:          "rate",
		EvaluationPeriods:  ptr(1),
		Threshold:          ptr(5.0),
		ComparisonOperator: "GreaterThanOrEqualToThreshold",
		TreatMissingData:   "notBreaching",
		Metrics:            []MetricDataQuery{stat("errors", "Errors"), stat("calls", "Calls"), {ID: "rate", Expression: "100 * FILL(errors, 0) / calls"}},
	})

	b.counter("Calls", 100)
	b.advance(time.Minute)
	b.wantState("rate", "OK")
	b.counter("Calls", 100)
	b.counter("Errors", 5)
	b.advance(time.Minute)
	b.wantState("rate", "ALARM")
	if a := b.state("rate"); len(a.Metrics) != 3 || a.Period != nil || a.MetricName != "" {
		t.Errorf("description %+v, want three queries and no single metric", a)
	}
}

func TestAlarmsOverSeveralDaysAreEvaluatedHourly(t *testing.T) {
	t.Parallel()

	b := open(t)
	ok[awsapi.None](b, "PutMetricAlarm", onErrors(func(in *PutMetricAlarmInput) {
		in.Period = ptr(int64(3600))
		in.EvaluationPeriods = ptr(48)
		in.DatapointsToAlarm = ptr(1)
	}))

	b.advance(time.Minute)
	b.counter("Errors", 30)
	b.advance(10 * time.Minute)
	b.wantState("errors", "INSUFFICIENT_DATA")
	b.advance(time.Hour)
	b.wantState("errors", "ALARM")
}

func TestAlarmsWithShortPeriodsAreEvaluatedEveryTenSeconds(t *testing.T) {
	t.Parallel()

	b := open(t)
	ok[awsapi.None](b, "PutMetricAlarm", onErrors(func(in *PutMetricAlarmInput) { in.Period = ptr(int64(10)) }))
	b.Record(account, region, Datum{
		Namespace:      "App",
		Name:           "Errors",
		Value:          30,
		HighResolution: true,
	})
	b.advance(10 * time.Second)
	b.wantState("errors", "ALARM")
}

func TestInvalidAlarmsAreRefused(t *testing.T) {
	t.Parallel()

	b := open(t)
	for name, change := range map[string]func(*PutMetricAlarmInput){
		"AlarmName":          func(in *PutMetricAlarmInput) { in.AlarmName = "" },
		"EvaluationPeriods":  func(in *PutMetricAlarmInput) { in.EvaluationPeriods = nil },
		"DatapointsToAlarm":  func(in *PutMetricAlarmInput) { in.DatapointsToAlarm = ptr(2) },
		"Threshold":          func(in *PutMetricAlarmInput) { in.Threshold = nil },
		"ComparisonOperator": func(in *PutMetricAlarmInput) { in.ComparisonOperator = "" },
		"comparisonOperator": func(in *PutMetricAlarmInput) { in.ComparisonOperator = "Above" },
		"anomaly detection":  func(in *PutMetricAlarmInput) { in.ComparisonOperator = "GreaterThanUpperThreshold" },
		"ThresholdMetricId":  func(in *PutMetricAlarmInput) { in.ThresholdMetricID = "ad1" },
		"TreatMissingData":   func(in *PutMetricAlarmInput) { in.TreatMissingData = "never" },
		"Invalid arn":        func(in *PutMetricAlarmInput) { in.AlarmActions = []string{"topic"} },
		"less than or equal": func(in *PutMetricAlarmInput) { in.OKActions = make([]string, 6) },
		"multiple of 60":     func(in *PutMetricAlarmInput) { in.Period = ptr(int64(45)) },
		"more than a day":    func(in *PutMetricAlarmInput) { in.EvaluationPeriods = ptr(1441) },
		"Either Statistic":   func(in *PutMetricAlarmInput) { in.Statistic = "" },
		"mutually exclusive": func(in *PutMetricAlarmInput) { in.ExtendedStatistic = "p99" },
		"statistic tm90": func(in *PutMetricAlarmInput) {
			in.Statistic = ""
			in.ExtendedStatistic = "tm90"
		},
		"unit":                  func(in *PutMetricAlarmInput) { in.Unit = "Apples" },
		"Percentile ignore":     func(in *PutMetricAlarmInput) { in.EvaluateLowSampleCountPercentile = "ignore" },
		"Metrics list and":      func(in *PutMetricAlarmInput) { in.Metrics = []MetricDataQuery{{}} },
		"parameter Dimensions":  func(in *PutMetricAlarmInput) { in.Dimensions = []Dimension{{"", "x"}} },
		"Tag keys must not":     func(in *PutMetricAlarmInput) { in.Tags = []awsapi.Tag{{Key: "aws:x", Value: "y"}} },
		"Namespace is required": func(in *PutMetricAlarmInput) { in.Namespace = "" },
	} {
		t.Run(name, func(t *testing.T) {
			b := b.in(t)

			err := b.PutMetricAlarm(t.Context(), b.call, onErrors(change))
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: error %v", name, err)
			}
		})
	}

	if got := ok[DescribeAlarmsOutput](b, "DescribeAlarms", &DescribeAlarmsInput{}); len(got.MetricAlarms) != 0 {
		t.Errorf("refused alarms were created: %v", got.MetricAlarms)
	}
}

// A skipping clock skips to the evaluations that change a state. Then it settles,
// although messages stay in the dead-letter queue.
func TestSkippingClockSettlesWhileAlarmIsOn(t *testing.T) {
	t.Parallel()

	c := clock.New(clock.Skip, start)
	defer c.Close()

	s, err := New(Options{Clock: c})
	if err != nil {
		t.Fatal(err)
	}

	b := &fixture{
		Service: s,
		t:       t,
		clock:   c,
		call:    &awsapi.Call{Account: account, Region: region},
	}

	s.AddSampler(func(emit func(account, region string, d Datum)) {
		emit(account, region, Datum{
			Namespace:  "AWS/SQS",
			Name:       "ApproximateNumberOfMessagesVisible",
			Dimensions: []Dimension{{"QueueName", "dlq"}},
			Value:      3,
			Gauge:      true,
		})
	})

	ok[awsapi.None](b, "PutMetricAlarm", deadLetters())
	s.NotifyActivity()
	if err := c.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}

	b.wantState("dlq", "ALARM")
	state := c.State()
	if state.Transitions != 0 || state.Upkeep != 1 {
		t.Errorf("%+v: want no event that the clock skips to, and the next sampling", state)
	}

	if state.Skipped > 10*time.Minute {
		t.Errorf("skipped %s to settle, want at most 10 minutes", state.Skipped)
	}
}

func TestNothingIsScheduledWithoutSamplersAndData(t *testing.T) {
	t.Parallel()

	b := open(t)
	ok[awsapi.None](b, "PutMetricAlarm", onErrors(nil))
	b.counter("Errors", 1)
	b.advance(time.Hour)
	if s := b.clock.State(); s.Transitions+s.Upkeep != 0 {
		t.Errorf("%+v: want no scheduled event", s)
	}

	b.wantState("errors", "INSUFFICIENT_DATA")
	b.counter("Errors", 30)
	b.advance(time.Minute)
	b.wantState("errors", "ALARM")
}
