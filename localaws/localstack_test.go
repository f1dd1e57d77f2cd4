package localaws_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/reliableq/reliableq/localaws"
)

// get reads a path of the endpoint as a program would that knows nothing of AWS.
func (w *world) get(target string, header ...string) (int, []byte) {
	w.t.Helper()
	r := ok[*http.Request](w.t)(http.NewRequestWithContext(w.t.Context(), "GET", w.URL()+target, nil))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res := ok[*http.Response](w.t)(w.Config().HTTPClient.Do(r))
	defer res.Body.Close()
	return res.StatusCode, ok[[]byte](w.t)(io.ReadAll(res.Body))
}

// TestLocalStacksUsersFindWhatTheyLookFor sends the requests that scripts and tools
// written for LocalStack send, without credentials.
func TestLocalStacksUsersFindWhatTheyLookFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, localaws.Options{})
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
		t.Errorf("%s messages may be received after a look", n)
	}
	status, body = w.get("/_aws/sqs/messages?QueueUrl="+url.QueryEscape(*queue+"-missing"), "Accept", "application/json")
	if status != 400 || !strings.Contains(string(body), `"Code": "AWS.SimpleQueueService.NonExistentQueue"`) {
		t.Errorf("a missing queue: %d %s", status, body)
	}
}

// TestTheLookIsAnEndpointForClients gives an SQS client LocalStack's path as its
// endpoint.
func TestTheLookIsAnEndpointForClients(t *testing.T) {
	t.Parallel()
	w := newWorld(t, localaws.Options{})
	queue := w.queue(w.Config(), "q", nil)
	w.send(w.Config(), queue, "one", "two")
	cfg := w.Config()
	cfg.BaseEndpoint = new(w.URL() + "/_aws/sqs/messages")
	client := sqs.NewFromConfig(cfg)
	for range 2 { // the second sees what the first did
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
	res := ok[*http.Response](t)(cfg.HTTPClient.Do(ok[*http.Request](t)(formRequest(t, *cfg.BaseEndpoint, "Action=ReceiveMessage&QueueUrl="+url.QueryEscape(*queue)))))
	defer res.Body.Close()
	if body := ok[[]byte](t)(io.ReadAll(res.Body)); strings.Count(string(body), "<Body>") != 2 {
		t.Errorf("Query: %s", body)
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
