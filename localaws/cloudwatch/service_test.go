package cloudwatch

import (
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
)

const (
	account = "000000000000"
	region  = "us-east-1"
)

// start is a full minute, so that tests can count in minutes.
var start = time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)

// fixture is a service with a clock that the test controls.
type fixture struct {
	*Service
	t     *testing.T
	clock *clock.Clock
	call  *awsapi.Call
}

func open(t *testing.T, change ...func(*Options)) *fixture {
	t.Helper()

	c := clock.New(clock.Manual, start)
	t.Cleanup(c.Close)
	o := Options{Clock: c}
	for _, f := range change {
		f(&o)
	}

	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}

	return &fixture{
		Service: s,
		t:       t,
		clock:   c,
		call:    &awsapi.Call{Account: account, Region: region},
	}
}

// in returns the fixture for a subtest.
func (b *fixture) in(t *testing.T) *fixture {
	sub := *b
	sub.t = t
	return &sub
}

func (b *fixture) advance(d time.Duration) {
	b.t.Helper()
	if err := b.clock.Advance(b.t.Context(), d); err != nil {
		b.t.Fatal(err)
	}
}

// do runs an operation by name, as the gateway does.
func do[Out any](b *fixture, operation string, in any) (*Out, error) {
	b.t.Helper()
	op, ok := b.API().Operations[operation]
	if !ok {
		b.t.Fatalf("no operation %s", operation)
	}
	out, err := op.Do(b.t.Context(), b.call, in)
	if err != nil {
		return nil, err
	}
	return out.(*Out), nil
}

// ok runs an operation by name and fails the test on an error.
func ok[Out any](b *fixture, operation string, in any) *Out {
	b.t.Helper()
	out, err := do[Out](b, operation, in)
	if err != nil {
		b.t.Fatalf("%s: %v", operation, err)
	}
	return out
}

// refused runs an operation by name and compares its error with a code and, unless
// it is empty, a message.
func refused(b *fixture, operation string, in any, code, message string) {
	b.t.Helper()
	_, err := b.API().Operations[operation].Do(b.t.Context(), b.call, in)
	if err == nil {
		b.t.Fatalf("%s: no error, want %s", operation, code)
	}
	if e := awsapi.AsError(err); e.LegacyCode() != code || message != "" && e.Message != message {
		b.t.Errorf("%s: %s %q, want %s %q", operation, e.LegacyCode(), e.Message, code, message)
	}
}

func ptr[T any](v T) *T { return &v }

func at(d time.Duration) *awsapi.Timestamp { return ptr(awsapi.Timestamp(start.Add(d))) }

// deadLetters returns the alarm on a dead-letter queue.
func deadLetters() *PutMetricAlarmInput {
	return &PutMetricAlarmInput{
		AlarmName:          "dlq",
		Namespace:          "AWS/SQS",
		MetricName:         "ApproximateNumberOfMessagesVisible",
		Statistic:          "Maximum",
		Dimensions:         []Dimension{{"QueueName", "dlq"}},
		Period:             ptr(int64(60)),
		EvaluationPeriods:  ptr(1),
		Threshold:          ptr(0.0),
		ComparisonOperator: "GreaterThanThreshold",
		TreatMissingData:   "notBreaching",
	}
}

func (b *fixture) state(name string) MetricAlarm {
	b.t.Helper()
	out := ok[DescribeAlarmsOutput](b, "DescribeAlarms", &DescribeAlarmsInput{AlarmNames: []string{name}})
	if len(out.MetricAlarms) != 1 {
		b.t.Fatalf("%d alarms with the name %s, want 1", len(out.MetricAlarms), name)
	}
	return out.MetricAlarms[0]
}

func (b *fixture) wantState(name, want string) {
	b.t.Helper()
	if a := b.state(name); a.StateValue != want {
		b.t.Errorf("at %s alarm %s is %s (%s), want %s", b.clock.Now().Format("15:04:05"), name, a.StateValue, a.StateReason, want)
	}
}

func TestAlarmFollowsQueueDepth_E21(t *testing.T) {
	t.Parallel()

	b := open(t)
	visible := 0.0
	b.AddSampler(func(emit func(account, region string, d Datum)) {
		emit(account, region, Datum{
			Namespace:  "AWS/SQS",
			Name:       "ApproximateNumberOfMessagesVisible",
			Dimensions: []Dimension{{"QueueName", "dlq"}},
			Unit:       "Count",
			Value:      visible,
			Gauge:      true,
		})
	})

	ok[awsapi.None](b, "PutMetricAlarm", deadLetters())
	b.wantState("dlq", "INSUFFICIENT_DATA")
	b.advance(time.Minute)
	b.wantState("dlq", "OK")
	visible = 3
	b.advance(time.Minute)
	b.wantState("dlq", "ALARM")
	visible = 0
	b.advance(time.Minute)
	b.wantState("dlq", "OK")
}
