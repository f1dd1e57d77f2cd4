package sqs_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// exchange sends a request and returns status and body of the response. The scope of
// its signature names the service.
func exchange(t *testing.T, c *http.Client, method, target, body string, header map[string]string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, base+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=000000000000/20260102/us-east-1/sqs/aws4_request, "+
		"SignedHeaders=host, Signature="+strings.Repeat("0", 64))
	for name, v := range header {
		req.Header.Set(name, v)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

// inJSON calls an operation that must succeed.
func inJSON(t *testing.T, c *http.Client, operation, body string) string {
	t.Helper()
	status, response := exchange(t, c, http.MethodPost, "/", body, map[string]string{
		"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS." + operation,
	})
	if status != http.StatusOK {
		t.Fatalf("%s %s: %d %s", operation, body, status, response)
	}
	return response
}

// inQuery calls an operation of the Query protocol that must succeed; form is name,
// value pairs.
func inQuery(t *testing.T, c *http.Client, form ...string) string {
	t.Helper()
	values := url.Values{"Version": {"2012-11-05"}}
	for i := 0; i < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	status, response := exchange(t, c, http.MethodPost, "/", values.Encode(), map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	if status != http.StatusOK {
		t.Fatalf("%q: %d %s", form, status, response)
	}
	return response
}

// contains checks that a response contains every text.
func contains(t *testing.T, response string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(response, text) {
			t.Errorf("no %s in %s", text, response)
		}
	}
}

// sent records the last request of a client.
type sent struct {
	next http.RoundTripper
	last *http.Request
}

func (s *sent) RoundTrip(r *http.Request) (*http.Response, error) {
	s.last = r
	return s.next.RoundTrip(r)
}

// The other tests send requests in the form of a current SDK, which this test checks.
func TestRequestOfTheSDK_A1(t *testing.T) {
	t.Parallel()
	srv, _ := embedded(t)
	seen := &sent{next: srv.Transport()}
	c := sqs.NewFromConfig(srv.Config(), func(o *sqs.Options) { o.HTTPClient = &http.Client{Transport: seen} })
	q := create(t, c, "q", nil)
	if _, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: q, MessageBody: aws.String("x")}); err != nil {
		t.Fatal(err)
	}
	r := seen.last
	got := [...]string{r.Method, r.URL.Path, r.Header.Get("Content-Type"), r.Header.Get("X-Amz-Target"), r.Header.Get("X-Amzn-Query-Mode")}
	if got != [...]string{"POST", "/", "application/x-amz-json-1.0", "AmazonSQS.SendMessage", "true"} {
		t.Errorf("request %q", got)
	}
}

// Attributes are strings, a task's counts and times are numbers, bytes are base64.
func TestNumbersInJSON_A14_A15(t *testing.T) {
	t.Parallel()
	c := open(t)
	const arn = "arn:aws:sqs:us-east-1:000000000000:"
	inJSON(t, c, "CreateQueue", `{"QueueName":"dlq"}`)
	inJSON(t, c, "CreateQueue", `{"QueueName":"src","Attributes":{"RedrivePolicy":"{\"deadLetterTargetArn\":\"`+arn+`dlq\",\"maxReceiveCount\":1}"}}`)
	contains(t, inJSON(t, c, "GetQueueAttributes", `{"QueueUrl":"src","AttributeNames":["All"]}`),
		`"ApproximateNumberOfMessages":"0"`, `"CreatedTimestamp":"1767323045"`, `"VisibilityTimeout":"30"`)
	inJSON(t, c, "SendMessage",
		`{"QueueUrl":"src","MessageBody":"x","DelaySeconds":0,"MessageAttributes":{"b":{"DataType":"Binary","BinaryValue":"AP8="}}}`)
	contains(t, inJSON(t, c, "ReceiveMessage",
		`{"QueueUrl":"src","MaxNumberOfMessages":1,"VisibilityTimeout":0,"WaitTimeSeconds":0,"MessageAttributeNames":["All"],"AttributeNames":["All"]}`),
		`"BinaryValue":"AP8="`, `"ApproximateReceiveCount":"1"`, `"SentTimestamp":"1767323045000"`)
	inJSON(t, c, "ReceiveMessage", `{"QueueUrl":"src"}`) // moves it
	inJSON(t, c, "StartMessageMoveTask", `{"SourceArn":"`+arn+`dlq","MaxNumberOfMessagesPerSecond":1}`)
	contains(t, inJSON(t, c, "ListMessageMoveTasks", `{"SourceArn":"`+arn+`dlq","MaxResults":1}`),
		`"MaxNumberOfMessagesPerSecond":1,`, `"ApproximateNumberOfMessagesToMove":1,`, `"ApproximateNumberOfMessagesMoved":`,
		`"StartedTimestamp":1767323045000`)
	if response := inJSON(t, c, "ListMessageMoveTasks", `{"SourceArn":"`+arn+`dlq"}`); strings.Contains(response, `Moved":"`) {
		t.Errorf("a count is a string in %s", response)
	}
}

