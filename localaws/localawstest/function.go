package localawstest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	lambdasdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

// Function is a Lambda function that runs in the test's process, without zip file and
// child process. A panic, an error and a timeout have the same effect as on Lambda, and
// a goroutine that ends has the effect of a process that exits.
type Function struct {
	// Name is the function's name. Required.
	Name string
	// Handler is what lambda.Start of aws-lambda-go takes, such as a
	// func(context.Context, events.SQSEvent) (events.SQSEventResponse, error).
	// Required.
	Handler any
	// Timeout is in whole seconds, up to 15 min; 0 means Lambda's 3 s. It is machine
	// time, which in a testing/synctest bubble is the bubble's time.
	Timeout time.Duration
	// Environment are the variables that [Variables] returns in addition to Lambda's.
	Environment map[string]string
	// Policy is the IAM policy of its role, as JSON; empty permits everything.
	Policy string
	// Queue is the name of a queue in the server's region for an event source mapping;
	// empty means no mapping.
	Queue string
	// BatchSize is the mapping's batch size, 1 to 10; 0 means 10.
	BatchSize int
	// ReportFailures sets ReportBatchItemFailures on the mapping.
	ReportFailures bool
}

// allowAll is a policy that permits everything.
const allowAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

// trustLambda is a trust policy that permits Lambda to assume a role.
const trustLambda = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

// Function creates a function with a role of the same name, and a mapping if it has a
// queue. It fails the test when AWS would refuse.
func (s *Server) Function(t testing.TB, f Function) {
	t.Helper()
	if err := s.createFunction(t.Context(), f); err != nil {
		t.Fatalf("create function %s: %v", f.Name, err)
	}
}

// createFunction is Function with an error instead of a failed test.
func (s *Server) createFunction(ctx context.Context, f Function) error {
	// The handler comes first: a function with a registered handler needs no zip file.
	s.Handle(f.Name, f.Handler)
	role, err := s.createRole(ctx, f)
	if err != nil {
		return err
	}

	client := lambdasdk.NewFromConfig(s.Config())
	in := &lambdasdk.CreateFunctionInput{
		FunctionName: &f.Name,
		Role:         &role,
		Runtime:      types.RuntimeProvidedal2023,
		Handler:      aws.String("bootstrap"),
		Code:         &types.FunctionCode{},
	}
	if f.Timeout > 0 {
		in.Timeout = aws.Int32(int32(f.Timeout / time.Second))
	}
	if len(f.Environment) > 0 {
		in.Environment = &types.Environment{Variables: f.Environment}
	}
	if _, err := client.CreateFunction(ctx, in); err != nil {
		return err
	}
	if f.Queue == "" {
		return nil
	}

	mapping := &lambdasdk.CreateEventSourceMappingInput{
		FunctionName:   &f.Name,
		EventSourceArn: aws.String("arn:aws:sqs:" + s.Region() + ":" + s.Account() + ":" + f.Queue),
	}
	if f.BatchSize > 0 {
		mapping.BatchSize = aws.Int32(int32(f.BatchSize))
	}
	if f.ReportFailures {
		mapping.FunctionResponseTypes = []types.FunctionResponseType{types.FunctionResponseTypeReportBatchItemFailures}
	}

	_, err = client.CreateEventSourceMapping(ctx, mapping)
	return err
}

// createRole creates the execution role of a function.
func (s *Server) createRole(ctx context.Context, f Function) (arn string, err error) {
	client := iam.NewFromConfig(s.Config())
	made, err := client.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &f.Name, AssumeRolePolicyDocument: aws.String(trustLambda)})
	if err != nil {
		return "", fmt.Errorf("create its role: %w", err)
	}

	policy := f.Policy
	if policy == "" {
		policy = allowAll
	}

	in := &iam.PutRolePolicyInput{
		RoleName:       &f.Name,
		PolicyName:     aws.String("test"),
		PolicyDocument: &policy,
	}
	if _, err := client.PutRolePolicy(ctx, in); err != nil {
		return "", fmt.Errorf("put the policy of its role: %w", err)
	}
	return *made.Role.Arn, nil
}

// Handle makes every function of a name run handler in this process: any handler that
// lambda.Start of aws-lambda-go takes. It is for functions that the test creates by
// other means, such as Terraform.
func (s *Server) Handle(name string, handler any) {
	s.RegisterHandler(name, func(ctx context.Context, event []byte) ([]byte, error) {
		// A new one for each call: calls may overlap, and the result of Invoke is in a
		// buffer that its next call may overwrite.
		return lambda.NewHandler(handler).Invoke(ctx, event)
	})
}

// Variables returns, inside a handler, the environment variables that the function would
// have as a process: Lambda's, its role's credentials and its own.
func Variables(ctx context.Context) map[string]string { return sandbox.Variables(ctx) }

// FunctionConfig returns, inside a handler, the configuration with which AWS SDK clients
// call this server as the function's role: only what its policy permits is allowed.
func (s *Server) FunctionConfig(ctx context.Context) aws.Config {
	v := sandbox.Variables(ctx)
	cfg := s.ConfigAs(v["AWS_ACCESS_KEY_ID"], v["AWS_SECRET_ACCESS_KEY"], v["AWS_SESSION_TOKEN"])
	cfg.Region = v["AWS_REGION"]
	return cfg
}
