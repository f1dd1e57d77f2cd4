package lambda

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/gateway"
)

// client returns an SDK client that calls the service through the gateway.
func client(t *testing.T, b *testService) *sdk.Client {
	t.Helper()

	g, err := gateway.New(gateway.Options{
		Dispatcher: &awsapi.Dispatcher{Services: map[string]*awsapi.Service{"lambda": b.API()}},
		Identity:   func(string) (awsapi.Credential, bool) { return awsapi.Credential{}, false },
		Clock:      b.clock,
		Chance:     b.opts.Chance,
		Account:    "000000000000",
		Region:     "us-east-1",
		NoAuth:     true,
		Extra:      b.CodeHandler(),
	})
	if err != nil {
		t.Fatal(err)
	}

	return sdk.New(sdk.Options{
		BaseEndpoint: aws.String("http://localhost:4566"),
		Region:       "us-east-1",
		HTTPClient:   &http.Client{Transport: gateway.Transport(g)},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDTEST", SecretAccessKey: "secret"}, nil
		}),
		RetryMaxAttempts: 1,
	})
}

// okay fails the test on an error and returns the value otherwise.
func okay[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (b *testService) sdkCreate(t *testing.T, c *sdk.Client, name string) *sdk.CreateFunctionOutput {
	t.Helper()

	architecture := types.ArchitectureX8664
	if hostArch == "arm64" {
		architecture = types.ArchitectureArm64
	}

	return okay[*sdk.CreateFunctionOutput](t)(c.CreateFunction(ctx, &sdk.CreateFunctionInput{
		FunctionName:  &name,
		Role:          aws.String(role),
		Runtime:       types.RuntimeProvidedal2023,
		Handler:       aws.String("bootstrap"),
		Code:          &types.FunctionCode{ZipFile: bundle(t, program, 0o755)},
		Architectures: []types.Architecture{architecture},
		Environment:   &types.Environment{Variables: map[string]string{"TABLE": "orders"}},
		Tags:          map[string]string{"team": "a"},
	}))
}

func TestSDKCreatesInvokesAndDeletes(t *testing.T) {
	t.Parallel()

	b := start(t)
	c := client(t, b)
	if out := b.sdkCreate(t, c, "f"); out.State != types.StatePending || out.Environment.Variables["TABLE"] != "orders" {
		t.Errorf("%+v", out)
	}

	got := okay[*sdk.GetFunctionOutput](t)(c.GetFunction(ctx, &sdk.GetFunctionInput{FunctionName: aws.String("f")}))
	if got.Configuration.State != types.StateActive || got.Tags["team"] != "a" {
		t.Errorf("%+v", got.Configuration)
	}

	out := okay[*sdk.InvokeOutput](t)(c.Invoke(ctx, &sdk.InvokeInput{
		FunctionName: aws.String(functionARN),
		Payload:      []byte(`{"Do":"error","Text":"bad"}`),
		LogType:      types.LogTypeTail,
	}))

	tail, _ := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult))
	if out.StatusCode != 200 || aws.ToString(out.FunctionError) != "Unhandled" || aws.ToString(out.ExecutedVersion) != "$LATEST" ||
		string(out.Payload) != `{"errorMessage":"bad","errorType":"errorString"}` || !strings.Contains(string(tail), "REPORT RequestId: ") {
		t.Errorf("%+v %s %s", out, out.Payload, tail)
	}

	event := okay[*sdk.InvokeOutput](t)(c.Invoke(ctx, &sdk.InvokeInput{FunctionName: aws.String("f"), InvocationType: types.InvocationTypeEvent}))
	if event.StatusCode != 202 || event.ExecutedVersion != nil {
		t.Errorf("%+v", event)
	}

	okay[*sdk.DeleteFunctionOutput](t)(c.DeleteFunction(ctx, &sdk.DeleteFunctionInput{FunctionName: aws.String("f")}))
	_, err := c.GetFunction(ctx, &sdk.GetFunctionInput{FunctionName: aws.String("f")})
	var missing *types.ResourceNotFoundException
	if !errors.As(err, &missing) || missing.ErrorMessage() != "Function not found: "+functionARN || aws.ToString(missing.Type) != "User" {
		t.Errorf("A2: %v", err)
	}
}

