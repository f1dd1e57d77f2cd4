package localaws_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/reliableq/reliableq/localaws"
)

const (
	home      = "000000000000"
	trustRoot = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"sts:AssumeRole"}]}`
)

var callers atomic.Int64

// caller returns the configuration of a session whose role has the given policy
// statements.
func (w *testServer) caller(statements ...string) aws.Config {
	w.t.Helper()
	name := fmt.Sprintf("caller-%d", callers.Add(1))
	client := iam.NewFromConfig(w.Config())
	role := ok[*iam.CreateRoleOutput](w.t)(client.CreateRole(w.t.Context(), &iam.CreateRoleInput{
		RoleName: &name, AssumeRolePolicyDocument: aws.String(trustRoot),
	}))
	ok[*iam.PutRolePolicyOutput](w.t)(client.PutRolePolicy(w.t.Context(), &iam.PutRolePolicyInput{
		RoleName: &name, PolicyName: aws.String("inline"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`),
	}))
	return w.assume(*role.Role.Arn)
}

// assume returns the configuration of a session of a role.
func (w *testServer) assume(role string) aws.Config {
	w.t.Helper()
	key := ok[*sts.AssumeRoleOutput](w.t)(sts.NewFromConfig(w.Config()).AssumeRole(w.t.Context(), &sts.AssumeRoleInput{
		RoleArn: &role, RoleSessionName: aws.String("session"),
	})).Credentials
	return w.ConfigAs(*key.AccessKeyId, *key.SecretAccessKey, *key.SessionToken)
}

// permitted returns an error unless err is nil or an access error, as want requires.
func permitted(err error, want bool) error {
	var api smithy.APIError
	refused := errors.As(err, &api) && strings.Contains(api.ErrorCode(), "AccessDenied")
	switch {
	case err != nil && !refused:
		return fmt.Errorf("neither permitted nor refused: %w", err)
	case want && err != nil:
		return fmt.Errorf("refused: %w", err)
	case !want && err == nil:
		return errors.New("permitted")
	}
	return nil
}

func allow(actions string) string {
	return `{"Effect":"Allow","Action":[` + quoted(actions) + `],"Resource":"*"}`
}

func allowIf(actions, condition string) string {
	return `{"Effect":"Allow","Action":[` + quoted(actions) + `],"Resource":"*","Condition":` + condition + `}`
}

func denyIf(condition string) string {
	return `{"Effect":"Deny","Action":"*","Resource":"*","Condition":` + condition + `}`
}

func denyOn(actions, resource string) string {
	return `{"Effect":"Deny","Action":[` + quoted(actions) + `],"Resource":"` + resource + `"}`
}

func quoted(list string) string { return `"` + strings.ReplaceAll(list, " ", `","`) + `"` }

var team = map[string]string{"team": "orders"}

