package cloudwatch

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
)

// row reads datapoints from a picture, newest right: 0 is fine, X breaches, - is
// missing.
func row(picture string) []datapoint {
	var out []datapoint
	for i, c := range strings.Fields(picture) {
		out = append(out, datapoint{
			start:   int64(i * 60),
			missing: c == "-",
			value:   map[string]float64{"X": 1}[c],
		})
	}
	return out
}

func high(v float64) bool { return v > 0 }

func TestE22AlarmsTreatMissingDataAsTheGuidesTablesSay(t *testing.T) {
	t.Parallel()

	const insufficient = "INSUFFICIENT_DATA"
	for _, tt := range []struct {
		m, n    int
		picture string
		want    [4]string // missing, ignore, breaching, notBreaching; empty keeps the state
	}{
		{3, 3, "0 - X - X", [4]string{"OK", "OK", "OK", "OK"}},
		{3, 3, "- - - - 0", [4]string{"OK", "OK", "OK", "OK"}},
		{3, 3, "- - - - -", [4]string{insufficient, "", "ALARM", "OK"}},
		{3, 3, "0 X X - X", [4]string{"ALARM", "ALARM", "ALARM", "ALARM"}},
		{3, 3, "- - X - -", [4]string{"ALARM", "", "ALARM", "OK"}},
		{2, 3, "0 - X - X", [4]string{"ALARM", "ALARM", "ALARM", "ALARM"}},
		{2, 3, "0 0 X 0 X", [4]string{"ALARM", "ALARM", "ALARM", "ALARM"}},
		{2, 3, "0 - X - -", [4]string{"OK", "OK", "ALARM", "OK"}},
		{2, 3, "- - - - 0", [4]string{"OK", "OK", "ALARM", "OK"}},
		{2, 3, "- - - X -", [4]string{"ALARM", "", "ALARM", "OK"}},
		{2, 3, "- - - - X", [4]string{insufficient, "", "ALARM", "OK"}},
		{1, 1, "- - X", [4]string{"ALARM", "ALARM", "ALARM", "ALARM"}},
		{1, 1, "X X 0", [4]string{"OK", "OK", "OK", "OK"}},
	} {
		t.Run(fmt.Sprintf("%d of %d with %s", tt.m, tt.n, tt.picture), func(t *testing.T) {
			for i, policy := range []string{"missing", "ignore", "breaching", "notBreaching"} {
				if got := applyAlarmRules(row(tt.picture), tt.n, tt.m, high, policy).state; got != tt.want[i] {
					t.Errorf("%d of %d, %s, %s: %q, want %q", tt.m, tt.n, tt.picture, policy, got, tt.want[i])
				}
			}
		})
	}
}

func TestE23AnAlarmGoesOffEarlyOnlyWhenTheBreachIsOldEnough(t *testing.T) {
	t.Parallel()

	for picture, want := range map[string]string{
		"- - - - X": "INSUFFICIENT_DATA",
		"- - - X -": "INSUFFICIENT_DATA",
		"- - X - -": "ALARM",
		"- X - - -": "ALARM",
		"0 - X - -": "OK",
	} {
		t.Run(picture, func(t *testing.T) {
			if got := applyAlarmRules(row(picture), 3, 3, high, "missing").state; got != want {
				t.Errorf("%s: %s, want %s", picture, got, want)
			}
		})
	}
}

// With no datapoint missing, the policies agree, and the state is a plain count.
func TestE21WithoutMissingDataTheStateIsACount(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "n")
		m := rapid.IntRange(1, n).Draw(t, "m")
		points := make([]datapoint, n+2)
		breaching := 0
		for i := range points {
			points[i].value = float64(rapid.IntRange(0, 1).Draw(t, "value"))
			if i >= 2 && points[i].value > 0 {
				breaching++
			}
		}

		want := stateOK
		if breaching >= m {
			want = stateAlarm
		}

		for _, policy := range []string{"missing", "ignore", "breaching", "notBreaching"} {
			if got := applyAlarmRules(points, n, m, high, policy).state; got != want {
				t.Fatalf("%s: %s with %d breaching of %d, want %s", policy, got, breaching, n, want)
			}
		}
	})
}

// counter records one count of a metric of our own.
func (b *bench) counter(name string, value float64) {
	b.Record(account, region, Datum{
		Namespace: "App",
		Name:      name,
		Unit:      "Count",
		Value:     value,
	})
}

// onErrors is an alarm on a counter of our own.
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

func TestE18AFreshAlarmIsDescribedWithoutWhatWasNotGiven(t *testing.T) {
	t.Parallel()

	b := open(t)
	ok[awsapi.None](b, "PutMetricAlarm", onErrors(nil))
	text, err := json.MarshalIndent(b.state("errors"), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "alarm.json", string(text)+"\n")
}

func TestE19PutAgainKeepsStateAndTagsAndReplacesTheRest(t *testing.T) {
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
		t.Errorf("state %s, description %v: want the state kept and the description gone", a.StateValue, a.AlarmDescription)
	}

	tags := ok[ListTagsForResourceOutput](b, "ListTagsForResource", &ListTagsForResourceInput{ResourceARN: a.AlarmARN})
	if len(tags.Tags) != 1 || tags.Tags[0].Value != "a" {
		t.Errorf("tags %v, want those of the creation", tags.Tags)
	}
}