func TestZipFileCanBeDownloaded_C8(t *testing.T) {
	t.Parallel()

	b := start(t)
	c := client(t, b)
	b.sdkCreate(t, c, "f")
	got := okay[*sdk.GetFunctionOutput](t)(c.GetFunction(ctx, &sdk.GetFunctionInput{FunctionName: aws.String("f")}))
	res, err := c.Options().HTTPClient.(*http.Client).Get(aws.ToString(got.Code.Location))
	if err != nil {
		t.Fatal(err)
	}

	defer res.Body.Close()
	zip, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 || int64(len(zip)) != got.Configuration.CodeSize {
		t.Errorf("%d, %d bytes, %v", res.StatusCode, len(zip), err)
	}

	for path, status := range map[string]int{
		"../zips/x":              404,
		strings.Repeat("0", 64):  403,
		"..%2f..%2fetc%2fpasswd": 404,
	} {
		t.Run(path, func(t *testing.T) {
			res, err := c.Options().HTTPClient.(*http.Client).Get("http://localhost:4566" + CodePath + path)
			if err != nil || res.StatusCode != status {
				t.Errorf("%s: %v %v, want %d", path, res, err, status)
			}
		})
	}
}

// ListFunctions returns the hash of the code. That must not be enough to download it,
// and the URL that GetFunction returns expires.
func TestCodeURLMustBeSigned(t *testing.T) {
	t.Parallel()

	b := start(t)
	c := client(t, b)
	b.sdkCreate(t, c, "f")
	listed := okay[*sdk.ListFunctionsOutput](t)(c.ListFunctions(ctx, &sdk.ListFunctionsInput{}))
	hash, err := base64.StdEncoding.DecodeString(aws.ToString(listed.Functions[0].CodeSha256))
	if err != nil {
		t.Fatal(err)
	}

	name := hex.EncodeToString(hash)
	past := strconv.FormatInt(time.Now().Add(-time.Second).Unix(), 10)
	future := strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)

	for _, tt := range []struct {
		name, query string
		status      int
	}{
		{"no signature", "", 403},
		{"no expiry", "?signature=" + b.signCode(name, ""), 403},
		{"signature of another expiry", "?expires=" + future + "&signature=" + b.signCode(name, past), 403},
		{"signature of another file", "?expires=" + future + "&signature=" + b.signCode(strings.Repeat("0", 64), future), 403},
		{"expired", "?expires=" + past + "&signature=" + b.signCode(name, past), 403},
		{"signed", "?expires=" + future + "&signature=" + b.signCode(name, future), 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			res, err := c.Options().HTTPClient.(*http.Client).Get("http://localhost:4566" + CodePath + name + tt.query)
			if err != nil {
				t.Fatal(err)
			}

			defer res.Body.Close()
			if res.StatusCode != tt.status {
				t.Errorf("status %d, want %d", res.StatusCode, tt.status)
			}
		})
	}
}

func TestThrottleThroughTheSDK_C44(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.createHandler(t, "f", echo)
	c := client(t, b)
	okay[*sdk.PutFunctionConcurrencyOutput](t)(c.PutFunctionConcurrency(ctx, &sdk.PutFunctionConcurrencyInput{
		FunctionName: aws.String("f"), ReservedConcurrentExecutions: aws.Int32(0),
	}))

	_, err := c.Invoke(ctx, &sdk.InvokeInput{FunctionName: aws.String("f")})
	var e *types.TooManyRequestsException
	if !errors.As(err, &e) || e.Reason != types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded || e.ErrorMessage() != "Rate Exceeded." ||
		aws.ToString(e.RetryAfterSeconds) == "" {
		t.Errorf("%v %+v", err, e)
	}
}

