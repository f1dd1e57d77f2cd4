package gateway

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	cwltypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

func TestSDKCallsSQSOverJSON_SQS_A1(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	client := sqs.NewFromConfig(r.config())
	_, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl: aws.String("http://localaws.invalid/000000000000/q"), MessageBody: aws.String("hello"), DelaySeconds: 3,
		MessageAttributes: map[string]types.MessageAttributeValue{
			"bin": {DataType: aws.String("Binary"), BinaryValue: []byte{1, 2}}, "s": {DataType: aws.String("String"), StringValue: aws.String("x")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.sent.MessageBody != "hello" || *r.sent.DelaySeconds != 3 || string(r.sent.MessageAttributes["bin"].BinaryValue) != "\x01\x02" ||
		*r.sent.MessageAttributes["s"].StringValue != "x" {
		t.Errorf("the operation got %+v", r.sent)
	}
	c := r.call
	if c.Account != "111122223333" || c.Region != "eu-west-1" || c.Caller.UserID != "AIDATOY" || c.Endpoint != "http://localaws.invalid" || !c.Secure {
		t.Errorf("the call is %+v", c)
	}
	if _, err := client.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: aws.String("q"), ReceiptHandle: aws.String("h")}); err != nil {
		t.Errorf("an operation without output: %v", err)
	}
}

func TestErrorsHaveShapeAndQueryCode_SQS_A5(t *testing.T) {
	t.Parallel()
	client := sqs.NewFromConfig(newRig(t, nil).config())
	_, err := client.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: aws.String("gone"), ReceiptHandle: aws.String("h")})
	var missing *types.QueueDoesNotExist
	if !errors.As(err, &missing) || missing.ErrorCode() != "AWS.SimpleQueueService.NonExistentQueue" {
		t.Errorf("error %v, want QueueDoesNotExist with the Query protocol's code", err)
	}
}