func TestE19DeleteAlarmsFailsOnlyWhenNoneIsThere(t *testing.T) {
	t.Parallel()

	b := open(t)
	ok[awsapi.None](b, "PutMetricAlarm", onErrors(nil))
	ok[awsapi.None](b, "DeleteAlarms", &AlarmNamesInput{AlarmNames: []string{"errors", "none"}})
	refused(b, "DeleteAlarms", &AlarmNamesInput{AlarmNames: []string{"errors"}}, "ResourceNotFound", "")
	if n := b.alarmCount.Load(); n != 0 {
		t.Errorf("%d alarms counted after the last was deleted", n)
	}
}

func TestE20SetAlarmStateHoldsUntilTheNextEvaluation(t *testing.T) {
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
		t.Errorf("alarm %+v", a)
	}

	b.advance(time.Minute)
	b.wantState("dlq", "OK")
}

func TestE20SetAlarmStateRefusesWhatIsNoState(t *testing.T) {
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

func TestE24ReasonsReadAsAWSWritesThem(t *testing.T) {
	t.Parallel()

	b := open(t)
	ok[awsapi.None](b, "PutMetricAlarm", onErrors(nil))
	ok[awsapi.None](b, "PutMetricAlarm", onErrors(func(in *PutMetricAlarmInput) {
		in.AlarmName = "m-of-n"
		in.EvaluationPeriods = ptr(2)
		in.DatapointsToAlarm = ptr(1)
	}))

	ok[awsapi.None](b, "PutMetricAlarm", onErrors(func(in *PutMetricAlarmInput) {
		in.AlarmName = "silent"
		in.MetricName = "Nothing"
		in.EvaluationPeriods = ptr(2)
		in.TreatMissingData = "breaching"
	}))

	b.counter("Errors", 21.5)
	b.advance(time.Minute)
	for name, want := range map[string]string{
		"errors": "Threshold Crossed: 1 datapoint [21.5 (02/01/26 03:04:00)] was greater than the threshold (21.0).",
		"m-of-n": "Threshold Crossed: 1 out of the last 2 datapoints [21.5 (02/01/26 03:04:00)] was greater than the threshold (21.0) " +
			"(minimum 1 datapoint for OK -> ALARM transition).",
		"silent": "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching].",
	} {
		t.Run(name, func(t *testing.T) {
			b := b.in(t)

			if a := b.state(name); a.StateReason != want || a.StateValue != "ALARM" {
				t.Errorf("%s: %s\n got %s\nwant %s", name, a.StateValue, a.StateReason, want)
			}
		})
	}

	golden(t, "reason-data.json", b.state("errors").StateReasonData+"\n")
	b.advance(3 * time.Minute)
	if a := b.state("errors"); a.StateValue != "INSUFFICIENT_DATA" || a.StateReason != "Insufficient Data: 1 datapoint was unknown." {
		t.Errorf("%s: %s", a.StateValue, a.StateReason)
	}
}

func TestE24NumbersAreWrittenAsJavaDoes(t *testing.T) {
	t.Parallel()

	for v, want := range map[float64]string{
		0:        "0.0",
		21:       "21.0",
		21.5:     "21.5",
		-3:       "-3.0",
		1e7:      "1.0E7",
		12345678: "1.2345678E7",
		0.001:    "0.001",
		0.0001:   "1.0E-4",
	} {
		t.Run(want, func(t *testing.T) {
			if got := formatNumber(v); got != want {
				t.Errorf("%v is written %s, want %s", v, got, want)
			}
		})
	}
}

func TestE25ActionsAreTakenOncePerChangeAndSaidNotToBeDelivered(t *testing.T) {
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
			t.Errorf("history data %s", item.HistoryData)
		}
	}

	if got := strings.Join(kinds, " "); got != "ConfigurationUpdate StateUpdate Action" {
		t.Errorf("history %s", got)
	}

	last := history.AlarmHistoryItems[2].HistorySummary
	if !strings.HasPrefix(last, "Failed to execute action "+topic) || !strings.Contains(last, "does not deliver") {
		t.Errorf("action: %s", last)
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
		t.Errorf("%d actions, want the one from before they were disabled", n)
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
		t.Errorf("described as %+v", a)
	}
}

func TestAlarmsOverDaysAreLookedAtByTheHour(t *testing.T) {
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

func TestAlarmsBelowAMinuteAreLookedAtEveryTenSeconds(t *testing.T) {
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

func TestBadAlarmsAreRefused(t *testing.T) {
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
		t.Errorf("refused alarms were made: %v", got.MetricAlarms)
	}
}

// A skipping clock goes to the evaluations that matter and comes to rest although
// messages lie in the dead-letter queue for good.
func TestASkippingClockSettlesWithTheAlarmOn(t *testing.T) {
	t.Parallel()

	c := clock.New(clock.Skip, start)
	defer c.Close()

	s, err := New(Options{Clock: c})
	if err != nil {
		t.Fatal(err)
	}

	b := &bench{
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
	s.Active()
	if err := c.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}

	b.wantState("dlq", "ALARM")
	state := c.State()
	if state.Moves != 0 || state.Upkeep != 1 {
		t.Errorf("%+v: want no move left, and the next sampling", state)
	}

	if state.Skipped > 10*time.Minute {
		t.Errorf("skipped %s to settle", state.Skipped)
	}
}

func TestWithoutSamplersAndDataNothingStaysBooked(t *testing.T) {
	t.Parallel()

	b := open(t)
	ok[awsapi.None](b, "PutMetricAlarm", onErrors(nil))
	b.counter("Errors", 1)
	b.advance(time.Hour)
	if s := b.clock.State(); s.Moves+s.Upkeep != 0 {
		t.Errorf("%+v: something is still booked", s)
	}

	b.wantState("errors", "INSUFFICIENT_DATA")
	b.counter("Errors", 30)
	b.advance(time.Minute)
	b.wantState("errors", "ALARM")
}