func TestSDKReachesEveryConfiguration(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.createHandler(t, "f", echo)
	c := client(t, b)
	f := aws.String("f")
	if v := okay[*sdk.PublishVersionOutput](t)(c.PublishVersion(ctx, &sdk.PublishVersionInput{FunctionName: f})); aws.ToString(v.Version) != "1" {
		t.Errorf("%+v", v)
	}

	okay[*sdk.UpdateFunctionConfigurationOutput](t)(c.UpdateFunctionConfiguration(ctx, &sdk.UpdateFunctionConfigurationInput{
		FunctionName:     f,
		Timeout:          aws.Int32(7),
		VpcConfig:        &types.VpcConfig{SubnetIds: []string{}, SecurityGroupIds: []string{}},
		KMSKeyArn:        aws.String(""),
		DeadLetterConfig: &types.DeadLetterConfig{TargetArn: aws.String("")},
		Layers:           []string{},
		TracingConfig:    &types.TracingConfig{Mode: types.TracingModePassThrough},
	}))

	alias := okay[*sdk.CreateAliasOutput](t)(c.CreateAlias(ctx, &sdk.CreateAliasInput{
		FunctionName:    f,
		Name:            aws.String("live"),
		FunctionVersion: aws.String("1"),
	}))

	qualified := okay[*sdk.GetFunctionConfigurationOutput](t)(c.GetFunctionConfiguration(ctx, &sdk.GetFunctionConfigurationInput{FunctionName: alias.AliasArn}))
	if aws.ToString(qualified.FunctionArn) != functionARN+":live" || aws.ToString(qualified.Version) != "1" {
		t.Errorf("%+v", qualified)
	}

	okay[*sdk.PutFunctionEventInvokeConfigOutput](t)(c.PutFunctionEventInvokeConfig(ctx, &sdk.PutFunctionEventInvokeConfigInput{
		FunctionName:         f,
		Qualifier:            aws.String("live"),
		MaximumRetryAttempts: aws.Int32(0),
		DestinationConfig: &types.DestinationConfig{
			OnFailure: &types.OnFailure{Destination: aws.String(deadQueue)},
		},
	}))

	async := okay[*sdk.GetFunctionEventInvokeConfigOutput](t)(c.GetFunctionEventInvokeConfig(ctx, &sdk.GetFunctionEventInvokeConfigInput{
		FunctionName: f, Qualifier: aws.String("live"),
	}))

	if !async.LastModified.Equal(epoch) || aws.ToString(async.DestinationConfig.OnFailure.Destination) != deadQueue || *async.MaximumRetryAttempts != 0 {
		t.Errorf("A5, C34: %+v", async)
	}

	okay[*sdk.TagResourceOutput](t)(c.TagResource(ctx, &sdk.TagResourceInput{Resource: aws.String(functionARN), Tags: map[string]string{"a": "1"}}))
	okay[*sdk.UntagResourceOutput](t)(c.UntagResource(ctx, &sdk.UntagResourceInput{Resource: aws.String(functionARN), TagKeys: []string{"a"}}))
	okay[*sdk.PutFunctionRecursionConfigOutput](t)(c.PutFunctionRecursionConfig(ctx, &sdk.PutFunctionRecursionConfigInput{
		FunctionName: f, RecursiveLoop: types.RecursiveLoopAllow,
	}))

	okay[*sdk.GetFunctionCodeSigningConfigOutput](t)(c.GetFunctionCodeSigningConfig(ctx, &sdk.GetFunctionCodeSigningConfigInput{FunctionName: f}))
	okay[*sdk.GetRuntimeManagementConfigOutput](t)(c.GetRuntimeManagementConfig(ctx, &sdk.GetRuntimeManagementConfigInput{FunctionName: f}))
	okay[*sdk.GetAccountSettingsOutput](t)(c.GetAccountSettings(ctx, &sdk.GetAccountSettingsInput{}))
	okay[*sdk.DeleteAliasOutput](t)(c.DeleteAlias(ctx, &sdk.DeleteAliasInput{FunctionName: f, Name: aws.String("live")}))
	okay[*sdk.DeleteFunctionConcurrencyOutput](t)(c.DeleteFunctionConcurrency(ctx, &sdk.DeleteFunctionConcurrencyInput{FunctionName: f}))
}

func TestUnsupportedOperationsAreRefusedByName(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.createHandler(t, "f", echo)
	c := client(t, b)
	_, err := c.CreateFunctionUrlConfig(ctx, &sdk.CreateFunctionUrlConfigInput{FunctionName: aws.String("f"), AuthType: types.FunctionUrlAuthTypeNone})
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != "UnknownOperationException" || !strings.Contains(e.ErrorMessage(), "CreateFunctionUrlConfig") {
		t.Errorf("%v", err)
	}

	_, err = c.UpdateFunctionConfiguration(ctx, &sdk.UpdateFunctionConfigurationInput{
		FunctionName: aws.String("f"), FileSystemConfigs: []types.FileSystemConfig{{Arn: aws.String("arn"), LocalMountPath: aws.String("/mnt/x")}},
	})
	if !errors.As(err, &e) || !strings.Contains(e.ErrorMessage(), "FileSystemConfigs") {
		t.Errorf("%v", err)
	}
}
