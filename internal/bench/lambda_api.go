package main

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/internal/functionzip"
	"github.com/reliableq/reliableq/sqsbatch/sqsclient"
)

// api has the clients of the server under measurement, and its function.
type api struct {
	server   *process
	lambda   *lambda.Client
	sqs      *sqs.Client
	reportTo string // address that the function reports its invocations to
	rounds   int    // configurations of the function so far
	latency  *bare  // sends single messages to the mapped queue
}

const (
	functionName = "bench"
	trustPolicy  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	rolePolicy   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:*","logs:*"],"Resource":"*"}]}`
)

// newAPI creates the role and the function.
func newAPI(ctx context.Context, server *process, program, reportTo string) (*api, error) {
	conf := aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(server.URL()),
		Credentials:  credentials.NewStaticCredentialsProvider(server.AccessKeyID, server.SecretAccessKey, ""),
		HTTPClient:   sqsclient.ReadFullResponses(awshttp.NewBuildableClient()),
	}

	a := &api{
		server:   server,
		lambda:   lambda.NewFromConfig(conf),
		sqs:      sqs.NewFromConfig(conf),
		reportTo: reportTo,
	}

	// A role with permissions for the mapping and for logs.
	roles := iam.NewFromConfig(conf)
	role, err := roles.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("bench"), AssumeRolePolicyDocument: aws.String(trustPolicy)})
	if err != nil {
		return nil, fmt.Errorf("create a role: %w", err)
	}

	_, err = roles.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
		RoleName:       aws.String("bench"),
		PolicyName:     aws.String("bench"),
		PolicyDocument: aws.String(rolePolicy),
	})
	if err != nil {
		return nil, fmt.Errorf("put the role's policy: %w", err)
	}

	// The function.
	code, err := functionzip.Zip(program)
	if err != nil {
		return nil, err
	}

	_, err = a.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName:  aws.String(functionName),
		Role:          role.Role.Arn,
		Runtime:       types.RuntimeProvidedal2023,
		Handler:       aws.String("bootstrap"),
		Architectures: []types.Architecture{architecture()},
		Code:          &types.FunctionCode{ZipFile: code},
		Timeout:       aws.Int32(10),
		Environment:   a.environment(),
	})
	if err != nil {
		return nil, fmt.Errorf("create the function: %w", err)
	}
	return a, a.awaitActive(ctx)
}

// architecture returns this machine's architecture.
func architecture() types.Architecture {
	if runtime.GOARCH == "arm64" {
		return types.ArchitectureArm64
	}
	return types.ArchitectureX8664
}

// environment returns an environment for the function that is different each time.
func (a *api) environment() *types.Environment {
	a.rounds++
	return &types.Environment{Variables: map[string]string{"BENCH_REPORT": a.reportTo, "ROUND": strconv.Itoa(a.rounds)}}
}

// awaitActive waits until the function is active with its last configuration.
func (a *api) awaitActive(ctx context.Context) error {
	for start := time.Now(); time.Since(start) < timeout; time.Sleep(5 * time.Millisecond) {
		f, err := a.lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: aws.String(functionName)})
		if err != nil {
			return fmt.Errorf("read the function: %w", err)
		}
		if f.State == types.StateActive && f.LastUpdateStatus == types.LastUpdateStatusSuccessful {
			return nil
		}
	}
	return fmt.Errorf("the function was not active after %v", timeout)
}

// reconfigure changes the function so that the next invocation is a cold start.
func (a *api) reconfigure(ctx context.Context) error {
	_, err := a.lambda.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String(functionName), Environment: a.environment()})
	if err != nil {
		return fmt.Errorf("update the function: %w", err)
	}
	return a.awaitActive(ctx)
}

// invoke invokes the function and returns the time until the response.
func (a *api) invoke(ctx context.Context) (time.Duration, error) {
	start := time.Now()
	out, err := a.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String(functionName), Payload: []byte("{}")})
	if err == nil && out.FunctionError != nil {
		err = fmt.Errorf("the function failed: %s", out.Payload)
	}
	if err != nil {
		return 0, fmt.Errorf("invoke: %w", err)
	}
	return time.Since(start), nil
}
