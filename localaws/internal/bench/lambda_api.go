package main

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/localaws/internal/functionzip"
)

// api is the server's API as a client of AWS sees it, and the function in it.
type api struct {
	server   *process
	lambda   *lambda.Client
	sqs      *sqs.Client
	reportTo string
	rounds   int
	latency  *bare // sends single messages to the mapped queue
}

const (
	functionName = "bench"
	trustPolicy  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	rolePolicy   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:*","logs:*"],"Resource":"*"}]}`
)

// newAPI makes role and function.
func newAPI(ctx context.Context, server *process, program, reportTo string) (*api, error) {
	conf := aws.Config{Region: region, BaseEndpoint: aws.String(server.url()), Credentials: credentials.NewStaticCredentialsProvider(server.id, server.key, "")}
	a := &api{server: server, lambda: lambda.NewFromConfig(conf), sqs: sqs.NewFromConfig(conf), reportTo: reportTo}
	roles := iam.NewFromConfig(conf)
	role, err := roles.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("bench"), AssumeRolePolicyDocument: aws.String(trustPolicy)})
	if err != nil {
		return nil, fmt.Errorf("make a role: %w", err)
	}
	_, err = roles.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("bench"), PolicyName: aws.String("bench"), PolicyDocument: aws.String(rolePolicy)})
	if err != nil {
		return nil, fmt.Errorf("give the role permissions: %w", err)
	}
	code, err := functionzip.Of(program)
	if err != nil {
		return nil, err
	}
	_, err = a.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: aws.String(functionName), Role: role.Role.Arn, Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"),
		Architectures: []types.Architecture{architecture()}, Code: &types.FunctionCode{ZipFile: code}, Timeout: aws.Int32(10),
		Environment: a.environment(),
	})
	if err != nil {
		return nil, fmt.Errorf("make the function: %w", err)
	}
	return a, a.settled(ctx)
}

func architecture() types.Architecture {
	if runtime.GOARCH == "arm64" {
		return types.ArchitectureArm64
	}
	return types.ArchitectureX8664
}

// environment is the function's, different each time.
func (a *api) environment() *types.Environment {
	a.rounds++
	return &types.Environment{Variables: map[string]string{"BENCH_REPORT": a.reportTo, "ROUND": strconv.Itoa(a.rounds)}}
}

// settled waits until the function may be called as it was set last.
func (a *api) settled(ctx context.Context) error {
	for start := time.Now(); time.Since(start) < patience; time.Sleep(5 * time.Millisecond) {
		f, err := a.lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: aws.String(functionName)})
		if err != nil {
			return fmt.Errorf("look at the function: %w", err)
		}
		if f.State == types.StateActive && f.LastUpdateStatus == types.LastUpdateStatusSuccessful {
			return nil
		}
	}
	return fmt.Errorf("the function did not settle in %v", patience)
}

// renew makes the next invocation a cold one.
func (a *api) renew(ctx context.Context) error {
	_, err := a.lambda.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String(functionName), Environment: a.environment()})
	if err != nil {
		return fmt.Errorf("change the function: %w", err)
	}
	return a.settled(ctx)
}

// invoke calls the function and waits for its answer.
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