func TestSDKCallsLambdaOverREST(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	client := lambda.NewFromConfig(r.config())
	arn := "arn:aws:lambda:eu-west-1:111122223333:function:f"
	out, err := client.Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName: &arn, Qualifier: aws.String("$LATEST"), InvocationType: lambdatypes.InvocationTypeEvent, Payload: []byte(`{"n": 1}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	if out.StatusCode != 202 || *out.ExecutedVersion != "$LATEST" || string(out.Payload) != `{"n": 1}` {
		t.Errorf("response %+v", out)
	}
	if in := r.invoked; in.FunctionName != arn || in.Qualifier != "$LATEST" || in.Type != "Event" || string(in.Payload) != `{"n": 1}` {
		t.Errorf("the operation got %+v", in)
	}
	_, err = client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("missing")})
	var missing *lambdatypes.ResourceNotFoundException
	if !errors.As(err, &missing) || *missing.Message != "Function not found: missing" || *missing.Type != "User" {
		t.Errorf("error %v, want ResourceNotFoundException", err)
	}
	esm, err := client.CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("f"), BatchSize: aws.Int32(5)})
	if err != nil || *esm.BatchSize != 5 || esm.LastModified.UnixMilli() != 1767323045250 {
		t.Errorf("mapping %+v, %v", esm, err)
	}
	if _, err := client.TagResource(t.Context(), &lambda.TagResourceInput{Resource: &arn, Tags: map[string]string{"a": "b"}}); err != nil {
		t.Errorf("an ARN in the path and a 204: %v", err)
	}
}

func TestSDKCallsCloudWatchOverCBOR_E15(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	client := cloudwatch.NewFromConfig(r.config())
	at := time.UnixMilli(1767323045250)
	_, err := client.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String("n"), MetricData: []cwtypes.MetricDatum{{
		MetricName: aws.String("m"), Timestamp: &at, Value: aws.Float64(2), Values: []float64{1, 2.5}, Unit: cwtypes.StandardUnitCount,
		Dimensions: []cwtypes.Dimension{{Name: aws.String("d"), Value: aws.String("v")}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	d := r.data.MetricData[0]
	if *d.Value != 2 || d.Values[1] != 2.5 || !d.Timestamp.Time().Equal(at) || d.Dimensions[0].Value != "v" {
		t.Errorf("the operation got %+v", d)
	}
	out, err := client.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{})
	if err != nil || len(out.MetricAlarms) != 1 || *out.MetricAlarms[0].Threshold != 1.5 || !out.MetricAlarms[0].StateUpdatedTimestamp.Equal(at) {
		t.Errorf("alarms %+v, %v", out, err)
	}
	_, err = client.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"bad"}})
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "ResourceNotFound" || api.ErrorMessage() != "no such alarm" {
		t.Errorf("error %v, want ResourceNotFound", err)
	}
}

func TestLargePutMetricDataIsCompressed(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	client := cloudwatch.NewFromConfig(r.config())
	in := &cloudwatch.PutMetricDataInput{Namespace: aws.String("n")}
	for range 500 {
		in.MetricData = append(in.MetricData, cwtypes.MetricDatum{MetricName: aws.String(strings.Repeat("m", 40)), Value: aws.Float64(1)})
	}
	if _, err := client.PutMetricData(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if len(r.data.MetricData) != 500 {
		t.Errorf("%d data points arrived, want 500", len(r.data.MetricData))
	}
}

func TestSDKCallsIAMOverQuery_D1(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	client := iam.NewFromConfig(r.config())
	out, err := client.CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(`{"a":"b c+d"}`), MaxSessionDuration: aws.Int32(3600),
		Tags: []iamtypes.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.role.AssumeRolePolicyDocument != `{"a":"b c+d"}` || *r.role.MaxSessionDuration != 3600 || len(r.role.Tags) != 1 {
		t.Errorf("the operation got %+v", r.role)
	}
	if *out.Role.RoleName != "r" || out.Role.CreateDate.Unix() != 1767323045 || *out.Role.Tags[0].Value != "v" {
		t.Errorf("response %+v", out.Role)
	}
	_, err = client.ListGroups(t.Context(), &iam.ListGroupsInput{})
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "InvalidAction" || !strings.Contains(api.ErrorMessage(), "ListGroups") {
		t.Errorf("error %v, want InvalidAction that names ListGroups", err)
	}
}

func TestSDKCallsLogsOverJSON11_E1(t *testing.T) {
	t.Parallel()
	client := cloudwatchlogs.NewFromConfig(newRig(t, nil).config())
	if _, err := client.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("g")}); err != nil {
		t.Error(err)
	}
	_, err := client.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("twice")})
	var exists *cwltypes.ResourceAlreadyExistsException
	if !errors.As(err, &exists) {
		t.Errorf("error %v, want ResourceAlreadyExistsException", err)
	}
}

func TestUnsupportedParameterIsRefusedByName(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	for name, try := range map[string]func() error{
		"MessageGroupId": func() error {
			_, err := sqs.NewFromConfig(r.config()).SendMessage(t.Context(), &sqs.SendMessageInput{
				QueueUrl: aws.String("q"), MessageBody: aws.String("b"), MessageGroupId: aws.String("g")})
			return err
		},
		"PermissionsBoundary": func() error {
			_, err := iam.NewFromConfig(r.config()).CreateRole(t.Context(), &iam.CreateRoleInput{
				RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String("{}"), PermissionsBoundary: aws.String("arn")})
			return err
		},
		"ScalingConfig": func() error {
			_, err := lambda.NewFromConfig(r.config()).CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{
				FunctionName: aws.String("f"), ScalingConfig: &lambdatypes.ScalingConfig{MaximumConcurrency: aws.Int32(2)}})
			return err
		},
		"AlarmNamePrefix": func() error {
			_, err := cloudwatch.NewFromConfig(r.config()).DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: aws.String("a")})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			var api smithy.APIError
			if err := try(); !errors.As(err, &api) || !strings.Contains(api.ErrorMessage(), "does not support the parameter "+name) {
				t.Errorf("error %v, want one that names it", err)
			}
		})
	}
}
