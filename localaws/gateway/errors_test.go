package gateway

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// responseRecorder stores the last response that a client received.
type responseRecorder struct {
	next http.RoundTripper
	last *http.Response
	body string
}

func (a *responseRecorder) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := a.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(resp.Body)
	a.last, a.body = resp, string(b)
	resp.Body = io.NopCloser(strings.NewReader(a.body))
	return resp, err
}

// Each service has its own codes and statuses for the same access errors (SQS A6,
// A18).
func TestAuthenticationErrorsOfEachService_D27(t *testing.T) {
	t.Parallel()
	want := map[string]map[string]string{ // service, kind: status, code as the client sees it
		"sqs": {
			"access":    "403 com.amazon.coral.service#AccessDeniedException AccessDenied;Sender",
			"key":       "403 com.amazon.coral.service#UnrecognizedClientException InvalidClientTokenId;Sender",
			"signature": "403 com.amazon.coral.service#InvalidSignatureException SignatureDoesNotMatch;Sender",
			"expired":   "403 com.amazon.coral.service#ExpiredTokenException ExpiredToken;Sender",
			"none":      "403 com.amazon.coral.service#AccessDeniedException AccessDenied;Sender"},
		"iam": {"key": "403 InvalidClientTokenId", "signature": "403 SignatureDoesNotMatch", "expired": "403 ExpiredToken",
			"none": "403 MissingAuthenticationToken"},
		"lambda": {"access": "403 AccessDeniedException", "key": "403 UnrecognizedClientException", "signature": "403 InvalidSignatureException",
			"expired": "403 ExpiredTokenException", "none": "403 MissingAuthenticationTokenException"},
		"logs": {"access": "400 AccessDeniedException", "key": "400 UnrecognizedClientException", "signature": "400 InvalidSignatureException",
			"expired": "400 ExpiredTokenException", "none": "400 MissingAuthenticationTokenException"},
		"monitoring": {"key": "403 com.amazon.coral.service#UnrecognizedClientException InvalidClientTokenId;Sender",
			"none": "403 com.amazon.coral.service#MissingAuthenticationTokenException MissingAuthenticationToken;Sender"},
	}
	r := newRig(t, nil)
	r.deny = "denied"
	configs := map[string]aws.Config{
		"access": r.config(), "key": r.configAs("AKIAUNKNOWN", toySecret, ""), "signature": r.configAs(toyKey, "wrong", ""),
		"expired": r.configAs("ASIATOY0000000000002", toySecret, "tok"), "none": r.config(),
	}
	for service, kinds := range want {
		t.Run(service, func(t *testing.T) {
			for kind, code := range kinds {
				seen := &responseRecorder{next: Transport(r.gateway)}
				cfg := configs[kind]
				cfg.HTTPClient = &http.Client{Transport: seen}
				if kind == "none" {
					cfg.Credentials = aws.AnonymousCredentials{}
				}
				if call(t, cfg, service) == nil {
					t.Errorf("%s, %s: no error", service, kind)
					continue
				}
				if got := seen.summary(r.gateway); got != code {
					t.Errorf("%s, %s: %s, want %s\n%s", service, kind, got, code, seen.body)
				}
			}
		})
	}
}

// call makes one call about a resource named denied.
func call(t *testing.T, cfg aws.Config, service string) (err error) {
	name := aws.String("denied")
	switch service {
	case "sqs":
		_, err = sqs.NewFromConfig(cfg).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: name, MessageBody: name})
	case "iam":
		_, err = iam.NewFromConfig(cfg).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: name})
	case "lambda":
		_, err = lambda.NewFromConfig(cfg).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: name})
	case "logs":
		_, err = cloudwatchlogs.NewFromConfig(cfg).CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: name})
	case "monitoring":
		_, err = cloudwatch.NewFromConfig(cfg).DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{})
	}
	return err
}

// summary returns status, code and, if there is one, the Query code.
func (a *responseRecorder) summary(g *Gateway) string {
	code := a.last.Header.Get("X-Amzn-Errortype")
	if _, rest, ok := strings.Cut(a.body, "<Code>"); ok {
		code, _, _ = strings.Cut(rest, "</Code>")
	}
	if a.last.Header.Get("Smithy-Protocol") != "" {
		var in struct {
			Type    string `json:"__type"`
			Message string `json:"message"`
		}
		if g.cbor.Decode([]byte(a.body), &in) == nil {
			code = in.Type
		}
	} else if _, rest, ok := strings.Cut(a.body, `"__type":"`); ok {
		code, _, _ = strings.Cut(rest, `"`)
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s %s", a.last.StatusCode, code, a.last.Header.Get("X-Amzn-Query-Error")))
}

func TestSignaturesForAnotherScopeAreRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	seen := &responseRecorder{next: Transport(r.gateway)}
	cfg := r.config()
	cfg.HTTPClient = &http.Client{Transport: seen}
	client := lambda.NewFromConfig(cfg, func(o *lambda.Options) {
		o.HTTPClient = &http.Client{Transport: resigned{seen}}
	})
	if _, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f")}); err == nil ||
		!strings.Contains(err.Error(), "Credential should be scoped to correct service: 'lambda'.") {
		t.Errorf("signed for another service: %v", err)
	}
}

