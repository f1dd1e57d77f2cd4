package localaws_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/reliableq/reliableq/localaws"
)

// get sends a GET request without AWS headers.
func (w *testServer) get(target string, header ...string) (int, []byte) {
	w.t.Helper()
	r := ok[*http.Request](w.t)(http.NewRequestWithContext(w.t.Context(), "GET", w.URL()+target, nil))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res := ok[*http.Response](w.t)(w.Config().HTTPClient.Do(r))
	defer res.Body.Close()
	return res.StatusCode, ok[[]byte](w.t)(io.ReadAll(res.Body))
}

// TestLocalStackPathsWork sends requests of scripts and tools written for LocalStack,
// without credentials, to a server without authentication.
func TestLocalStackPathsWork(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{NoAuth: true})
	queue := w.queue(w.Config(), "q", nil)
	w.send(w.Config(), queue, "one & only", "two")

	status, body := w.get("/_localstack/health")
	var health struct{ Services map[string]string }
	if err := json.Unmarshal(body, &health); err != nil || status != 200 || health.Services["sqs"] != "available" || health.Services["lambda"] != "available" {
		t.Errorf("health: %d %s", status, body)
	}

	var inXML struct {
		Messages []struct {
			Body          string
			ReceiptHandle string
		} `xml:"ReceiveMessageResult>Message"`
	}
	status, body = w.get("/_aws/sqs/messages?QueueUrl=" + url.QueryEscape(*queue))
	if err := xml.Unmarshal(body, &inXML); err != nil || status != 200 || len(inXML.Messages) != 2 || inXML.Messages[0].Body != "one & only" {
		t.Errorf("XML: %d %s", status, body)
	}
	var inJSON struct {
		ReceiveMessageResponse struct {
			ReceiveMessageResult struct{ Message []struct{ Body string } }
		}
	}
	status, body = w.get("/_aws/sqs/messages?QueueUrl="+url.QueryEscape(*queue), "Accept", "application/json")
	if err := json.Unmarshal(body, &inJSON); err != nil || status != 200 || len(inJSON.ReceiveMessageResponse.ReceiveMessageResult.Message) != 2 {
		t.Errorf("JSON: %d %s", status, body)
	}
	status, body = w.get("/_aws/sqs/messages/us-east-1/000000000000/q", "Accept", "application/json")
	inJSON.ReceiveMessageResponse.ReceiveMessageResult.Message = nil
	if err := json.Unmarshal(body, &inJSON); err != nil || status != 200 || len(inJSON.ReceiveMessageResponse.ReceiveMessageResult.Message) != 2 {
		t.Errorf("by path: %d %s", status, body)
	}
	if n := w.count(w.Config(), queue, sqstypes.QueueAttributeNameApproximateNumberOfMessages); n != "2" {
		t.Errorf("%s messages may be received after a peek", n)
	}
	status, body = w.get("/_aws/sqs/messages?QueueUrl="+url.QueryEscape(*queue+"-missing"), "Accept", "application/json")
	if status != 400 || !strings.Contains(string(body), `"Code": "AWS.SimpleQueueService.NonExistentQueue"`) {
		t.Errorf("a missing queue: %d %s", status, body)
	}
}

// TestLocalStackMessagesPathIsAnEndpointForClients gives an SQS client LocalStack's path as its
// endpoint.
func TestLocalStackMessagesPathIsAnEndpointForClients(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{})
	queue := w.queue(w.Config(), "q", nil)
	w.send(w.Config(), queue, "one", "two")
	cfg := w.Config()
	cfg.BaseEndpoint = new(w.URL() + "/_aws/sqs/messages")
	client := sqs.NewFromConfig(cfg)
	for range 2 { // the first must not change the state
		out := ok[*sqs.ReceiveMessageOutput](t)(client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue, MaxNumberOfMessages: 1}))
		if len(out.Messages) != 2 || *out.Messages[0].Body != "one" || out.Messages[0].Attributes["ApproximateReceiveCount"] != "0" {
			t.Errorf("%+v", out.Messages)
		}
	}
	var api smithy.APIError
	_, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: queue, MessageBody: new("x")})
	if !errors.As(err, &api) || api.ErrorCode() != "InvalidRequest" || api.ErrorMessage() != "This endpoint only accepts ReceiveMessage calls" {
		t.Errorf("%v", err)
	}
	form := ok[*http.Request](t)(formRequest(t, *cfg.BaseEndpoint, "Action=ReceiveMessage&QueueUrl="+url.QueryEscape(*queue)))
	form.Header.Set("Authorization", "Bearer "+w.ControlToken())
	res := ok[*http.Response](t)(cfg.HTTPClient.Do(form))
	defer res.Body.Close()
	if body := ok[[]byte](t)(io.ReadAll(res.Body)); strings.Count(string(body), "<Body>") != 2 {
		t.Errorf("Query: %s", body)
	}
}

// TestLocalStackMessagesNeedTheTokenOrASignature sends what callers other than the
// operator can send: other users of the computer, functions, and clients with another
// key.
func TestLocalStackMessagesNeedTheTokenOrASignature(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{})
	queue := w.queue(w.Config(), "q", nil)
	w.send(w.Config(), queue, "secret")

	target := "/_aws/sqs/messages?QueueUrl=" + url.QueryEscape(*queue)
	for name, tt := range map[string]struct {
		header []string
		want   int
	}{
		"nothing":        {nil, 401},
		"another token":  {[]string{"Authorization", "Bearer " + strings.Repeat("0", 64)}, 401},
		"no token":       {[]string{"Authorization", "Bearer "}, 401},
		"another scheme": {[]string{"Authorization", "Basic " + w.ControlToken()}, 401},
		"the token":      {[]string{"Authorization", "Bearer " + w.ControlToken()}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := w.get(target, tt.header...)
			if status != tt.want || strings.Contains(string(body), "secret") != (tt.want == 200) {
				t.Errorf("%d %s, want %d", status, body, tt.want)
			}
		})
	}

	// The key of a role is not the operator's key, and a signature with a wrong secret
	// is invalid.
	role := w.role(w.Config(), "r", "sqs:*", "lambda:*")
	var seen []string
	w.function(w.Config(), "f", role, func(ctx context.Context, _ []byte) ([]byte, error) {
		key, _ := w.Credentials()
		for name, cfg := range map[string]aws.Config{"a function": w.as(ctx), "a wrong secret": w.ConfigAs(key, "wrong", "")} {
			cfg.BaseEndpoint = new(w.URL() + "/_aws/sqs/messages")
			if out, err := sqs.NewFromConfig(cfg).ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: queue}); err == nil {
				seen = append(seen, fmt.Sprintf("%s got %d messages", name, len(out.Messages)))
			}
		}
		return nil, nil
	})
	if _, err := lambda.NewFromConfig(w.Config()).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: new("f")}); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 0 {
		t.Error(seen)
	}
}

func formRequest(t *testing.T, address, form string) (*http.Request, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", address, strings.NewReader(form))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r, err
}
