// Package lookup finds resources at the target by the names in a Terraform plan or
// state.
package lookup

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/reliableq/reliableq/deploy/internal/infra"
)

// Found is a resource that exists at the target.
type Found struct {
	// Name is its name there.
	Name string
	// ID is its id for terraform import.
	ID string
	// Tags are its tags.
	Tags map[string]string
}

// Finder looks up resources at one target.
type Finder struct {
	sqs     *sqs.Client
	lambda  *lambda.Client
	iam     *iam.Client
	logs    *cloudwatchlogs.Client
	metrics *cloudwatch.Client
}

// New returns a finder for the target of cfg.
func New(cfg aws.Config) *Finder {
	return &Finder{
		sqs:     sqs.NewFromConfig(cfg),
		lambda:  lambda.NewFromConfig(cfg),
		iam:     iam.NewFromConfig(cfg),
		logs:    cloudwatchlogs.NewFromConfig(cfg),
		metrics: cloudwatch.NewFromConfig(cfg),
	}
}

// Find returns the resource that exists at the target under the name of a resource with
// the given Terraform type and attributes, or nil if there is none. It looks up the types
// for which an existing name makes the creation fail, or silently takes over what exists.
// Every other resource of this project's modules is a part of one of these, and counts as
// not existing.
func (f *Finder) Find(ctx context.Context, kind string, a infra.Attributes) (*Found, error) {
	var find func(ctx context.Context, name string) (*Found, error)
	name := a.Name
	switch kind {
	case "aws_sqs_queue":
		find = f.queue
	case "aws_lambda_function":
		name = a.FunctionName
		find = f.function
	case "aws_iam_role":
		find = f.role
	case "aws_cloudwatch_log_group":
		find = f.logGroup
	case "aws_lambda_event_source_mapping":
		name = a.FunctionName
		find = func(ctx context.Context, function string) (*Found, error) {
			return f.mapping(ctx, function, a.EventSourceARN)
		}
	case "aws_cloudwatch_metric_alarm":
		name = a.AlarmName
		find = f.alarm
	case "aws_cloudwatch_dashboard":
		name = a.DashboardName
		find = f.dashboard
	}

	// The name may not be known yet, as in a plan.
	if find == nil || name == "" {
		return nil, nil
	}

	found, err := find(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("look up %s %s: %w", kind, name, err)
	}
	return found, nil
}

// The methods below return nil if the resource does not exist.

func (f *Finder) queue(ctx context.Context, name string) (*Found, error) {
	// Any other error must not count as absence: the caller would take a queue that exists for
	// one that Terraform can create.
	url, err := f.sqs.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(name)})
	var missing *sqstypes.QueueDoesNotExist
	if errors.As(err, &missing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}

	tags, err := f.sqs.ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: url.QueueUrl})
	if err != nil {
		return nil, err
	}

	return &Found{
		Name: name,
		ID:   aws.ToString(url.QueueUrl),
		Tags: tags.Tags,
	}, nil
}

func (f *Finder) function(ctx context.Context, name string) (*Found, error) {
	got, err := f.lambda.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String(name)})
	var missing *lambdatypes.ResourceNotFoundException
	if errors.As(err, &missing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}

	return &Found{
		Name: name,
		ID:   name,
		Tags: got.Tags,
	}, nil
}

func (f *Finder) role(ctx context.Context, name string) (*Found, error) {
	got, err := f.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(name)})
	var missing *iamtypes.NoSuchEntityException
	if errors.As(err, &missing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}

	// GetRole returns at most 50 tags, which is also the most that a role can have.
	tags := map[string]string{}
	for _, t := range got.Role.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}

	return &Found{
		Name: name,
		ID:   name,
		Tags: tags,
	}, nil
}

func (f *Finder) logGroup(ctx context.Context, name string) (*Found, error) {
	pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(f.logs, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String(name)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}

		// The prefix also matches longer names.
		for _, g := range page.LogGroups {
			if aws.ToString(g.LogGroupName) != name {
				continue
			}

			tags, err := f.logs.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: g.LogGroupArn})
			if err != nil {
				return nil, err
			}
			return &Found{
				Name: name,
				ID:   name,
				Tags: tags.Tags,
			}, nil
		}
	}

	return nil, nil
}

