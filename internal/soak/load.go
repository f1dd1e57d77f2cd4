package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/reliableq/reliableq/internal/functionzip"
	"github.com/reliableq/reliableq/internal/localserver"
	"github.com/reliableq/reliableq/sqsbatch/sqsclient"
)

const (
	trustPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	rolePolicy  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:*","logs:*"],"Resource":"*"}]}`
)

// misbehaviours are the values of DO that the function program supports in addition to
// "work". Each has a function of its own.
var misbehaviours = []string{
	"print-short", "print-metrics", "print-binary", "print-endless-line", "print-behind", "detach", "leak-memory", "leave-files", "hold-connections", "crash", "hang",
}

// parseHostile returns the misbehaviours that the flag -hostile selects.
func parseHostile(flag string) ([]string, error) {
	switch flag {
	case "all":
		return misbehaviours, nil
	case "none":
		return nil, nil
	}

	names := strings.Split(flag, ",")
	for _, name := range names {
		if !slices.Contains(misbehaviours, name) {
			return nil, fmt.Errorf("-hostile %q: want one or more of %s", name, strings.Join(misbehaviours, ", "))
		}
	}

	return names, nil
}

// load has the clients, and counts what they have done.
type load struct {
	lambda  *lambda.Client
	sqs     *sqs.Client
	iam     *iam.Client
	logs    *cloudwatchlogs.Client
	metrics *cloudwatch.Client
	id      string // marks every process and file of this run

	calls, invocations, processed atomic.Int64
	failures                      atomic.Int64
	mu                            sync.Mutex
	firstFailure                  error
}

// newLoad makes clients of a server.
func newLoad(s *localserver.Server, id string) *load {
	c := aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(s.URL()),
		Credentials:  credentials.NewStaticCredentialsProvider(s.AccessKeyID, s.SecretAccessKey, ""),
		HTTPClient:   sqsclient.ReadFullResponses(awshttp.NewBuildableClient()),
	}

	return &load{
		lambda:  lambda.NewFromConfig(c),
		sqs:     sqs.NewFromConfig(c),
		iam:     iam.NewFromConfig(c),
		logs:    cloudwatchlogs.NewFromConfig(c),
		metrics: cloudwatch.NewFromConfig(c),
		id:      id,
	}
}

// deploy creates the role, queues, functions and the mapping.
func (l *load) deploy(ctx context.Context, program string, hostile []string) error {
	role, err := l.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("soak"), AssumeRolePolicyDocument: aws.String(trustPolicy)})
	if err != nil {
		return fmt.Errorf("create the role: %w", err)
	}

	_, err = l.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
		RoleName:       aws.String("soak"),
		PolicyName:     aws.String("soak"),
		PolicyDocument: aws.String(rolePolicy),
	})
	if err != nil {
		return fmt.Errorf("put the role's policy: %w", err)
	}

	// One queue for clients, one for the mapping.
	for _, name := range []string{"plain", "mapped"} {
		if _, err := l.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(name)}); err != nil {
			return fmt.Errorf("create queue %s: %w", name, err)
		}
	}

	// One program for all functions: the variable DO selects what each does.
	code, err := functionzip.Zip(program)
	if err != nil {
		return err
	}

	for _, do := range append([]string{"work"}, hostile...) {
		if err := l.createFunction(ctx, do, role.Role.Arn, code); err != nil {
			return err
		}
	}

	_, err = l.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{
		FunctionName:   aws.String("work"),
		EventSourceArn: aws.String("arn:aws:sqs:us-east-1:000000000000:mapped"),
		BatchSize:      aws.Int32(10),
	})
	if err != nil {
		return fmt.Errorf("create the event source mapping: %w", err)
	}
	return nil
}

