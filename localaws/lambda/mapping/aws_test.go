package mapping_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"

	"github.com/reliableq/reliableq/localaws/localawstest"
)

// site is an embedded AWS with a queue and a function.
type site struct {
	*localawstest.Server
	lambda *lambda.Client
	arn    string
}

func newSite(t *testing.T, permissions string) *site {
	t.Helper()
	srv := localawstest.New(t)
	cfg := srv.Config()
	s := &site{Server: srv, lambda: lambda.NewFromConfig(cfg), arn: "arn:aws:sqs:us-east-1:000000000000:orders"}
	roles := iam.NewFromConfig(cfg)
	ctx := t.Context()
	_, err := sqs.NewFromConfig(cfg).CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("orders")})
	fatal(t, err)
	role, err := roles.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("consumer"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)})
	fatal(t, err)
	_, err = roles.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("consumer"), PolicyName: aws.String("poll"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[` + permissions + `],"Resource":"*"}]}`)})
	fatal(t, err)
	var bundle bytes.Buffer
	z := zip.NewWriter(&bundle)
	h := &zip.FileHeader{Name: "bootstrap"}
	h.SetMode(0o755)
	f, err := z.CreateHeader(h)
	fatal(t, err)
	_, err = f.Write([]byte("#!/bin/sh\n"))
	fatal(t, errors.Join(err, z.Close()))
	_, err = s.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{FunctionName: aws.String("consumer"), Role: role.Role.Arn,
		Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"), Code: &types.FunctionCode{ZipFile: bundle.Bytes()}})
	fatal(t, err)
	return s
}

func fatal(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const allowed = `"sqs:ReceiveMessage","sqs:DeleteMessage","sqs:GetQueueAttributes"`

func TestSDKSeesAMappingThroughItsLife(t *testing.T) {
	t.Parallel()
	s := newSite(t, allowed)
	ctx := t.Context()
	made, err := s.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{
		EventSourceArn: &s.arn, FunctionName: aws.String("consumer"), BatchSize: aws.Int32(5),
		FunctionResponseTypes: []types.FunctionResponseType{types.FunctionResponseTypeReportBatchItemFailures},
		Tags:                  map[string]string{"team": "orders"},
	})
	fatal(t, err)
	if *made.State != "Creating" || *made.BatchSize != 5 || len(made.FunctionResponseTypes) != 1 {
		t.Errorf("created %+v", made)
	}
	got, err := s.lambda.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: made.UUID})
	fatal(t, err)
	if *got.State != "Enabled" || !got.LastModified.Equal(*made.LastModified) {
		t.Errorf("read %+v", got)
	}
	tags, err := s.lambda.ListTags(ctx, &lambda.ListTagsInput{Resource: made.EventSourceMappingArn})
	fatal(t, err)
	if tags.Tags["team"] != "orders" {
		t.Errorf("tags %v", tags.Tags)
	}
	changed, err := s.lambda.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: made.UUID, FunctionResponseTypes: []types.FunctionResponseType{}})
	fatal(t, err)
	if len(changed.FunctionResponseTypes) != 0 || *changed.State != "Updating" {
		t.Errorf("updated %+v", changed)
	}
	list, err := s.lambda.ListEventSourceMappings(ctx, &lambda.ListEventSourceMappingsInput{FunctionName: aws.String("consumer"), EventSourceArn: &s.arn})
	fatal(t, err)
	if len(list.EventSourceMappings) != 1 {
		t.Errorf("listed %d", len(list.EventSourceMappings))
	}
	_, err = s.lambda.DeleteEventSourceMapping(ctx, &lambda.DeleteEventSourceMappingInput{UUID: made.UUID})
	fatal(t, err)
	_, err = s.lambda.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: made.UUID})
	var missing *types.ResourceNotFoundException
	if !errors.As(err, &missing) || missing.ErrorMessage() != "The resource you requested does not exist." {
		t.Errorf("after deletion: %v", err)
	}
}

func TestB17MissingPermissionIsNamedThroughTheSDK(t *testing.T) {
	t.Parallel()
	s := newSite(t, `"sqs:ReceiveMessage","sqs:GetQueueAttributes"`)
	_, err := s.lambda.CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{EventSourceArn: &s.arn, FunctionName: aws.String("consumer")})
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != "InvalidParameterValueException" ||
		e.ErrorMessage() != "The function execution role does not have permissions to call DeleteMessage on SQS" {
		t.Errorf("error %v", err)
	}
}
