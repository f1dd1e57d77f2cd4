package localaws_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/localaws"
)

// signed sends a request as the SDK for another service does, with a caller's
// credentials, and returns status, content type and body.
func signed(ctx context.Context, cfg aws.Config, service, method, url, body string, header ...string) (int, string, string, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", "", err
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	credentials, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return 0, "", "", err
	}
	const unsigned = "UNSIGNED-PAYLOAD"
	r.Header.Set("X-Amz-Content-Sha256", unsigned)
	if err := v4.NewSigner().SignHTTP(ctx, credentials, r, unsigned, service, cfg.Region, time.Now()); err != nil {
		return 0, "", "", err
	}
	res, err := cfg.HTTPClient.Do(r)
	if err != nil {
		return 0, "", "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, res.Header.Get("Content-Type"), string(b), err
}

// TestServicesThatAreNotEmbeddedAreNamedInTheError sends requests as the SDKs of other
// services do, from inside a function.
func TestServicesThatAreNotEmbeddedAreNamedInTheError(t *testing.T) {
	t.Parallel()
	const form = "application/x-www-form-urlencoded; charset=utf-8"
	for _, tt := range []struct {
		name, service, method, host, path, body string
		header                                  []string
		kind, code                              string
	}{
		{name: "S3 by path", service: "s3", method: "PUT", path: "/bucket/some/key?x-id=PutObject", body: "data", kind: "application/xml", code: "<Code>NotImplemented</Code>"},
		{name: "S3 by host", service: "s3", method: "GET", host: "bucket.localhost", path: "/some/key", kind: "application/xml", code: "<Code>NotImplemented</Code>"},
		{name: "S3's list of buckets", service: "s3", method: "GET", path: "/", kind: "application/xml", code: "<Code>NotImplemented</Code>"},
		{name: "DynamoDB", service: "dynamodb", method: "POST", path: "/", body: `{"TableName":"t"}`, kind: "application/x-amz-json-1.1",
			header: []string{"X-Amz-Target", "DynamoDB_20120810.GetItem", "Content-Type", "application/x-amz-json-1.0"}, code: `"__type":"NotImplementedException"`},
		{name: "SNS", service: "sns", method: "POST", path: "/", body: "Action=Publish&Version=2010-03-31", header: []string{"Content-Type", form},
			kind: "text/xml", code: "<Code>NotImplemented</Code>"},
		{name: "EventBridge Scheduler", service: "scheduler", method: "GET", path: "/schedules", kind: "application/json", code: "does not have"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newTestServer(t, localaws.Options{})
			var status int
			var kind, response string
			w.function(w.Config(), "f", w.role(w.Config(), "r", "logs:*"), func(ctx context.Context, _ []byte) (_ []byte, err error) {
				base := w.URL()
				if tt.host != "" {
					base = "http://" + tt.host
				}
				status, kind, response, err = signed(ctx, w.as(ctx), tt.service, tt.method, base+tt.path, tt.body, tt.header...)
				return []byte("{}"), err
			})
			out := ok[*lambda.InvokeOutput](t)(lambda.NewFromConfig(w.Config()).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f")}))
			if out.FunctionError != nil {
				t.Fatalf("%s", out.Payload)
			}
			want := "The embedded AWS does not have the service " + tt.service + "."
			if status != http.StatusNotImplemented || kind != tt.kind || !strings.Contains(response, tt.code) || !strings.Contains(response, want) {
				t.Errorf("%d %s %s", status, kind, response)
			}
		})
	}
}

// TestFunctionsCannotReachTheRealAWS reads the environment of a function's process.
func TestFunctionsCannotReachTheRealAWS(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{Addr: "127.0.0.1:0"})
	role := w.role(w.Config(), "r", "logs:*")
	ok[*lambda.CreateFunctionOutput](t)(lambda.NewFromConfig(w.Config()).CreateFunction(t.Context(), createShell(t, "f", role, environmentBootstrap)))
	out := ok[*lambda.InvokeOutput](t)(lambda.NewFromConfig(w.Config()).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f")}))
	env := map[string]string{}
	var text string
	if err := json.Unmarshal(out.Payload, &text); err != nil {
		t.Fatalf("%v: %s", err, out.Payload)
	}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		env[name] = value
	}
	if env["AWS_ENDPOINT_URL"] != w.URL() || !strings.HasPrefix(env["AWS_ACCESS_KEY_ID"], "ASIA") || env["AWS_SESSION_TOKEN"] == "" {
		t.Errorf("environment %v", env)
	}
	for name, want := range map[string]string{
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
	} {
		t.Run(name, func(t *testing.T) {
			if env[name] != want {
				t.Errorf("%s is %q, want %q", name, env[name], want)
			}
		})
	}
	operator, _ := w.Credentials()
	for name, value := range env {
		if value == operator {
			t.Errorf("%s holds the operator's key", name)
		}
		if strings.HasPrefix(name, "AWS_CONTAINER_") || strings.HasPrefix(name, "AWS_WEB_IDENTITY_") || strings.HasPrefix(name, "AWS_ENDPOINT_URL_") || name == "AWS_PROFILE" {
			t.Errorf("%s leads to another endpoint: %s", name, value)
		}
	}
}