// createFunction creates a function with the behaviour do, and waits until it is active.
func (l *load) createFunction(ctx context.Context, do string, role *string, code []byte) error {
	arch := types.ArchitectureX8664
	if runtime.GOARCH == "arm64" {
		arch = types.ArchitectureArm64
	}

	_, err := l.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName:  aws.String(do),
		Role:          role,
		Runtime:       types.RuntimeProvidedal2023,
		Handler:       aws.String("bootstrap"),
		Architectures: []types.Architecture{arch},
		Code:          &types.FunctionCode{ZipFile: code},
		Timeout:       aws.Int32(3),
		MemorySize:    aws.Int32(128),
		Environment:   &types.Environment{Variables: map[string]string{"DO": do, "SOAK_ID": l.id}},
	})
	if err != nil {
		return fmt.Errorf("create function %s: %w", do, err)
	}
	return lambda.NewFunctionActiveV2Waiter(l.lambda).Wait(ctx, &lambda.GetFunctionInput{FunctionName: aws.String(do)}, time.Minute)
}

// run generates load until ctx ends.
func (l *load) run(ctx context.Context, hostile []string) {
	var all sync.WaitGroup
	repeat := func(pause time.Duration, f func(context.Context) error) {
		all.Go(func() {
			for ctx.Err() == nil {
				if err := f(ctx); err != nil && ctx.Err() == nil {
					l.fail(err)
				}
				select {
				case <-ctx.Done():
				case <-time.After(pause):
				}
			}
		})
	}

	// Well-behaved clients.
	for range 2 {
		repeat(20*time.Millisecond, l.sendReceiveDelete)
	}

	repeat(50*time.Millisecond, l.feedMapping)
	repeat(time.Second, l.readLogs)
	repeat(time.Second, l.readMetrics)
	repeat(200*time.Millisecond, l.changeRoles)
	// Misbehaving functions.
	for _, do := range hostile {
		repeat(pauseAfter(do), func(ctx context.Context) error { return l.misbehave(ctx, do) })
		if do == "leave-files" {
			repeat(10*time.Second, func(ctx context.Context) error { return l.redeploy(ctx, do) })
		}
	}

	all.Wait()
}

// pauseAfter returns the time between two invocations of a misbehaving function. It is
// long for those that leave processes behind, because a server may be unable to end
// them.
func pauseAfter(do string) time.Duration {
	switch do {
	case "detach":
		return time.Second
	case "print-behind":
		return 10 * time.Second
	}
	return 100 * time.Millisecond
}

// fail records an error of a call that should have succeeded.
func (l *load) fail(err error) {
	l.failures.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.firstFailure == nil {
		l.firstFailure = err
	}
}

// queue returns a queue's URL.
func (l *load) queue(name string) *string {
	return aws.String("http://localhost/000000000000/" + name)
}

// entries returns ten messages of 1 KB.
func entries() []sqstypes.SendMessageBatchRequestEntry {
	out := make([]sqstypes.SendMessageBatchRequestEntry, 10)
	for i := range out {
		out[i] = sqstypes.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(strings.Repeat("m", 1<<10))}
	}
	return out
}

// sendReceiveDelete sends ten messages, and receives and deletes all in the queue.
func (l *load) sendReceiveDelete(ctx context.Context) error {
	if _, err := l.sqs.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: l.queue("plain"), Entries: entries()}); err != nil {
		return fmt.Errorf("send: %w", err)
	}

	l.calls.Add(1)
	// Until the queue is empty.
	for ctx.Err() == nil {
		got, err := l.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: l.queue("plain"), MaxNumberOfMessages: 10})
		if err != nil {
			return fmt.Errorf("receive: %w", err)
		}
		l.calls.Add(1)
		if len(got.Messages) == 0 {
			return nil
		}
		var received []sqstypes.DeleteMessageBatchRequestEntry
		for _, m := range got.Messages {
			received = append(received, sqstypes.DeleteMessageBatchRequestEntry{Id: m.MessageId, ReceiptHandle: m.ReceiptHandle})
		}
		if _, err := l.sqs.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: l.queue("plain"), Entries: received}); err != nil {
			return fmt.Errorf("delete: %w", err)
		}
		l.calls.Add(1)
		l.processed.Add(int64(len(received)))
	}

	return nil
}