// mapping finds an event source mapping by its function and source. source is empty
// in a plan that creates the source: then no mapping can exist.
func (f *Finder) mapping(ctx context.Context, function, source string) (*Found, error) {
	if source == "" {
		return nil, nil
	}

	got, err := f.lambda.ListEventSourceMappings(ctx, &lambda.ListEventSourceMappingsInput{
		FunctionName:   aws.String(function),
		EventSourceArn: aws.String(source),
	})

	var missing *lambdatypes.ResourceNotFoundException
	if errors.As(err, &missing) {
		return nil, nil
	}
	if err != nil || len(got.EventSourceMappings) == 0 {
		return nil, err
	}

	// A function has at most one mapping for a source.
	m := got.EventSourceMappings[0]
	tags, err := f.lambda.ListTags(ctx, &lambda.ListTagsInput{Resource: m.EventSourceMappingArn})
	if err != nil {
		return nil, err
	}

	return &Found{
		Name: function + " from " + source,
		ID:   aws.ToString(m.UUID),
		Tags: tags.Tags,
	}, nil
}

func (f *Finder) alarm(ctx context.Context, name string) (*Found, error) {
	got, err := f.metrics.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{
		AlarmNames: []string{name},

		// Composite alarms share the names of metrics alarms.
		AlarmTypes: []cloudwatchtypes.AlarmType{cloudwatchtypes.AlarmTypeMetricAlarm, cloudwatchtypes.AlarmTypeCompositeAlarm},
	})

	if err != nil {
		return nil, err
	}

	var arn *string
	for _, a := range got.MetricAlarms {
		arn = a.AlarmArn
	}

	for _, a := range got.CompositeAlarms {
		arn = a.AlarmArn
	}

	if arn == nil {
		return nil, nil
	}

	out, err := f.metrics.ListTagsForResource(ctx, &cloudwatch.ListTagsForResourceInput{ResourceARN: arn})
	if err != nil {
		return nil, err
	}

	tags := map[string]string{}
	for _, t := range out.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}

	return &Found{
		Name: name,
		ID:   name,
		Tags: tags,
	}, nil
}

func (f *Finder) dashboard(ctx context.Context, name string) (*Found, error) {
	_, err := f.metrics.GetDashboard(ctx, &cloudwatch.GetDashboardInput{DashboardName: aws.String(name)})
	var missing *cloudwatchtypes.DashboardNotFoundError
	if errors.As(err, &missing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &Found{Name: name, ID: name}, nil
}

// Empty reports whether the target has no resource of the types that Find looks up, such
// as an embedded AWS that was just started.
func (f *Finder) Empty(ctx context.Context) (bool, error) {
	// One call for each type, until a resource is found.
	queues, err := f.sqs.ListQueues(ctx, &sqs.ListQueuesInput{})
	if err != nil || len(queues.QueueUrls) > 0 {
		return false, err
	}

	functions, err := f.lambda.ListFunctions(ctx, &lambda.ListFunctionsInput{})
	if err != nil || len(functions.Functions) > 0 {
		return false, err
	}

	mappings, err := f.lambda.ListEventSourceMappings(ctx, &lambda.ListEventSourceMappingsInput{})
	if err != nil || len(mappings.EventSourceMappings) > 0 {
		return false, err
	}

	roles, err := f.iam.ListRoles(ctx, &iam.ListRolesInput{})
	if err != nil || len(roles.Roles) > 0 {
		return false, err
	}

	groups, err := f.logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
	if err != nil || len(groups.LogGroups) > 0 {
		return false, err
	}

	alarms, err := f.metrics.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{})
	if err != nil || len(alarms.MetricAlarms)+len(alarms.CompositeAlarms) > 0 {
		return false, err
	}

	dashboards, err := f.metrics.ListDashboards(ctx, &cloudwatch.ListDashboardsInput{})
	return err == nil && len(dashboards.DashboardEntries) == 0, err
}

// Depth returns the number of messages in a queue, including delayed and in flight ones.
// On AWS it is approximate. It is 0 for a queue that does not exist.
func (f *Finder) Depth(ctx context.Context, url string) (int, error) {
	// Visible, delayed and in flight messages are counted separately.
	counts := []sqstypes.QueueAttributeName{
		sqstypes.QueueAttributeNameApproximateNumberOfMessages,
		sqstypes.QueueAttributeNameApproximateNumberOfMessagesDelayed,
		sqstypes.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
	}

	got, err := f.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: aws.String(url), AttributeNames: counts})
	var missing *sqstypes.QueueDoesNotExist
	if errors.As(err, &missing) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("count the messages in %s: %w", url, err)
	}

	sum := 0
	for _, name := range counts {
		n, err := strconv.Atoi(got.Attributes[string(name)])
		if err != nil {
			return 0, fmt.Errorf("count the messages in %s: %w", url, err)
		}
		sum += n
	}

	return sum, nil
}