// TestFunctionHasThePermissionsOfItsRole calls SQS with the credentials of a function.
// The error has the text of AWS (SQS A19).
func TestFunctionHasThePermissionsOfItsRole(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{})
	queue := w.queue(w.Config(), "q", nil)
	w.function(w.Config(), "f", w.role(w.Config(), "sender", "sqs:SendMessage", "logs:*"), func(ctx context.Context, _ []byte) ([]byte, error) {
		client := sqs.NewFromConfig(w.as(ctx))
		if _, err := client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: queue, MessageBody: aws.String("x")}); err != nil {
			return nil, err
		}
		_, err := client.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: queue})
		return nil, err
	})
	out := ok[*lambda.InvokeOutput](t)(lambda.NewFromConfig(w.Config()).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f")}))
	const want = "User: arn:aws:sts::000000000000:assumed-role/sender/f is not authorized to perform: sqs:purgequeue " +
		"on resource: arn:aws:sqs:us-east-1:000000000000:q because no identity-based policy allows the sqs:purgequeue action"
	if !strings.Contains(string(out.Payload), want) {
		t.Errorf("%s", out.Payload)
	}
	if got := w.count(w.Config(), queue, "ApproximateNumberOfMessages"); got != "1" {
		t.Errorf("%s messages", got)
	}
}

// TestUnknownKeyIsRefused calls with credentials that the server did not issue.
func TestUnknownKeyIsRefused(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{})
	for _, cfg := range []aws.Config{w.ConfigAs("AKIAIOSFODNN7EXAMPLE", "secret", ""), w.ConfigAs("000000000000", "test", ""), w.ConfigAs("test", "test", "")} {
		_, err := sqs.NewFromConfig(cfg).ListQueues(t.Context(), nil)
		var api interface{ ErrorCode() string }
		if !errors.As(err, &api) || api.ErrorCode() != "InvalidClientTokenId" && api.ErrorCode() != "UnrecognizedClientException" {
			t.Errorf("%v", err)
		}
	}
}

// TestRoleCanTrustLambdaForOneFunctionOnly creates functions with a role whose trust
// policy names one function. Only that function may have the role.
func TestRoleCanTrustLambdaForOneFunctionOnly(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{})
	cfg := w.Config()
	role := w.role(cfg, "r", "sqs:*", "logs:*")
	ok[*iam.UpdateAssumeRolePolicyOutput](t)(iam.NewFromConfig(cfg).UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{
		RoleName: aws.String("r"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
			"Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole",
			"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:lambda:us-east-1:000000000000:function:mine"}}}]}`),
	}))
	queue := w.queue(cfg, "q", nil)
	w.function(cfg, "mine", role, nothing)
	w.connect(cfg, "mine", queueARN(w.Account(), w.Region(), "q"))
	w.send(cfg, queue, "x")
	w.settle()
	if got := w.sum("AWS/Lambda", "Invocations", "FunctionName", "mine"); got != 1 {
		t.Errorf("%v invocations", got)
	}
	_, err := lambda.NewFromConfig(cfg).CreateFunction(t.Context(), createShell(t, "another", role, environmentBootstrap))
	if err == nil || !strings.Contains(err.Error(), "The role defined for the function cannot be assumed by Lambda.") {
		t.Errorf("another function with that role: %v", err)
	}
}

// TestOtherOperationsOfLambdaAreRefusedByName calls operations whose requests name the
// operation only by method and path.
func TestOtherOperationsOfLambdaAreRefusedByName(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{})
	fn := lambda.NewFromConfig(w.Config())
	_, layers := fn.ListLayers(t.Context(), nil)
	_, url := fn.CreateFunctionUrlConfig(t.Context(), &lambda.CreateFunctionUrlConfigInput{FunctionName: aws.String("f"), AuthType: "NONE"})
	_, signing := fn.PutFunctionCodeSigningConfig(t.Context(), &lambda.PutFunctionCodeSigningConfigInput{
		FunctionName: aws.String("arn:aws:lambda:us-east-1:000000000000:function:f"), CodeSigningConfigArn: aws.String("arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-1"),
	})
	for name, err := range map[string]error{"ListLayers": layers, "CreateFunctionUrlConfig": url, "PutFunctionCodeSigningConfig": signing} {
		t.Run(name, func(t *testing.T) {
			if want := "The embedded AWS does not have the operation " + name + " of lambda."; err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
}