// feedMapping sends ten messages to the queue of the mapping, unless it is behind.
func (l *load) feedMapping(ctx context.Context) error {
	got, err := l.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: l.queue("mapped"), AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameApproximateNumberOfMessages},
	})
	if err != nil {
		return fmt.Errorf("read the depth of the mapping's queue: %w", err)
	}

	l.calls.Add(1)
	if n, err := strconv.Atoi(got.Attributes["ApproximateNumberOfMessages"]); err != nil || n > 200 {
		return err // or the mapping is behind: do not let the queue grow
	}

	if _, err := l.sqs.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: l.queue("mapped"), Entries: entries()}); err != nil {
		return fmt.Errorf("send to the mapping's queue: %w", err)
	}

	l.calls.Add(1)
	return nil
}

// readLogs reads the latest events of each log group.
func (l *load) readLogs(ctx context.Context) error {
	groups, err := l.logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
	if err != nil {
		return fmt.Errorf("list log groups: %w", err)
	}

	l.calls.Add(1)
	for _, g := range groups.LogGroups {
		_, err := l.logs.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{
			LogGroupName:  g.LogGroupName,
			FilterPattern: aws.String("REPORT"),
			Limit:         aws.Int32(100),
			StartTime:     aws.Int64(time.Now().Add(-10 * time.Second).UnixMilli()),
		})
		if err != nil {
			return fmt.Errorf("read logs: %w", err)
		}
		l.calls.Add(1)
	}

	return nil
}

// readMetrics lists the metrics and reads one.
func (l *load) readMetrics(ctx context.Context) error {
	listed, err := l.metrics.ListMetrics(ctx, &cloudwatch.ListMetricsInput{})
	if err != nil {
		return fmt.Errorf("list metrics: %w", err)
	}

	l.calls.Add(1)
	if len(listed.Metrics) == 0 {
		return nil
	}

	m := listed.Metrics[0]
	_, err = l.metrics.GetMetricStatistics(ctx, &cloudwatch.GetMetricStatisticsInput{
		Namespace:  m.Namespace,
		MetricName: m.MetricName,
		Dimensions: m.Dimensions,
		Period:     aws.Int32(60),
		Statistics: []cwtypes.Statistic{cwtypes.StatisticSum},
		StartTime:  aws.Time(time.Now().Add(-10 * time.Minute)),
		EndTime:    aws.Time(time.Now()),
	})
	if err != nil {
		return fmt.Errorf("read a metric: %w", err)
	}

	l.calls.Add(1)
	return nil
}

// changeRoles creates, reads and deletes a role.
func (l *load) changeRoles(ctx context.Context) error {
	name := aws.String("soak-brief")
	if _, err := l.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: aws.String(trustPolicy)}); err != nil {
		return fmt.Errorf("create a role: %w", err)
	}

	if _, err := l.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: name}); err != nil {
		return fmt.Errorf("read a role: %w", err)
	}

	if _, err := l.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name}); err != nil {
		return fmt.Errorf("delete a role: %w", err)
	}

	l.calls.Add(3)
	return nil
}

// misbehave invokes a misbehaving function. Its failure is no error, but a call that
// Lambda rejects is.
func (l *load) misbehave(ctx context.Context, do string) error {
	_, err := l.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String(do)})
	if err != nil {
		return fmt.Errorf("invoke %s: %w", do, err)
	}
	l.invocations.Add(1)
	return nil
}

// redeploy changes a function, which ends its environments and deletes their temporary
// folders. Without that, files in them remain, as on Lambda.
func (l *load) redeploy(ctx context.Context, do string) error {
	_, err := l.lambda.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{
		FunctionName: aws.String(do), Description: aws.String(strconv.FormatInt(time.Now().UnixNano(), 10)),
	})
	if err != nil {
		return fmt.Errorf("update function %s: %w", do, err)
	}
	l.calls.Add(1)
	return nil
}

// buildFunction builds the functions' program.
func buildFunction(ctx context.Context, path string) error {
	return functionzip.Build(ctx, "github.com/reliableq/reliableq/internal/soak/function", path)
}
