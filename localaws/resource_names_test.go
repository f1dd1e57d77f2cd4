package localaws_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/localaws"
)

// A Deny on a resource applies however the request names the resource: by another
// partition, by a partial ARN, by name, in another case (IAM A6).
func TestDenyAppliesToEveryNameOfAResource(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{})
	mapping := w.tagged()
	const (
		function = "arn:aws:lambda:us-east-1:" + home + ":function:f"
		queue    = "arn:aws:sqs:us-east-1:" + home + ":q"
		group    = "arn:aws:logs:us-east-1:" + home + ":log-group:g"
		alarmARN = "arn:aws:cloudwatch:us-east-1:" + home + ":alarm:a"
		role     = "arn:aws:iam::" + home + ":role/r"
	)
	mappingARN := "arn:aws:lambda:us-east-1:" + home + ":event-source-mapping:" + mapping

	tagFunction := func(ctx context.Context, cfg aws.Config, name string) error {
		_, err := lambda.NewFromConfig(cfg).TagResource(ctx, &lambda.TagResourceInput{Resource: &name, Tags: team})
		return err
	}
	invoke := func(ctx context.Context, cfg aws.Config, name string) error {
		_, err := lambda.NewFromConfig(cfg).Invoke(ctx, &lambda.InvokeInput{FunctionName: &name})
		return err
	}
	connect := func(ctx context.Context, cfg aws.Config, name string) error {
		_, err := lambda.NewFromConfig(cfg).CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{
			FunctionName: &name, EventSourceArn: aws.String(queue), Enabled: aws.Bool(false),
		})
		return err
	}
	reconnect := func(ctx context.Context, cfg aws.Config, name string) error {
		_, err := lambda.NewFromConfig(cfg).UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: &mapping, FunctionName: &name})
		return err
	}
	readStream := func(ctx context.Context, cfg aws.Config, name string) error {
		_, err := cloudwatchlogs.NewFromConfig(cfg).GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupIdentifier: &name, LogStreamName: aws.String("s")})
		return err
	}
	tagGroup := func(ctx context.Context, cfg aws.Config, name string) error {
		_, err := cloudwatchlogs.NewFromConfig(cfg).TagResource(ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: &name, Tags: team})
		return err
	}
	tagAlarm := func(ctx context.Context, cfg aws.Config, name string) error {
		_, err := cloudwatch.NewFromConfig(cfg).TagResource(ctx, &cloudwatch.TagResourceInput{
			ResourceARN: &name, Tags: []cwtypes.Tag{{Key: aws.String("team"), Value: aws.String("stock")}},
		})
		return err
	}
	send := func(ctx context.Context, cfg aws.Config, name string) error {
		_, err := sqs.NewFromConfig(cfg).SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &name, MessageBody: aws.String("m")})
		return err
	}
	move := func(ctx context.Context, cfg aws.Config, name string) error {
		_, err := sqs.NewFromConfig(cfg).StartMessageMoveTask(ctx, &sqs.StartMessageMoveTaskInput{SourceArn: &name})
		return err
	}
	readRole := func(ctx context.Context, cfg aws.Config, name string) error {
		_, err := iam.NewFromConfig(cfg).GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
		return err
	}
	pass := func(ctx context.Context, cfg aws.Config, name string) error {
		w.RegisterHandler("new", nothing)
		_, err := lambda.NewFromConfig(cfg).CreateFunction(ctx, &lambda.CreateFunctionInput{
			FunctionName: aws.String("new"), Role: &name, Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"), Code: &types.FunctionCode{},
		})
		return err
	}
	onFunction := denyIf(`{"ArnEquals":{"lambda:FunctionArn":"` + function + `"}}`)

	for _, tt := range []struct {
		operation, deny string
		call            func(ctx context.Context, cfg aws.Config, name string) error
		names           []string
	}{
		{"tag a function", denyOn("lambda:*", function), tagFunction, []string{
			function, "arn:aws-cn:lambda:us-east-1:" + home + ":function:f", "f", "function:f", "us-east-1:" + home + ":function:f", home + ":function:f",
		}},
		{"tag a mapping", denyOn("lambda:*", mappingARN), tagFunction, []string{
			mappingARN, "arn:aws-cn:lambda:us-east-1:" + home + ":event-source-mapping:" + mapping,
		}},
		{"invoke", denyOn("lambda:*", function), invoke, []string{
			function, "arn:aws-cn:lambda:us-east-1:" + home + ":function:f", "f", "function:f", "us-east-1:" + home + ":function:f", home + ":function:f",
		}},
		{"create a mapping", onFunction, connect, []string{
			function, "arn:aws-cn:lambda:us-east-1:" + home + ":function:f", "f", "function:f", "us-east-1:" + home + ":function:f", home + ":function:f",
		}},
		{"take a mapping from another function", onFunction, reconnect, []string{"other", function, home + ":function:f"}},
		{"read a log stream", denyOn("logs:*", group+":*"), readStream, []string{
			"g", group, group + ":*", "arn:aws-cn:logs:us-east-1:" + home + ":log-group:g", "arn:aws:logs:us-east-1:111122223333:log-group:g",
		}},
		{"tag a log group", denyOn("logs:*", group), tagGroup, []string{
			group, group + ":*", "arn:aws-cn:logs:us-east-1:" + home + ":log-group:g", "g",
		}},
		{"tag an alarm", denyOn("cloudwatch:*", alarmARN), tagAlarm, []string{
			alarmARN, "arn:aws-cn:cloudwatch:us-east-1:" + home + ":alarm:a", "a",
		}},
		{"send to a queue", denyOn("sqs:*", queue), send, []string{
			w.URL() + "/" + home + "/q", "q", "https://sqs.us-east-1.amazonaws.com/" + home + "/q", "http://elsewhere.invalid/x/" + home + "/q", "/" + home + "/q/",
		}},
		{"move the messages of a queue", denyOn("sqs:*", queue), move, []string{queue, "arn:aws-cn:sqs:us-east-1:" + home + ":q"}},
		{"read a role", denyOn("iam:*", role), readRole, []string{"r", "R"}},
		{"pass a role", denyOn("iam:PassRole", "arn:aws:iam::"+home+":role/execution"), pass, []string{
			"arn:aws:iam::" + home + ":role/execution", "arn:aws-cn:iam::" + home + ":role/execution", "arn:aws:iam::" + home + ":role/Execution",
		}},
	} {
		cfg := w.caller(allow("*"), tt.deny)
		for _, name := range tt.names {
			t.Run(tt.operation+" "+name, func(t *testing.T) {
				if err := tt.call(t.Context(), cfg, name); err == nil {
					t.Error("permitted")
				}
			})
		}
	}
}
