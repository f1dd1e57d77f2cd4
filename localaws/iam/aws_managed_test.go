package iam_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkiam "github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/iam"
	"github.com/reliableq/reliableq/localaws/policy"
)

// Every AWS managed policy that is embedded can be parsed and attached.
func TestAWSManagedPoliciesCanBeReadAndAttached(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	all := iam.AWSManagedPolicies()
	if len(all) < 60 {
		t.Fatalf("%d policies", len(all))
	}

	for arn, text := range all {
		t.Run(arn, func(t *testing.T) {
			t.Parallel()
			if _, err := policy.Parse(text, policy.Identity); err != nil {
				t.Errorf("%v: %s", err, text)
			}
			if strings.Contains(arn, ":policy/aws-service-role/") {
				t.Error("AWS does not let anyone attach a policy of a service-linked role")
			}
			name := "r-" + arn[strings.LastIndexByte(arn, '/')+1:]
			w.role(t, name, trustsFunc, "")
			if _, err := w.iam().AttachRolePolicy(t.Context(), &sdkiam.AttachRolePolicyInput{RoleName: &name, PolicyArn: &arn}); err != nil {
				t.Error(err)
			}
		})
	}
}

// The policies that users of queues and functions attach allow what their names say,
// and nothing else.
func TestAWSManagedPoliciesAllowTheirActionsOnly(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	const (
		function = "arn:aws:lambda:us-east-1:000000000000:function:f"
		group    = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/f:log-stream:"
		insights = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda-insights:log-stream:s"
	)
	for i, tt := range []struct {
		policy, action, resource string
		want                     bool
	}{
		{"service-role/AWSLambdaBasicExecutionRole", "logs:PutLogEvents", group, true},
		{"service-role/AWSLambdaBasicExecutionRole", "sqs:ReceiveMessage", queue, false},
		{"service-role/AWSLambdaSQSQueueExecutionRole", "sqs:ReceiveMessage", queue, true},
		{"service-role/AWSLambdaSQSQueueExecutionRole", "sqs:SendMessage", queue, false},
		{"service-role/AWSLambdaVPCAccessExecutionRole", "ec2:CreateNetworkInterface", "*", true},
		{"service-role/AWSLambdaRole", "lambda:InvokeFunction", function, true},
		{"AWSLambda_FullAccess", "lambda:UpdateFunctionCode", function, true},
		{"AWSLambda_FullAccess", "sqs:ReceiveMessage", queue, false},
		{"AWSLambda_FullAccess", "logs:FilterLogEvents", group, true},
		{"AWSLambda_ReadOnlyAccess", "lambda:GetFunction", function, true},
		{"AWSLambda_ReadOnlyAccess", "lambda:InvokeFunction", function, false},
		{"AWSLambdaExecute", "logs:PutLogEvents", group, true},
		{"AmazonSQSFullAccess", "sqs:PurgeQueue", queue, true},
		{"AmazonSQSReadOnlyAccess", "sqs:ReceiveMessage", queue, false},
		{"CloudWatchLogsFullAccess", "logs:DeleteLogGroup", group, true},
		{"CloudWatchLogsReadOnlyAccess", "logs:FilterLogEvents", group, true},
		{"CloudWatchLogsReadOnlyAccess", "logs:DeleteLogGroup", group, false},
		{"CloudWatchFullAccessV2", "cloudwatch:PutMetricAlarm", "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a", true},
		{"CloudWatchLambdaInsightsExecutionRolePolicy", "logs:PutLogEvents", insights, true},
		{"CloudWatchLambdaInsightsExecutionRolePolicy", "logs:PutLogEvents", group, false},
		{"AWSXRayDaemonWriteAccess", "xray:PutTraceSegments", "*", true},
		{"IAMReadOnlyAccess", "iam:GetRole", arnOf("r"), true},
		{"IAMReadOnlyAccess", "iam:DeleteRole", arnOf("r"), false},
		{"ReadOnlyAccess", "sqs:GetQueueAttributes", queue, true},
		{"ReadOnlyAccess", "sqs:DeleteMessage", queue, false},
		{"PowerUserAccess", "sqs:DeleteQueue", queue, true},
		{"PowerUserAccess", "iam:CreateRole", arnOf("r"), false},
		{"AdministratorAccess", "iam:CreateRole", arnOf("r"), true},
		{"AWSDenyAll", "sqs:SendMessage", queue, false},
	} {
		name := fmt.Sprintf("r%d", i)
		t.Run(tt.policy+" "+tt.action, func(t *testing.T) {
			t.Parallel()
			w.role(t, name, trustsFunc, "")
			arn := "arn:aws:iam::aws:policy/" + tt.policy
			if _, err := w.iam().AttachRolePolicy(t.Context(), &sdkiam.AttachRolePolicyInput{RoleName: &name, PolicyArn: &arn}); err != nil {
				t.Fatal(err)
			}
			err := w.Authorize(t.Context(), w.session(t, name), awsapi.Access{Action: tt.action, Resource: tt.resource})
			if (err == nil) != tt.want {
				t.Errorf("%v, want allowed %v", err, tt.want)
			}
		})
	}
}

func TestAWSManagedPolicyThatIsNotShippedIsRefusedByName(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	w.role(t, "r", trustsFunc, "")
	arn := "arn:aws:iam::aws:policy/AWSOutpostsServiceRolePolicy"
	_, err := w.iam().AttachRolePolicy(t.Context(), &sdkiam.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: &arn})
	refused(t, err, "NoSuchEntity", "Policy "+arn+" does not exist or is not attachable. (The embedded AWS has only some of AWS's own policies.)")
}