// Every list and map of the Query protocol is decoded from its flattened form.
func TestListsAreFlattened_B3(t *testing.T) {
	t.Parallel()
	c := open(t)
	inQuery(t, c, "Action", "CreateQueue", "QueueName", "q", "Tag.1.Key", "a", "Tag.1.Value", "1", "Tag.2.Key", "b", "Tag.2.Value", "2",
		"Attribute.1.Name", "DelaySeconds", "Attribute.1.Value", "0", "Attribute.2.Name", "VisibilityTimeout", "Attribute.2.Value", "9")
	contains(t, inQuery(t, c, "Action", "GetQueueAttributes", "QueueUrl", "q", "AttributeName.1", "DelaySeconds", "AttributeName.2", "VisibilityTimeout"),
		"<Name>DelaySeconds</Name><Value>0</Value>", "<Name>VisibilityTimeout</Name><Value>9</Value>")
	inQuery(t, c, "Action", "UntagQueue", "QueueUrl", "q", "TagKey.1", "a", "TagKey.2", "b")
	if response := inQuery(t, c, "Action", "ListQueueTags", "QueueUrl", "q"); strings.Contains(response, "<Tag>") {
		t.Errorf("tags remain: %s", response)
	}
	inQuery(t, c, "Action", "AddPermission", "QueueUrl", "q", "Label", "l", "AWSAccountId.1", "111111111111", "AWSAccountId.2", "222222222222",
		"ActionName.1", "SendMessage", "ActionName.2", "ReceiveMessage")
	contains(t, inQuery(t, c, "Action", "GetQueueAttributes", "QueueUrl", "q", "AttributeName.1", "Policy"),
		"111111111111", "222222222222", "SendMessage", "ReceiveMessage")
	inQuery(t, c, "Action", "SendMessageBatch", "QueueUrl", "q",
		"SendMessageBatchRequestEntry.1.Id", "a", "SendMessageBatchRequestEntry.1.MessageBody", "x", "SendMessageBatchRequestEntry.1.DelaySeconds", "0",
		"SendMessageBatchRequestEntry.1.MessageAttribute.1.Name", "blob",
		"SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType", "Binary",
		"SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.BinaryValue", "AP8=",
		"SendMessageBatchRequestEntry.1.MessageAttribute.2.Name", "color",
		"SendMessageBatchRequestEntry.1.MessageAttribute.2.Value.DataType", "String",
		"SendMessageBatchRequestEntry.1.MessageAttribute.2.Value.StringValue", "blue",
		"SendMessageBatchRequestEntry.1.MessageSystemAttribute.1.Name", "AWSTraceHeader",
		"SendMessageBatchRequestEntry.1.MessageSystemAttribute.1.Value.DataType", "String",
		"SendMessageBatchRequestEntry.1.MessageSystemAttribute.1.Value.StringValue", "Root=1")
	response := inQuery(t, c, "Action", "ReceiveMessage", "QueueUrl", "q", "MessageAttributeName.1", "blob", "MessageAttributeName.2", "color",
		"MessageSystemAttributeName.1", "AWSTraceHeader", "MessageSystemAttributeName.2", "SenderId")
	contains(t, response, "<BinaryValue>AP8=</BinaryValue>", "<StringValue>blue</StringValue>", "<Value>Root=1</Value>", "<Name>SenderId</Name>")
	handle := variable.FindString(response[strings.Index(response, "<ReceiptHandle>"):])
	const change, remove = "ChangeMessageVisibilityBatchRequestEntry.", "DeleteMessageBatchRequestEntry."
	contains(t, inQuery(t, c, "Action", "ChangeMessageVisibilityBatch", "QueueUrl", "q", change+"1.Id", "a", change+"1.ReceiptHandle", handle,
		change+"1.VisibilityTimeout", "5", change+"2.Id", "b", change+"2.ReceiptHandle", "garbage", change+"2.VisibilityTimeout", "5"),
		"<ChangeMessageVisibilityBatchResultEntry><Id>a</Id>", "<BatchResultErrorEntry><Id>b</Id>")
	contains(t, inQuery(t, c, "Action", "DeleteMessageBatch", "QueueUrl", "q", remove+"1.Id", "a", remove+"1.ReceiptHandle", handle,
		remove+"2.Id", "b", remove+"2.ReceiptHandle", "garbage"),
		"<DeleteMessageBatchResultEntry><Id>a</Id>", "<BatchResultErrorEntry><Id>b</Id>")
}

func TestGETOnAQueueWithoutAQueryIsNotFound_B9(t *testing.T) {
	t.Parallel()
	c := open(t)
	inJSON(t, c, "CreateQueue", `{"QueueName":"q"}`)
	for _, accept := range []string{"", "application/json"} {
		t.Run(fmt.Sprintf("Accept %q", accept), func(t *testing.T) {
			status, response := exchange(t, c, http.MethodGet, "/000000000000/q", "", map[string]string{"Accept": accept})
			if status != http.StatusNotFound || !strings.Contains(response, "<UnknownOperationException") {
				t.Errorf("Accept %q: %d %s", accept, status, response)
			}
		})
	}
}
