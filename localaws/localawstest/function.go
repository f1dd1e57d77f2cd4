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

// Function is a Lambda function that runs in the test's process: no zip file, no
// child process. A panic, an error and a timeout count as they do on Lambda, and
// a goroutine that ends counts as a process that exits.
type Function struct {
	// Name is the function's name. Required.
	Name string
	// Handler is what lambda.Start of aws-lambda-go takes, such as a
	// func(context.Context, events.SQSEvent) (events.SQSEventResponse, error).
	// Required.
	Handler any
	// Timeout is in whole seconds, up to 15 min; 0 means Lambda's 3 s. Like
	// every limit of a function it counts the machine's time, which inside a
	// testing/synctest bubble is the bubble's.
	Timeout time.Duration
	// Environment is what [Variables] answers beside Lambda's own variables.
	Environment map[string]string
	// Policy is the IAM policy of its role, as JSON; empty allows everything.
	Policy string
	// Queue is the name of a queue of the server's region that an event source
	// mapping reads for it; empty means none.
	Queue string
	// BatchSize is the mapping's, 1 to 10; 0 means 10.
	BatchSize int
	// ReportFailures sets ReportBatchItemFailures on the mapping.
	ReportFailures bool
}

// allowAll is the policy of a role that may do everything.
const allowAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

// trustLambda lets Lambda assume a role.
const trustLambda = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

// Function makes a function with a role of its own, named as the function, and
// with a mapping if it reads a queue. It fails the test when AWS would refuse.
func (s *Server) Function(t testing.TB, f Function) {
	t.Helper()
	if err := s.function(t.Context(), f); err != nil {
		t.Fatalf("make function %s: %v", f.Name, err)
	}
}

func (s *Server) function(ctx context.Context, f Function) error {
	s.Handle(f.Name, f.Handler)
	role, err := s.role(ctx, f)
	if err != nil {
		return err
	}
	client := lambdasdk.NewFromConfig(s.Config())
	in := &lambdasdk.CreateFunctionInput{
		FunctionName: &f.Name, Role: &role, Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"), Code: &types.FunctionCode{},
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
		FunctionName: &f.Name, EventSourceArn: aws.String("arn:aws:sqs:" + s.Region() + ":" + s.Account() + ":" + f.Queue),
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

// role makes the role that a function runs as.
func (s *Server) role(ctx context.Context, f Function) (arn string, err error) {
	client := iam.NewFromConfig(s.Config())
	made, err := client.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &f.Name, AssumeRolePolicyDocument: aws.String(trustLambda)})
	if err != nil {
		return "", fmt.Errorf("make its role: %w", err)
	}
	policy := f.Policy
	if policy == "" {
		policy = allowAll
	}
	in := &iam.PutRolePolicyInput{RoleName: &f.Name, PolicyName: aws.String("test"), PolicyDocument: &policy}
	if _, err := client.PutRolePolicy(ctx, in); err != nil {
		return "", fmt.Errorf("give its role a policy: %w", err)
	}
	return *made.Role.Arn, nil
}

// Handle makes every function of a name run handler in this process: a handler of
// the kinds that lambda.Start of aws-lambda-go takes. It is for functions that the
// test makes by other means, such as by Terraform.
func (s *Server) Handle(name string, handler any) {
	s.RegisterHandler(name, func(ctx context.Context, event []byte) ([]byte, error) {
		// One for each call: calls may overlap, and what Invoke answers lies in
		// a buffer that the next call on the same one may write to.
		return lambda.NewHandler(handler).Invoke(ctx, event)
	})
}

// Variables answers, inside a handler, the environment variables that the function
// would have as a process: Lambda's, its role's credentials and its own.
func Variables(ctx context.Context) map[string]string { return sandbox.Variables(ctx) }

// FunctionConfig is, inside a handler, what AWS SDK clients need to call this
// server as the function's role: what its policy does not allow is refused.
func (s *Server) FunctionConfig(ctx context.Context) aws.Config {
	v := sandbox.Variables(ctx)
	cfg := s.ConfigAs(v["AWS_ACCESS_KEY_ID"], v["AWS_SECRET_ACCESS_KEY"], v["AWS_SESSION_TOKEN"])
	cfg.Region = v["AWS_REGION"]
	return cfg
}
