package localaws_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/reliableq/reliableq/localaws"
)

// sum returns the sum of a metric over all time.
func (w *testServer) sum(namespace, name string, dimensions ...string) float64 {
	w.t.Helper()
	in := &cloudwatch.GetMetricStatisticsInput{
		Namespace: &namespace, MetricName: &name, Period: aws.Int32(86400), Statistics: []types.Statistic{types.StatisticSum},
		StartTime: new(w.Clock().Now().Add(-24 * time.Hour)), EndTime: new(w.Clock().Now().Add(time.Hour)),
	}
	for i := 0; i < len(dimensions); i += 2 {
		in.Dimensions = append(in.Dimensions, types.Dimension{Name: &dimensions[i], Value: &dimensions[i+1]})
	}
	total := 0.0
	for _, p := range ok[*cloudwatch.GetMetricStatisticsOutput](w.t)(cloudwatch.NewFromConfig(w.Config()).GetMetricStatistics(w.t.Context(), in)).Datapoints {
		total += *p.Sum
	}
	return total
}

// states returns the states of an alarm, oldest first.
func (w *testServer) states(alarm string) []string {
	w.t.Helper()
	history := ok[*cloudwatch.DescribeAlarmHistoryOutput](w.t)(cloudwatch.NewFromConfig(w.Config()).DescribeAlarmHistory(w.t.Context(),
		&cloudwatch.DescribeAlarmHistoryInput{AlarmName: &alarm, HistoryItemType: types.HistoryItemTypeStateUpdate, ScanBy: types.ScanByTimestampAscending}))
	var all []string
	for _, item := range history.AlarmHistoryItems {
		all = append(all, (*item.HistorySummary)[strings.LastIndex(*item.HistorySummary, " ")+1:])
	}
	return all
}

// TestAlarmOnTheDeadLetterQueueFiresAndEnds sends a message that no function can
// process and later removes it.
func TestAlarmOnTheDeadLetterQueueFiresAndEnds(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{})
	cfg := w.Config()
	dead := w.queue(cfg, "dlq", nil)
	queue := w.queue(cfg, "q", map[string]string{
		"VisibilityTimeout": "10", "RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dlq","maxReceiveCount":2}`,
	})
	w.function(cfg, "f", w.role(cfg, "r", "sqs:*", "logs:*"), func(context.Context, []byte) ([]byte, error) { return nil, errors.New("rejected") })
	w.connect(cfg, "f", queueARN(w.Account(), w.Region(), "q"))
	alarms := cloudwatch.NewFromConfig(cfg)
	ok[*cloudwatch.PutMetricAlarmOutput](t)(alarms.PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String("dead-letters"), Namespace: aws.String("AWS/SQS"), MetricName: aws.String("ApproximateNumberOfMessagesVisible"),
		Dimensions: []types.Dimension{{Name: aws.String("QueueName"), Value: aws.String("dlq")}}, Statistic: types.StatisticMaximum, Period: aws.Int32(60),
		EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(0), ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold,
		TreatMissingData: aws.String("notBreaching"),
	}))
	w.send(cfg, queue, "bad")
	w.settle()
	if got := w.count(cfg, dead, "ApproximateNumberOfMessages"); got != "1" {
		t.Fatalf("%s dead letters", got)
	}
	w.Advance(t, 2*time.Minute)
	got := w.states("dead-letters")
	if len(got) == 0 || got[len(got)-1] != "ALARM" {
		t.Errorf("states %v with a dead letter", got)
	}
	ok[[]string](t)(w.Reset(t.Context(), localaws.ResetScope{Service: "sqs"}))
	w.queue(cfg, "dlq", nil)
	w.Advance(t, 10*time.Minute)
	if got = w.states("dead-letters"); got[len(got)-1] != "OK" || !slices.Contains(got, "ALARM") {
		t.Errorf("states %v after its removal", got)
	}
	for name, want := range map[string]float64{"Invocations": 2, "Errors": 2, "Throttles": 0} {
		t.Run(name, func(t *testing.T) {
			if got := w.sum("AWS/Lambda", name, "FunctionName", "f"); got != want {
				t.Errorf("%s %v, want %v", name, got, want)
			}
		})
	}
	if got := w.sum("AWS/SQS", "NumberOfMessagesReceived", "QueueName", "q"); got != 2 {
		t.Errorf("%v received", got)
	}
}

// TestLogLineOfAFunctionBecomesAMetric writes embedded metric format.
func TestLogLineOfAFunctionBecomesAMetric(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{Addr: "127.0.0.1:0"})
	cfg := w.Config()
	ok[*lambda.CreateFunctionOutput](t)(lambda.NewFromConfig(cfg).CreateFunction(t.Context(), createShell(t, "f", w.role(cfg, "r", "logs:*"), emfBootstrap)))
	for range 3 {
		out := ok[*lambda.InvokeOutput](t)(lambda.NewFromConfig(cfg).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f")}))
		if out.FunctionError != nil {
			t.Fatalf("%s", out.Payload)
		}
	}
	if err := w.Clock().Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.sum("Shop", "Orders", "Kind", "good"); got != 15 {
		t.Errorf("the sum is %v, want 15; the log is\n%s", got, w.log(cfg, "f"))
	}
}

const emfBootstrap = `#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
while true; do
  curl -sS -D /tmp/headers.$$ "$api/invocation/next" >/dev/null 2>&1 || exit 1
  id=$(grep -i '^lambda-runtime-aws-request-id:' /tmp/headers.$$ | tr -d '\r' | cut -d' ' -f2)
  now=$(date +%s)000
  echo '{"_aws":{"Timestamp":'$now',"CloudWatchMetrics":[{"Namespace":"Shop","Dimensions":[["Kind"]],"Metrics":[{"Name":"Orders","Unit":"Count"}]}]},"Kind":"good","Orders":5}'
  curl -sS -X POST "$api/invocation/$id/response" -d '{}' >/dev/null
done
`

// TestMappingCountsItsEvents checks the metrics that mappings publish if configured to
// (LAM B22).
func TestMappingCountsItsEvents(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{})
	cfg := w.Config()
	queue := w.queue(cfg, "q", map[string]string{"VisibilityTimeout": "10"})
	calls := 0
	w.function(cfg, "f", w.role(cfg, "r", "sqs:*", "logs:*"), func(context.Context, []byte) ([]byte, error) {
		if calls++; calls == 1 {
			return nil, errors.New("the first attempt fails")
		}
		return []byte("{}"), nil
	})
	uuid := w.connect(cfg, "f", queueARN(w.Account(), w.Region(), "q"), lambdatypes.EventSourceMappingMetricEventCount)
	w.send(cfg, queue, "a")
	w.settle()
	for name, want := range map[string]float64{"PolledEventCount": 2, "InvokedEventCount": 2, "FailedInvokeEventCount": 1, "DeletedEventCount": 1} {
		t.Run(name, func(t *testing.T) {
			if got := w.sum("AWS/Lambda", name, "EventSourceMappingUUID", *uuid); got != want {
				t.Errorf("%s %v, want %v", name, got, want)
			}
		})
	}
}
