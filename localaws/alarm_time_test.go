package localaws_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/localaws"
)

// alarmed is a test server with a queue that no function reads, and an alarm on it.
type alarmed struct {
	*testServer
	client *sqs.Client
	queue  *string
}

// newAlarmed advances the clock by a quarter of an hour before the first event, and
// settles.
func newAlarmed(t *testing.T, change func(*cloudwatch.PutMetricAlarmInput)) alarmed {
	t.Helper()
	w := newTestServer(t, localaws.Options{})
	a := alarmed{w, sqs.NewFromConfig(w.Config()), w.queue(w.Config(), "q", nil)}
	in := &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String("alarm"), Namespace: aws.String("AWS/SQS"), MetricName: aws.String("ApproximateNumberOfMessagesVisible"),
		Dimensions: queueDimension("q"), Statistic: cwtypes.StatisticMaximum, Period: aws.Int32(60),
		EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(0), ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold,
		TreatMissingData: aws.String("notBreaching"),
	}
	if change != nil {
		change(in)
	}
	ok[*cloudwatch.PutMetricAlarmOutput](t)(cloudwatch.NewFromConfig(w.Config()).PutMetricAlarm(t.Context(), in))
	a.settle()
	a.Advance(t, 15*time.Minute)
	a.settle()
	return a
}

func queueDimension(name string) []cwtypes.Dimension {
	return []cwtypes.Dimension{{Name: aws.String("QueueName"), Value: &name}}
}

// skipped returns how far the clock advances until everything that f started has
// settled.
func (a alarmed) skipped(f func()) time.Duration {
	before := a.Clock().Skipped()
	f()
	a.settle()
	return a.Clock().Skipped() - before
}

func (a alarmed) take() {
	a.t.Helper()
	for {
		out := ok[*sqs.ReceiveMessageOutput](a.t)(a.client.ReceiveMessage(a.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: a.queue, MaxNumberOfMessages: 10}))
		if len(out.Messages) == 0 {
			return
		}
		for _, m := range out.Messages {
			ok[*sqs.DeleteMessageOutput](a.t)(a.client.DeleteMessage(a.t.Context(), &sqs.DeleteMessageInput{QueueUrl: a.queue, ReceiptHandle: m.ReceiptHandle}))
		}
	}
}

// TestAlarmFollowsAQueueWithoutAnyFunction changes a queue long after the last
// invocation: the clock skips to the periods that change the alarm (LAM E21).
func TestAlarmFollowsAQueueWithoutAnyFunction(t *testing.T) {
	t.Parallel()
	a := newAlarmed(t, nil)
	if by := a.skipped(func() { a.send(a.Config(), a.queue, "m") }); by > 2*time.Minute {
		t.Errorf("%s were skipped for an alarm of one minute", by)
	}
	if got := a.states("alarm"); !slices.Equal(got, []string{"OK", "ALARM"}) {
		t.Errorf("with a message: %v", got)
	}
	a.skipped(a.take)
	if got := a.states("alarm"); !slices.Equal(got, []string{"OK", "ALARM", "OK"}) {
		t.Errorf("after its deletion: %v", got)
	}
	a.send(a.Config(), a.queue, "m")
	a.settle()
	a.skipped(func() {
		ok[*sqs.PurgeQueueOutput](t)(a.client.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: a.queue}))
	})
	if got := a.states("alarm"); !slices.Equal(got, []string{"OK", "ALARM", "OK", "ALARM", "OK"}) {
		t.Errorf("after a purge: %v", got)
	}
}

// TestAlarmOfADeletedQueueTreatsDataAsMissing deletes the queue.
func TestAlarmOfADeletedQueueTreatsDataAsMissing(t *testing.T) {
	t.Parallel()
	a := newAlarmed(t, func(in *cloudwatch.PutMetricAlarmInput) { in.TreatMissingData = nil })
	a.send(a.Config(), a.queue, "m")
	a.settle()
	a.skipped(func() {
		ok[*sqs.DeleteQueueOutput](t)(a.client.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: a.queue}))
	})
	if got := a.states("alarm"); !slices.Equal(got, []string{"ALARM", "INSUFFICIENT_DATA"}) {
		t.Errorf("states %v", got)
	}
}

// TestAlarmOverThreeQuartersOfAnHourFiresInTime needs three periods of a quarter.
func TestAlarmOverThreeQuartersOfAnHourFiresInTime(t *testing.T) {
	t.Parallel()
	a := newAlarmed(t, func(in *cloudwatch.PutMetricAlarmInput) {
		in.Period, in.EvaluationPeriods, in.Statistic = aws.Int32(900), aws.Int32(3), cwtypes.StatisticMinimum
	})
	by := a.skipped(func() { a.send(a.Config(), a.queue, "m") })
	if got := a.states("alarm"); got[len(got)-1] != "ALARM" {
		t.Errorf("states %v", got)
	}
	if by < 30*time.Minute || by > 46*time.Minute {
		t.Errorf("%s were skipped, want two whole periods of a quarter of an hour after the first minute", by)
	}
}