// resigned changes requests so that they claim another service's scope.
type resigned struct{ next http.RoundTripper }

func (r resigned) RoundTrip(req *http.Request) (*http.Response, error) {
	req.Header.Set("Authorization", strings.Replace(req.Header.Get("Authorization"), "/lambda/", "/sqs/", 1))
	return r.next.RoundTrip(req)
}

func TestNoAuthAcceptsEveryCallerAsAdministrator(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.NoAuth = true })
	for key, want := range map[string]string{"test": "000000000000", "222233334444": "222233334444", toyKey: "111122223333"} {
		t.Run(key, func(t *testing.T) {
			if err := call(t, r.configAs(key, "anything", ""), "sqs"); err != nil {
				t.Errorf("%v", err)
				return
			}
			if c := r.call; c.Account != want || !c.Caller.Administrator || c.Region != "eu-west-1" {
				t.Errorf("account %s, region %s, caller %+v; want account %s", c.Account, c.Region, c.Caller, want)
			}
		})
	}
	cfg := r.config()
	cfg.Credentials = aws.AnonymousCredentials{}
	if err := call(t, cfg, "sqs"); err != nil || !r.call.Caller.Anonymous || r.call.Account != "000000000000" || r.call.Region != "us-east-1" {
		t.Errorf("unsigned: %v, %+v", err, r.call)
	}
}

func TestSessionKeyNeedsItsToken(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	if err := call(t, r.configAs("ASIATOY0000000000001", toySecret, "tok"), "sqs"); err != nil {
		t.Error(err)
	}
	for _, token := range []string{"", "other"} {
		t.Run("token "+token, func(t *testing.T) {
			if err := call(t, r.configAs("ASIATOY0000000000001", toySecret, token), "sqs"); err == nil || !strings.Contains(err.Error(), "InvalidClientTokenId") {
				t.Errorf("token %q: %v", token, err)
			}
		})
	}
}

func TestSignatureWithASkewedDateIsRefused_D28(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.gateway.now = func() time.Time { return time.Now().Add(6 * time.Minute) }
	if err := call(t, r.config(), "sqs"); err == nil || !strings.Contains(err.Error(), "Signature expired: ") {
		t.Errorf("six minutes off: %v", err)
	}
}

func TestServicesThatAreNotEmbeddedAreRefusedByName(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	auth := func(service string) http.Header {
		return http.Header{"Authorization": {"AWS4-HMAC-SHA256 Credential=AKIA/" + time.Now().UTC().Format("20060102") + "/us-east-1/" + service +
			"/aws4_request, SignedHeaders=host, Signature=00"}, "X-Amz-Date": {time.Now().UTC().Format("20060102T150405Z")}}
	}
	for _, tt := range []struct {
		name, method, target, body string
		header                     http.Header
		service                    string
		status                     int
	}{
		{"JSON", "POST", "/", "{}", http.Header{"X-Amz-Target": {"DynamoDB_20120810.GetItem"}}, "dynamodb", 501},
		{"Query", "POST", "/", "Action=Publish&Version=2010-03-31", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, "sns", 501},
		{"REST", "PUT", "/bucket/key", "x", nil, "s3", 501},
		{"CBOR", "POST", "/service/Other/operation/Op", "", nil, "other", 501},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for k, v := range auth(tt.service) {
				if tt.header == nil {
					tt.header = http.Header{}
				}
				tt.header[k] = v
			}
			w := r.do(tt.method, tt.target, tt.body, tt.header)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), "does not have the service "+tt.service) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	w := r.do("GET", "/2015-03-31/layers", "", auth("lambda"))
	if w.Code != 404 || w.Header().Get("X-Amzn-Errortype") != "UnknownOperationException" || !strings.Contains(w.Body.String(),
		"GET /2015-03-31/layers of lambda") {
		t.Errorf("an operation of Lambda: %d %s", w.Code, w.Body)
	}
}

// do sends a request without the SDK client.
func (r *rig) do(method, target, body string, header http.Header) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, "http://127.0.0.1:4566"+target, strings.NewReader(body))
	for k, v := range header {
		req.Header[k] = v
	}
	w := httptest.NewRecorder()
	r.gateway.ServeHTTP(w, req)
	return w
}
