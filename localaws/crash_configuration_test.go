package localaws_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/reliableq/reliableq/localaws/clock"
)

// configuration has resources of every service, each with a number that a client
// increases repeatedly.
type configuration struct {
	mu           sync.Mutex
	tried        map[string]int // the number of the last request
	acknowledged map[string]int // the number of the last request that was acknowledged
	mapping      string
	accessKey    string
	failures     []string
}

// clients are the AWS SDK's, without retries.
type clients struct {
	sqs    *sqs.Client
	iam    *iam.Client
	lambda *lambda.Client
	alarms *cloudwatch.Client
	logs   *cloudwatchlogs.Client
}

func newClients(url string, transport http.RoundTripper) clients {
	cfg := aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(url), HTTPClient: &http.Client{Transport: transport},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDANYBODY", "secret", ""),
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
	}
	return clients{
		sqs.NewFromConfig(cfg), iam.NewFromConfig(cfg), lambda.NewFromConfig(cfg), cloudwatch.NewFromConfig(cfg), cloudwatchlogs.NewFromConfig(cfg),
	}
}

// numbered lists the resources with a number, and how to write and read it.
var numbered = []struct {
	name  string
	write func(context.Context, clients, string, int) error
	read  func(context.Context, clients, string) (int, error)
}{
	{"queue", setQueue, queueNumber},
	{"role", setRole, roleNumber},
	{"function", setFunction, functionNumber},
	{"alarm", setAlarm, alarmNumber},
}

func setQueue(ctx context.Context, c clients, url string, n int) error {
	_, err := c.sqs.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{
		QueueUrl: aws.String(url + "/000000000000/settings"), Attributes: map[string]string{"VisibilityTimeout": strconv.Itoa(n)},
	})
	return err
}

func queueNumber(ctx context.Context, c clients, url string) (int, error) {
	out, err := c.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: aws.String(url + "/000000000000/settings"), AttributeNames: []sqstypes.QueueAttributeName{"VisibilityTimeout"},
	})
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(out.Attributes["VisibilityTimeout"])
}

func setRole(ctx context.Context, c clients, _ string, n int) error {
	_, err := c.iam.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: aws.String("runs-functions"), Description: aws.String(strconv.Itoa(n))})
	return err
}

func roleNumber(ctx context.Context, c clients, _ string) (int, error) {
	out, err := c.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("runs-functions")})
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(aws.ToString(out.Role.Description))
}

func setFunction(ctx context.Context, c clients, _ string, n int) error {
	_, err := c.lambda.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{
		FunctionName: aws.String("consumer"), Description: aws.String(strconv.Itoa(n)),
	})
	return err
}

func functionNumber(ctx context.Context, c clients, _ string) (int, error) {
	out, err := c.lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("consumer")})
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(aws.ToString(out.Description))
}

func setAlarm(ctx context.Context, c clients, _ string, n int) error {
	_, err := c.alarms.PutMetricAlarm(ctx, &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String("deep"), ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold, EvaluationPeriods: aws.Int32(1),
		Namespace: aws.String("AWS/SQS"), MetricName: aws.String("ApproximateNumberOfMessagesVisible"), Period: aws.Int32(60),
		Statistic: cwtypes.StatisticMaximum, Threshold: aws.Float64(float64(n)),
	})
	return err
}

func alarmNumber(ctx context.Context, c clients, _ string) (int, error) {
	out, err := c.alarms.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"deep"}})
	if err != nil {
		return 0, err
	}
	if len(out.MetricAlarms) != 1 {
		return 0, fmt.Errorf("%d alarms", len(out.MetricAlarms))
	}
	return int(aws.ToFloat64(out.MetricAlarms[0].Threshold)), nil
}

// setUp creates these resources and the queues for the load, and stops the server.
func setUp(t *testing.T, dir string) *configuration {
	t.Helper()
	srv, done := reopen(t, dir, clock.Real)
	defer done()
	ctx, c, s := t.Context(), newClients(srv.URL(), srv.Transport()), &configuration{tried: map[string]int{}, acknowledged: map[string]int{}}
	s.accessKey, _ = srv.Credentials()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(c.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(deadQueue)}))
	must(c.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(workQueue), Attributes: map[string]string{
		"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:` + deadQueue + `","maxReceiveCount":2}`,
	}}))
	must(c.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(fifoQueue), Attributes: map[string]string{"FifoQueue": "true"}}))
	must(c.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("settings")}))
	role, err := c.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("runs-functions"), AssumeRolePolicyDocument: aws.String(trustLambda)})
	must(role, err)
	must(c.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: aws.String("consumer"), Role: role.Role.Arn, Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"),
		Code: &types.FunctionCode{ZipFile: zipped(t, "bootstrap", shellBootstrap)},
	}))
	mapping, err := c.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{
		FunctionName: aws.String("consumer"), EventSourceArn: aws.String("arn:aws:sqs:us-east-1:000000000000:settings"),
		BatchSize: aws.Int32(7), Enabled: aws.Bool(false),
	})
	must(mapping, err)
	s.mapping = *mapping.UUID
	must(c.logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/kept")}))
	must(c.logs.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String("/kept"), RetentionInDays: aws.Int32(7)}))
	for _, r := range numbered {
		must(nil, r.write(ctx, c, srv.URL(), 0))
	}
	return s
}

// load increases the numbers in turn until the server has been killed.
func (s *configuration) load(url string, transport http.RoundTripper) {
	c := newClients(url, transport)
	for {
		for _, r := range numbered {
			s.mu.Lock()
			s.tried[r.name]++
			n := s.tried[r.name]
			s.mu.Unlock()
			err := r.write(context.Background(), c, url, n)
			var refused smithy.APIError
			if errors.As(err, &refused) {
				s.failures = append(s.failures, fmt.Sprintf("set the number of the %s: %v", r.name, err))
			}
			if err != nil {
				return
			}
			s.mu.Lock()
			s.acknowledged[r.name] = n
			s.mu.Unlock()
		}
	}
}

// check compares every resource with what was acknowledged.
func (s *configuration) check(t *testing.T, dir string) {
	t.Helper()
	srv, done := reopen(t, dir, clock.Real)
	defer done()
	for _, text := range s.failures {
		t.Error(text)
	}
	ctx, c := t.Context(), newClients(srv.URL(), srv.Transport())
	for _, r := range numbered {
		n, err := r.read(ctx, c, srv.URL())
		if err != nil || n < s.acknowledged[r.name] || n > s.tried[r.name] {
			t.Errorf("the number of the %s is %d, %v; want %d, acknowledged, to %d, tried", r.name, n, err, s.acknowledged[r.name], s.tried[r.name])
		}
	}
	if key, _ := srv.Credentials(); key != s.accessKey {
		t.Errorf("the operator's access key is %s, was %s", key, s.accessKey)
	}
	fn, err := c.lambda.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String("consumer")})
	if err != nil || fn.Configuration.CodeSize == 0 {
		t.Errorf("the function's code: %v", err)
	}
	mapping, err := c.lambda.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: &s.mapping})
	if err != nil || aws.ToInt32(mapping.BatchSize) != 7 || aws.ToString(mapping.State) != "Disabled" {
		t.Errorf("the mapping: %+v, %v", mapping, err)
	}
	groups, err := c.logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
	if err != nil || len(groups.LogGroups) != 1 || aws.ToInt32(groups.LogGroups[0].RetentionInDays) != 7 {
		t.Errorf("the log group: %+v, %v", groups, err)
	}
}
