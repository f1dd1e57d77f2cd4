package localaws_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/localaws"
)

const readOnlySQS = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"

// iam:PermissionsBoundary is the boundary that a request sets, or otherwise the
// boundary of the role, for exactly the operations that AWS lists (IAM A7).
func TestBoundaryOfARoleIsAConditionOfChangingIt(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{})
	operator := iam.NewFromConfig(w.Config())
	policy := aws.String(`{"Version":"2012-10-17","Statement":[` + allow("sqs:*") + `]}`)
	has := denyIf(`{"StringEquals":{"iam:PermissionsBoundary":"` + readOnlySQS + `"}}`)
	lacks := denyIf(`{"StringNotEquals":{"iam:PermissionsBoundary":"` + readOnlySQS + `"}}`)

	operations := map[string]struct {
		counts bool
		call   func(ctx context.Context, c *iam.Client, role *string) error
	}{
		"AttachRolePolicy": {true, func(ctx context.Context, c *iam.Client, role *string) error {
			_, err := c.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: role, PolicyArn: aws.String(readOnlySQS)})
			return err
		}},
		"DetachRolePolicy": {true, func(ctx context.Context, c *iam.Client, role *string) error {
			_, err := c.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: role, PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonSQSFullAccess")})
			return err
		}},
		"PutRolePolicy": {true, func(ctx context.Context, c *iam.Client, role *string) error {
			_, err := c.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: role, PolicyName: aws.String("p"), PolicyDocument: policy})
			return err
		}},
		"DeleteRolePolicy": {true, func(ctx context.Context, c *iam.Client, role *string) error {
			_, err := c.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: role, PolicyName: aws.String("inline")})
			return err
		}},
		"DeleteRolePermissionsBoundary": {true, func(ctx context.Context, c *iam.Client, role *string) error {
			_, err := c.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: role})
			return err
		}},
		"UpdateAssumeRolePolicy": {true, func(ctx context.Context, c *iam.Client, role *string) error {
			_, err := c.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: role, PolicyDocument: aws.String(trustRoot)})
			return err
		}},
		"UpdateRole": {true, func(ctx context.Context, c *iam.Client, role *string) error {
			_, err := c.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: role, Description: aws.String("new")})
			return err
		}},
		"UpdateRoleDescription": {true, func(ctx context.Context, c *iam.Client, role *string) error {
			_, err := c.UpdateRoleDescription(ctx, &iam.UpdateRoleDescriptionInput{RoleName: role, Description: aws.String("new")})
			return err
		}},
		"GetRole": {true, func(ctx context.Context, c *iam.Client, role *string) error {
			_, err := c.GetRole(ctx, &iam.GetRoleInput{RoleName: role})
			return err
		}},
		"ListRolePolicies": {false, func(ctx context.Context, c *iam.Client, role *string) error {
			_, err := c.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: role})
			return err
		}},
	}
	for name, op := range operations {
		for i, tt := range []struct {
			name, deny string
			bounded    bool
			want       bool
		}{
			{"with the boundary", lacks, true, op.counts},
			{"without", lacks, false, false},
			{"denied for the boundary", has, true, !op.counts},
			{"denied for the boundary that it has not", has, false, true},
		} {
			role := fmt.Sprintf("%s-%d", name, i)
			w.bareRole(role)
			ok[*iam.PutRolePolicyOutput](t)(operator.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &role, PolicyName: aws.String("inline"), PolicyDocument: policy}))
			ok[*iam.AttachRolePolicyOutput](t)(operator.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{
				RoleName: &role, PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonSQSFullAccess"),
			}))
			if tt.bounded {
				ok[*iam.PutRolePermissionsBoundaryOutput](t)(operator.PutRolePermissionsBoundary(t.Context(), &iam.PutRolePermissionsBoundaryInput{
					RoleName: &role, PermissionsBoundary: aws.String(readOnlySQS),
				}))
			}
			client := iam.NewFromConfig(w.caller(allow("*"), tt.deny))
			t.Run(name+" "+tt.name, func(t *testing.T) {
				t.Parallel()
				if err := permitted(op.call(t.Context(), client, &role), tt.want); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// The condition keys that AWS documents for an operation are set, and statements with
// Deny and Allow that use them take effect (IAM A3, A7).
func TestConditionKeysOfOperations(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{})
	w.tagged()
	guest := w.bareRole("guest")
	ok[*iam.CreateRoleOutput](t)(iam.NewFromConfig(w.Config()).CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName: aws.String("costly"), AssumeRolePolicyDocument: aws.String(trustRoot),
		Tags: []iamtypes.Tag{{Key: aws.String("cost"), Value: aws.String("1")}},
	}))
	queue := w.URL() + "/" + home + "/q"
	function := "arn:aws:lambda:us-east-1:" + home + ":function:f"
	team := func(value string) string { return `{"ForAnyValue:StringEquals":{"aws:TagKeys":"` + value + `"}}` }

	for _, tt := range []struct {
		name, match, other string // conditions
		call               func(ctx context.Context, cfg aws.Config, i int) error
	}{
		{"keys of tags taken off a queue", team("team"), team("cost"), func(ctx context.Context, cfg aws.Config, _ int) error {
			_, err := sqs.NewFromConfig(cfg).UntagQueue(ctx, &sqs.UntagQueueInput{QueueUrl: &queue, TagKeys: []string{"team"}})
			return err
		}},
		{"tags put on a queue", `{"StringEquals":{"aws:RequestTag/team":"orders"}}`, `{"StringEquals":{"aws:RequestTag/team":"stock"}}`,
			func(ctx context.Context, cfg aws.Config, _ int) error {
				_, err := sqs.NewFromConfig(cfg).TagQueue(ctx, &sqs.TagQueueInput{QueueUrl: &queue, Tags: map[string]string{"team": "orders"}})
				return err
			}},
		{"keys of tags taken off a function", team("team"), team("cost"), func(ctx context.Context, cfg aws.Config, _ int) error {
			_, err := lambda.NewFromConfig(cfg).UntagResource(ctx, &lambda.UntagResourceInput{Resource: &function, TagKeys: []string{"team"}})
			return err
		}},
		{"keys of tags taken off a log group", team("team"), team("cost"), func(ctx context.Context, cfg aws.Config, _ int) error {
			_, err := cloudwatchlogs.NewFromConfig(cfg).UntagResource(ctx, &cloudwatchlogs.UntagResourceInput{
				ResourceArn: aws.String("arn:aws:logs:us-east-1:" + home + ":log-group:g"), TagKeys: []string{"team"},
			})
			return err
		}},
		{"keys of tags taken off an alarm", team("team"), team("cost"), func(ctx context.Context, cfg aws.Config, _ int) error {
			_, err := cloudwatch.NewFromConfig(cfg).UntagResource(ctx, &cloudwatch.UntagResourceInput{
				ResourceARN: aws.String("arn:aws:cloudwatch:us-east-1:" + home + ":alarm:a"), TagKeys: []string{"team"},
			})
			return err
		}},
		{"keys of tags taken off a role", team("team"), team("cost"), func(ctx context.Context, cfg aws.Config, _ int) error {
			_, err := iam.NewFromConfig(cfg).UntagRole(ctx, &iam.UntagRoleInput{RoleName: aws.String("r"), TagKeys: []string{"team"}})
			return err
		}},
		{"keys of tags taken off a policy", team("team"), team("cost"), func(ctx context.Context, cfg aws.Config, _ int) error {
			_, err := iam.NewFromConfig(cfg).UntagPolicy(ctx, &iam.UntagPolicyInput{PolicyArn: aws.String("arn:aws:iam::" + home + ":policy/p"), TagKeys: []string{"team"}})
			return err
		}},
		{"tags of a role by IAM's own key", `{"StringEquals":{"iam:ResourceTag/cost":"1"}}`, `{"StringEquals":{"iam:ResourceTag/cost":"2"}}`,
			func(ctx context.Context, cfg aws.Config, _ int) error {
				_, err := iam.NewFromConfig(cfg).ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: aws.String("costly")})
				return err
			}},
		{"actions of an alarm", `{"ForAnyValue:StringLike":{"cloudwatch:AlarmActions":"arn:aws:sns:*"}}`, `{"ForAnyValue:StringLike":{"cloudwatch:AlarmActions":"arn:aws:ssm:*"}}`,
			func(ctx context.Context, cfg aws.Config, _ int) error {
				in := alarm("acting", nil)
				in.AlarmActions = []string{"arn:aws:sns:us-east-1:" + home + ":t"}
				_, err := cloudwatch.NewFromConfig(cfg).PutMetricAlarm(ctx, in)
				return err
			}},
		{"principal who may invoke", `{"StringEquals":{"lambda:Principal":"` + guest + `"}}`, `{"StringEquals":{"lambda:Principal":"sns.amazonaws.com"}}`,
			func(ctx context.Context, cfg aws.Config, i int) error {
				sid := fmt.Sprintf("s%d", i)
				_, err := lambda.NewFromConfig(cfg).AddPermission(ctx, &lambda.AddPermissionInput{
					FunctionName: aws.String("f"), StatementId: &sid, Action: aws.String("lambda:InvokeFunction"), Principal: &guest,
				})
				return err
			}},
		{"principal who may invoke no more", `{"StringEquals":{"lambda:Principal":"` + guest + `"}}`, `{"StringEquals":{"lambda:Principal":"sns.amazonaws.com"}}`,
			func(ctx context.Context, cfg aws.Config, i int) error {
				sid := fmt.Sprintf("gone%d", i)
				ok[*lambda.AddPermissionOutput](t)(lambda.NewFromConfig(w.Config()).AddPermission(ctx, &lambda.AddPermissionInput{
					FunctionName: aws.String("f"), StatementId: &sid, Action: aws.String("lambda:InvokeFunction"), Principal: &guest,
				}))
				_, err := lambda.NewFromConfig(cfg).RemovePermission(ctx, &lambda.RemovePermissionInput{FunctionName: aws.String("f"), StatementId: &sid})
				return err
			}},
		{"function that gets a role", `{"ArnLike":{"iam:AssociatedResourceArn":"` + function + `"}}`, `{"ArnLike":{"iam:AssociatedResourceArn":"` + function + `x"}}`,
			func(ctx context.Context, cfg aws.Config, _ int) error {
				_, err := lambda.NewFromConfig(cfg).UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{
					FunctionName: aws.String("f"), Role: aws.String("arn:aws:iam::" + home + ":role/execution"),
				})
				return err
			}},
	} {
		for i, p := range []struct {
			name       string
			statements []string
			want       bool
		}{
			{"denied", []string{allow("*"), denyIf(tt.match)}, false},
			{"denied for another", []string{allow("*"), denyIf(tt.other)}, true},
		} {
			cfg := w.caller(p.statements...)
			t.Run(tt.name+" "+p.name, func(t *testing.T) {
				if err := permitted(tt.call(t.Context(), cfg, i), p.want); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// The key that encrypts a queue must permit the caller too. A key whose policy is
// unknown is refused (IAM A9).
func TestEncryptedQueueNeedsPermissionsOnItsKey(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{})
	const key = "arn:aws:kms:us-east-1:" + home + ":key/11111111-2222-3333-4444-555555555555"
	onKey := func(actions string) string {
		return `{"Effect":"Allow","Action":[` + quoted(actions) + `],"Resource":"` + key + `"}`
	}
	byID := w.queue(w.Config(), "by-id", map[string]string{"KmsMasterKeyId": "11111111-2222-3333-4444-555555555555"})
	byARN := w.queue(w.Config(), "by-arn", map[string]string{"KmsMasterKeyId": key})
	managed := w.queue(w.Config(), "managed", map[string]string{"KmsMasterKeyId": "alias/aws/sqs"})
	receive := func(cfg aws.Config, queue *string) error {
		_, err := sqs.NewFromConfig(cfg).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue})
		return err
	}

	for _, tt := range []struct {
		name          string
		statements    []string
		queue         *string
		send, receive bool
	}{
		{"no permission on the key", []string{allow("sqs:*")}, byARN, false, false},
		{"key by its id", []string{allow("sqs:*")}, byID, false, false},
		{"decrypt", []string{allow("sqs:*"), onKey("kms:Decrypt")}, byARN, false, true},
		{"decrypt and encrypt", []string{allow("sqs:*"), onKey("kms:Decrypt kms:GenerateDataKey")}, byARN, true, true},
		{"decrypt and encrypt by id", []string{allow("sqs:*"), onKey("kms:Decrypt kms:GenerateDataKey")}, byID, true, true},
		{"denied", []string{allow("*"), denyOn("kms:Decrypt", key)}, byARN, false, false},
		{"AWS's own key", []string{allow("sqs:*")}, managed, true, true},
	} {
		cfg := w.caller(tt.statements...)
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := permitted(sendTo(w, cfg, tt.queue), tt.send); err != nil {
				t.Errorf("send: %v", err)
			}
			if err := permitted(receive(cfg, tt.queue), tt.receive); err != nil {
				t.Errorf("receive: %v", err)
			}
		})
	}

	for _, id := range []string{"alias/mine", "arn:aws:kms:us-east-1:" + home + ":alias/mine", "arn:aws:kms:us-east-1:111122223333:key/k", "arn:aws-cn:kms:us-east-1:" + home + ":key/k", "arn:aws:sqs:us-east-1:" + home + ":q"} {
		t.Run(id, func(t *testing.T) {
			_, err := sqs.NewFromConfig(w.Config()).SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: managed, Attributes: map[string]string{"KmsMasterKeyId": id}})
			if err == nil {
				t.Errorf("the key %s is accepted", id)
			}
		})
	}
}