// tagged creates one of every kind of resource that can have tags, with the tag
// team=orders, and returns the id of the mapping.
func (w *testServer) tagged() (mapping string) {
	w.t.Helper()
	ctx, cfg := w.t.Context(), w.Config()
	role := w.role(cfg, "execution", "sqs:*", "logs:*")
	w.RegisterHandler("f", nothing)
	w.queue(cfg, "source", nil)
	ok[*sqs.CreateQueueOutput](w.t)(sqs.NewFromConfig(cfg).CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("q"), Tags: team}))
	ok[*lambda.CreateFunctionOutput](w.t)(lambda.NewFromConfig(cfg).CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: aws.String("f"), Role: role, Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"), Code: &types.FunctionCode{}, Tags: team,
	}))
	mapping = *ok[*lambda.CreateEventSourceMappingOutput](w.t)(lambda.NewFromConfig(cfg).CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{
		FunctionName: aws.String("f"), EventSourceArn: aws.String(queueARN(home, cfg.Region, "source")), Enabled: aws.Bool(false), Tags: team,
	})).UUID
	ok[*cloudwatchlogs.CreateLogGroupOutput](w.t)(cloudwatchlogs.NewFromConfig(cfg).CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{
		LogGroupName: aws.String("g"), Tags: team,
	}))
	ok[*cloudwatchlogs.CreateLogStreamOutput](w.t)(cloudwatchlogs.NewFromConfig(cfg).CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{
		LogGroupName: aws.String("g"), LogStreamName: aws.String("s"),
	}))
	ok[*cloudwatch.PutMetricAlarmOutput](w.t)(cloudwatch.NewFromConfig(cfg).PutMetricAlarm(ctx, alarm("a", []cwtypes.Tag{{Key: aws.String("team"), Value: aws.String("orders")}})))
	iamTags := []iamtypes.Tag{{Key: aws.String("team"), Value: aws.String("orders")}}
	ok[*iam.CreateRoleOutput](w.t)(iam.NewFromConfig(cfg).CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(trustRoot), Tags: iamTags,
	}))
	ok[*iam.CreatePolicyOutput](w.t)(iam.NewFromConfig(cfg).CreatePolicy(ctx, &iam.CreatePolicyInput{
		PolicyName: aws.String("p"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[` + allow("sqs:*") + `]}`), Tags: iamTags,
	}))
	return mapping
}

func alarm(name string, tags []cwtypes.Tag) *cloudwatch.PutMetricAlarmInput {
	return &cloudwatch.PutMetricAlarmInput{
		AlarmName: &name, Namespace: aws.String("App"), MetricName: aws.String("Errors"), Statistic: cwtypes.StatisticSum, Period: aws.Int32(60),
		EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1), ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold, Tags: tags,
	}
}

// on returns one call for each kind of resource that has tags.
func (w *testServer) on(mapping string) map[string]func(context.Context, aws.Config) error {
	queue := w.URL() + "/" + home + "/q"
	return map[string]func(context.Context, aws.Config) error{
		"queue": func(ctx context.Context, cfg aws.Config) error {
			_, err := sqs.NewFromConfig(cfg).SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &queue, MessageBody: aws.String("m")})
			return err
		},
		"attributes of a queue": func(ctx context.Context, cfg aws.Config) error {
			_, err := sqs.NewFromConfig(cfg).GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &queue})
			return err
		},
		"function": func(ctx context.Context, cfg aws.Config) error {
			_, err := lambda.NewFromConfig(cfg).Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("f")})
			return err
		},
		"version of a function": func(ctx context.Context, cfg aws.Config) error {
			_, err := lambda.NewFromConfig(cfg).GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String("f:$LATEST")})
			return err
		},
		"tags of a function": func(ctx context.Context, cfg aws.Config) error {
			_, err := lambda.NewFromConfig(cfg).ListTags(ctx, &lambda.ListTagsInput{Resource: aws.String("arn:aws:lambda:" + cfg.Region + ":" + home + ":function:f")})
			return err
		},
		"mapping": func(ctx context.Context, cfg aws.Config) error {
			_, err := lambda.NewFromConfig(cfg).GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: &mapping})
			return err
		},
		"tags of a mapping": func(ctx context.Context, cfg aws.Config) error {
			_, err := lambda.NewFromConfig(cfg).ListTags(ctx, &lambda.ListTagsInput{
				Resource: aws.String("arn:aws:lambda:" + cfg.Region + ":" + home + ":event-source-mapping:" + mapping)})
			return err
		},
		"log group": func(ctx context.Context, cfg aws.Config) error {
			_, err := cloudwatchlogs.NewFromConfig(cfg).DescribeLogStreams(ctx, &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: aws.String("g")})
			return err
		},
		"log stream": func(ctx context.Context, cfg aws.Config) error {
			_, err := cloudwatchlogs.NewFromConfig(cfg).GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s")})
			return err
		},
		"tags of a log group": func(ctx context.Context, cfg aws.Config) error {
			_, err := cloudwatchlogs.NewFromConfig(cfg).ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{
				ResourceArn: aws.String("arn:aws:logs:" + cfg.Region + ":" + home + ":log-group:g")})
			return err
		},
		"alarm": func(ctx context.Context, cfg aws.Config) error {
			_, err := cloudwatch.NewFromConfig(cfg).DisableAlarmActions(ctx, &cloudwatch.DisableAlarmActionsInput{AlarmNames: []string{"a"}})
			return err
		},
		"tags of an alarm": func(ctx context.Context, cfg aws.Config) error {
			_, err := cloudwatch.NewFromConfig(cfg).ListTagsForResource(ctx, &cloudwatch.ListTagsForResourceInput{
				ResourceARN: aws.String("arn:aws:cloudwatch:" + cfg.Region + ":" + home + ":alarm:a")})
			return err
		},
		"role": func(ctx context.Context, cfg aws.Config) error {
			_, err := iam.NewFromConfig(cfg).GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("r")})
			return err
		},
		"session of a role": func(ctx context.Context, cfg aws.Config) error {
			_, err := sts.NewFromConfig(cfg).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::" + home + ":role/r"), RoleSessionName: aws.String("me")})
			return err
		},
		"policy": func(ctx context.Context, cfg aws.Config) error {
			_, err := iam.NewFromConfig(cfg).GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: aws.String("arn:aws:iam::" + home + ":policy/p")})
			return err
		},
	}
}

// The tags of a resource are aws:ResourceTag/KEY: a Deny on them denies, and an Allow
// on them permits nothing else (IAM A2).
func TestPermissionsDependOnTheTagsOfAResource(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{})
	mapping := w.tagged()
	const (
		orders  = `{"StringEquals":{"aws:ResourceTag/team":"orders"}}`
		stock   = `{"StringEquals":{"aws:ResourceTag/team":"stock"}}`
		foreign = `{"StringNotEquals":{"aws:ResourceTag/Team":"orders"}}`
	)
	policies := []struct {
		name string
		cfg  aws.Config
		want bool
	}{
		{"denied by tag", w.caller(allow("*"), denyIf(orders)), false},
		{"denied by another tag", w.caller(allow("*"), denyIf(stock)), true},
		{"denied without the tag", w.caller(allow("*"), denyIf(foreign)), true},
		{"allowed by tag", w.caller(allowIf("*", orders)), true},
		{"allowed by another tag", w.caller(allowIf("*", stock)), false},
	}
	for name, call := range w.on(mapping) {
		for _, p := range policies {
			t.Run(name+" "+p.name, func(t *testing.T) {
				t.Parallel()
				if err := permitted(call(t.Context(), p.cfg), p.want); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// creations returns a call for each operation that creates a resource with tags, with
// the action that the tags require. The name of the resource is a parameter.
func (w *testServer) creations(role string) []struct {
	action, tagging string
	create          func(ctx context.Context, cfg aws.Config, name string) error
} {
	iamTags := []iamtypes.Tag{{Key: aws.String("team"), Value: aws.String("orders")}}
	cwTags := []cwtypes.Tag{{Key: aws.String("team"), Value: aws.String("orders")}}
	return []struct {
		action, tagging string
		create          func(ctx context.Context, cfg aws.Config, name string) error
	}{
		{"sqs:CreateQueue", "sqs:TagQueue", func(ctx context.Context, cfg aws.Config, name string) error {
			_, err := sqs.NewFromConfig(cfg).CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Tags: team})
			return err
		}},
		{"lambda:CreateFunction iam:PassRole", "lambda:TagResource", func(ctx context.Context, cfg aws.Config, name string) error {
			w.RegisterHandler(name, nothing)
			_, err := lambda.NewFromConfig(cfg).CreateFunction(ctx, &lambda.CreateFunctionInput{
				FunctionName: &name, Role: &role, Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"), Code: &types.FunctionCode{}, Tags: team,
			})
			return err
		}},
		{"lambda:CreateEventSourceMapping", "lambda:TagResource", func(ctx context.Context, cfg aws.Config, name string) error {
			w.queue(w.Config(), name, nil)
			_, err := lambda.NewFromConfig(cfg).CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{
				FunctionName: aws.String("f"), EventSourceArn: aws.String(queueARN(home, cfg.Region, name)), Enabled: aws.Bool(false), Tags: team,
			})
			return err
		}},
		{"logs:CreateLogGroup", "logs:TagResource", func(ctx context.Context, cfg aws.Config, name string) error {
			_, err := cloudwatchlogs.NewFromConfig(cfg).CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name, Tags: team})
			return err
		}},
		{"logs:CreateLogGroup", "logs:TagLogGroup", func(ctx context.Context, cfg aws.Config, name string) error {
			_, err := cloudwatchlogs.NewFromConfig(cfg).CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name, Tags: team})
			return err
		}},
		{"cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", func(ctx context.Context, cfg aws.Config, name string) error {
			_, err := cloudwatch.NewFromConfig(cfg).PutMetricAlarm(ctx, alarm(name, cwTags))
			return err
		}},
		{"cloudwatch:PutDashboard", "cloudwatch:TagResource", func(ctx context.Context, cfg aws.Config, name string) error {
			_, err := cloudwatch.NewFromConfig(cfg).PutDashboard(ctx, &cloudwatch.PutDashboardInput{
				DashboardName: &name, DashboardBody: aws.String(`{"widgets":[]}`), Tags: cwTags,
			})
			return err
		}},
		{"iam:CreateRole", "iam:TagRole", func(ctx context.Context, cfg aws.Config, name string) error {
			_, err := iam.NewFromConfig(cfg).CreateRole(ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trustRoot), Tags: iamTags})
			return err
		}},
		{"iam:CreatePolicy", "iam:TagPolicy", func(ctx context.Context, cfg aws.Config, name string) error {
			_, err := iam.NewFromConfig(cfg).CreatePolicy(ctx, &iam.CreatePolicyInput{
				PolicyName: &name, PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[` + allow("sqs:*") + `]}`), Tags: iamTags,
			})
			return err
		}},
	}
}

