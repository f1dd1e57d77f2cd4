package localaws_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/localaws"
)

// fill creates one resource of every kind.
func (w *testServer) fill(cfg aws.Config, account string) {
	w.t.Helper()
	ctx := w.t.Context()
	w.queue(cfg, "q", nil)
	w.function(cfg, "f", w.role(cfg, "r-"+cfg.Region, "sqs:*", "logs:*"), nothing)
	w.connect(cfg, "f", queueARN(account, cfg.Region, "q"))
	ok[*cloudwatchlogs.CreateLogGroupOutput](w.t)(cloudwatchlogs.NewFromConfig(cfg).CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("g")}))
	ok[*cloudwatch.PutMetricAlarmOutput](w.t)(cloudwatch.NewFromConfig(cfg).PutMetricAlarm(ctx, &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String("a"), Namespace: aws.String("N"), MetricName: aws.String("m"), Statistic: cwtypes.StatisticSum, Period: aws.Int32(60),
		EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1), ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold,
	}))
}

// left returns the kinds of resources that still exist.
func (w *testServer) left(cfg aws.Config) string {
	w.t.Helper()
	ctx := w.t.Context()
	var held []string
	note := func(what string, n int) {
		if n > 0 {
			held = append(held, what)
		}
	}
	note("alarms", len(ok[*cloudwatch.DescribeAlarmsOutput](w.t)(cloudwatch.NewFromConfig(cfg).DescribeAlarms(ctx, nil)).MetricAlarms))
	fn := lambda.NewFromConfig(cfg)
	note("functions", len(ok[*lambda.ListFunctionsOutput](w.t)(fn.ListFunctions(ctx, nil)).Functions))
	note("groups", len(ok[*cloudwatchlogs.DescribeLogGroupsOutput](w.t)(cloudwatchlogs.NewFromConfig(cfg).DescribeLogGroups(ctx, nil)).LogGroups))
	note("mappings", len(ok[*lambda.ListEventSourceMappingsOutput](w.t)(fn.ListEventSourceMappings(ctx, nil)).EventSourceMappings))
	note("queues", len(ok[*sqs.ListQueuesOutput](w.t)(sqs.NewFromConfig(cfg).ListQueues(ctx, nil)).QueueUrls))
	note("roles", len(ok[*iam.ListRolesOutput](w.t)(iam.NewFromConfig(cfg).ListRoles(ctx, nil)).Roles))
	return strings.Join(held, " ")
}

const everything = "alarms functions groups mappings queues roles"

func TestResetRemovesTheStateOfOneServiceOrAll(t *testing.T) {
	t.Parallel()
	all := []string{"lambda", "sqs", "logs", "cloudwatch", "iam", "sts"}
	for _, tt := range []struct {
		scope   localaws.ResetScope
		reached []string
		left    string
	}{
		{localaws.ResetScope{}, all, ""},
		{localaws.ResetScope{Account: "000000000000"}, all, ""},
		{localaws.ResetScope{Account: "111111111111"}, all, everything},
		{localaws.ResetScope{Region: "us-east-1"}, all[:4], "roles"},
		{localaws.ResetScope{Region: "eu-west-1"}, all[:4], everything},
		{localaws.ResetScope{Service: "sqs"}, all[1:2], "alarms functions groups mappings roles"},
		{localaws.ResetScope{Service: "lambda"}, all[:1], "alarms groups queues roles"},
		{localaws.ResetScope{Service: "iam"}, all[4:5], "alarms functions groups mappings queues"},
		{localaws.ResetScope{Service: "logs"}, all[2:3], "alarms functions mappings queues roles"},
		{localaws.ResetScope{Service: "cloudwatch"}, all[3:4], "functions groups mappings queues roles"},
		{localaws.ResetScope{Service: "sts"}, all[5:], everything},
	} {
		t.Run(fmt.Sprint(tt.scope), func(t *testing.T) {
			w := newTestServer(t, localaws.Options{})
			w.fill(w.Config(), w.Account())
			reached, err := w.Reset(t.Context(), tt.scope)
			if err != nil || !slices.Equal(reached, tt.reached) {
				t.Errorf("%+v reached %v, want %v; %v", tt.scope, reached, tt.reached, err)
			}
			if got := w.left(w.Config()); got != tt.left {
				t.Errorf("%+v left %q, want %q", tt.scope, got, tt.left)
			}
		})
	}
}

func TestEverythingCanBeCreatedAgainAfterAReset(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{})
	for range 3 {
		w.fill(w.Config(), w.Account())
		if got := w.left(w.Config()); got != everything {
			t.Errorf("there are %q", got)
		}
		w.send(w.Config(), aws.String(w.URL()+"/000000000000/q"), "x")
		w.settle()
		ok[[]string](t)(w.Reset(t.Context(), localaws.ResetScope{}))
	}
	w.settle()
	if s := w.Clock().State(); s.Transitions != 0 {
		t.Errorf("%d transitions are left on the clock", s.Transitions)
	}
}

func TestResetRefusesAnUnknownService(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{})
	if _, err := w.Reset(t.Context(), localaws.ResetScope{Service: "s3"}); err == nil || !strings.Contains(err.Error(), "reset s3: no such service") {
		t.Errorf("%v", err)
	}
}