// TestAlarmWithoutAChangeSkipsNoTime sends hundreds of messages, one after the other,
// to a queue whose alarm does not change its state. If every change were a reason to
// skip, each message would take a minute, and retention would delete the first.
func TestAlarmWithoutAChangeSkipsNoTime(t *testing.T) {
	t.Parallel()
	for name, threshold := range map[string]float64{"StaysOK": 1e6, "StaysOn": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAlarmed(t, func(in *cloudwatch.PutMetricAlarmInput) { in.Threshold = &threshold })
			a.send(a.Config(), a.queue, "first")
			a.settle()
			by := a.skipped(func() {
				for range 300 {
					a.send(a.Config(), a.queue, "m")
				}
			})
			if by > 10*time.Second {
				t.Errorf("%s were skipped though no alarm changed", by)
			}
			if s := a.Clock().State(); s.Transitions != 0 {
				t.Errorf("%d transitions are left after settling", s.Transitions)
			}
		})
	}
}

// TestAlarmOnAnAgeFiresInTimeAndIsNotSkippedTo has an alarm on a message's age. The
// clock must not skip to it: it would skip until the end of the retention period.
func TestAlarmOnAnAgeFiresInTimeAndIsNotSkippedTo(t *testing.T) {
	t.Parallel()
	a := newAlarmed(t, func(in *cloudwatch.PutMetricAlarmInput) {
		in.MetricName, in.Threshold = aws.String("ApproximateAgeOfOldestMessage"), aws.Float64(3600)
	})
	if by := a.skipped(func() { a.send(a.Config(), a.queue, "m") }); by > 5*time.Minute {
		t.Errorf("%s were skipped for an age", by)
	}
	if got := a.states("alarm"); !slices.Equal(got, []string{"OK"}) {
		t.Errorf("states %v of a young message", got)
	}
	a.Advance(t, time.Hour+2*time.Minute)
	if got := a.states("alarm"); !slices.Equal(got, []string{"OK", "ALARM"}) {
		t.Errorf("states %v of a message more than an hour old", got)
	}
}

// TestAlarmOnMetricMathFollowsAQueueAndSettles adds the messages in flight.
func TestAlarmOnMetricMathFollowsAQueueAndSettles(t *testing.T) {
	t.Parallel()
	part := func(id, metric string) cwtypes.MetricDataQuery {
		return cwtypes.MetricDataQuery{Id: &id, ReturnData: aws.Bool(false), MetricStat: &cwtypes.MetricStat{
			Metric: &cwtypes.Metric{Namespace: aws.String("AWS/SQS"), MetricName: &metric, Dimensions: queueDimension("q")}, Period: aws.Int32(60), Stat: aws.String("Maximum"),
		}}
	}
	a := newAlarmed(t, func(in *cloudwatch.PutMetricAlarmInput) {
		in.Namespace, in.MetricName, in.Dimensions, in.Statistic, in.Period = nil, nil, nil, "", nil
		in.Metrics = []cwtypes.MetricDataQuery{
			part("waiting", "ApproximateNumberOfMessagesVisible"), part("age", "ApproximateAgeOfOldestMessage"),
			{Id: aws.String("both"), Expression: aws.String("waiting + 0 * FILL(age, 0)")},
		}
	})
	if by := a.skipped(func() { a.send(a.Config(), a.queue, "m") }); by > 10*time.Minute {
		t.Errorf("%s were skipped", by)
	}
	if got := a.states("alarm"); !slices.Equal(got, []string{"OK", "ALARM"}) {
		t.Errorf("states %v", got)
	}
}

// TestEveryKindOfChangeReachesAlarms checks that each kind of change of a queue sets
// an alarm on what it changes.
func TestEveryKindOfChangeReachesAlarms(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, metric string
		change       func(a alarmed)
	}{
		{"received", "ApproximateNumberOfMessagesNotVisible", func(a alarmed) {
			in := &sqs.ReceiveMessageInput{QueueUrl: a.queue, VisibilityTimeout: 43200}
			ok[*sqs.ReceiveMessageOutput](a.t)(a.client.ReceiveMessage(a.t.Context(), in))
		}},
		{"delayed", "ApproximateNumberOfMessagesDelayed", func(a alarmed) {
			in := &sqs.SendMessageInput{QueueUrl: a.queue, MessageBody: aws.String("later"), DelaySeconds: 900}
			ok[*sqs.SendMessageOutput](a.t)(a.client.SendMessage(a.t.Context(), in))
		}},
		{"counted", "NumberOfMessagesDeleted", alarmed.take},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newAlarmed(t, func(in *cloudwatch.PutMetricAlarmInput) { in.MetricName = &tt.metric })
			a.send(a.Config(), a.queue, "m")
			a.settle()
			a.skipped(func() { tt.change(a) })
			if got := a.states("alarm"); !slices.Equal(got, []string{"OK", "ALARM", "OK"}) {
				t.Errorf("states %v, want ALARM and then OK", got)
			}
		})
	}
}

// TestIdleServerWithAlarmsSkipsNoTime sends read-only requests: the clock stays where
// it is.
func TestIdleServerWithAlarmsSkipsNoTime(t *testing.T) {
	t.Parallel()
	a := newAlarmed(t, nil)
	a.send(a.Config(), a.queue, "m")
	a.settle()
	by := a.skipped(func() {
		for range 100 {
			a.count(a.Config(), a.queue, "ApproximateNumberOfMessages")
			ok[*cloudwatch.ListMetricsOutput](t)(cloudwatch.NewFromConfig(a.Config()).ListMetrics(t.Context(), &cloudwatch.ListMetricsInput{}))
			if _, err := a.Peek("q"); err != nil {
				t.Fatal(err)
			}
			a.states("alarm")
		}
	})
	if by > time.Second {
		t.Errorf("%s were skipped while nothing happened", by)
	}
}