// Tags at creation need the permission to tag, and are condition keys of it
// (IAM A3).
func TestTagsAtCreationNeedThePermissionToTag(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{})
	w.tagged()
	const (
		orders = `{"StringEquals":{"aws:RequestTag/team":"orders"},"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}`
		stock  = `{"StringEquals":{"aws:RequestTag/team":"stock"}}`
	)
	for i, c := range w.creations("arn:aws:iam::" + home + ":role/execution") {
		for j, tt := range []struct {
			name       string
			statements []string
			want       bool
		}{
			{"without", []string{allow(c.action)}, false},
			{"with", []string{allow(c.action + " " + c.tagging)}, true},
			{"denied", []string{allow("*"), denyOn(c.tagging, "*")}, false},
			{"for this tag", []string{allow(c.action), allowIf(c.tagging, orders)}, true},
			{"for another tag", []string{allow(c.action), allowIf(c.tagging, stock)}, false},
			{"created with another tag alone", []string{allowIf(c.action, stock), allow(c.tagging + " iam:PassRole")}, false},
		} {
			cfg := w.caller(tt.statements...)
			t.Run(c.tagging+" "+tt.name, func(t *testing.T) {
				t.Parallel()
				if err := permitted(c.create(t.Context(), cfg, fmt.Sprintf("new-%d-%d", i, j)), tt.want); err != nil {
					t.Error(err)
				}
			})
		}
	}
}
