package sqs_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/localawstest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// embedded returns an AWS on a clock that only the test advances, and a client of its
// SQS.
func embedded(t *testing.T) (*localawstest.Server, *sqs.Client) {
	t.Helper()
	srv := localawstest.NewWith(t, localaws.Options{
		ClockMode:  clock.Manual,
		ClockStart: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Seed:       1,
	})
	return srv, sqs.NewFromConfig(srv.Config(), func(o *sqs.Options) { o.RetryMaxAttempts = 1 })
}

func create(t *testing.T, c *sqs.Client, name string, attrs map[string]string) *string {
	t.Helper()
	out, err := c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attrs})
	if err != nil {
		t.Fatal(err)
	}
	return out.QueueUrl
}

func TestErrorsAreTheSDKsTypes_A5(t *testing.T) {
	t.Parallel()
	_, c := embedded(t)
	ctx := t.Context()
	q := create(t, c, "q", nil)
	wants := func(what string, err error, target any, code string) {
		t.Helper()
		var api smithy.APIError
		if !errors.As(err, target) || !errors.As(err, &api) || api.ErrorCode() != code {
			t.Errorf("%s: error %v, want %T with code %s", what, err, target, code)
		}
	}
	_, err := c.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("nope")})
	wants("missing queue", err, new(*types.QueueDoesNotExist), "AWS.SimpleQueueService.NonExistentQueue")
	_, err = c.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("q"), Attributes: map[string]string{"DelaySeconds": "9"}})
	wants("other attributes", err, new(*types.QueueNameExists), "QueueAlreadyExists")
	_, err = c.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: q, ReceiptHandle: aws.String("x")})
	wants("bad handle", err, new(*types.ReceiptHandleIsInvalid), "ReceiptHandleIsInvalid")
	_, err = c.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: q, MessageBody: aws.String("\x07")})
	wants("bad body", err, new(*types.InvalidMessageContents), "InvalidMessageContents")
	_, err = c.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: q, Attributes: map[string]string{"Nope": "9"}})
	wants("attribute name", err, new(*types.InvalidAttributeName), "InvalidAttributeName")
	_, err = c.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: q, Attributes: map[string]string{"DelaySeconds": "x"}})
	wants("attribute value", err, new(*types.InvalidAttributeValue), "InvalidAttributeValue")
	_, err = c.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: q, Entries: []types.SendMessageBatchRequestEntry{}})
	wants("empty batch", err, new(*types.EmptyBatchRequest), "AWS.SimpleQueueService.EmptyBatchRequest")
	_, err = c.ListMessageMoveTasks(ctx, &sqs.ListMessageMoveTasksInput{SourceArn: aws.String("arn:aws:sqs:us-east-1:000000000000:nope")})
	wants("missing resource", err, new(*types.ResourceNotFoundException), "ResourceNotFoundException")
	for range 2 {
		_, err = c.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: q})
	}
	wants("second purge", err, new(*types.PurgeQueueInProgress), "AWS.SimpleQueueService.PurgeQueueInProgress")
	if _, err = c.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: q}); err != nil {
		t.Fatal(err)
	}
	_, err = c.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("q")})
	wants("name at rest", err, new(*types.QueueDeletedRecently), "AWS.SimpleQueueService.QueueDeletedRecently")
}

// The SDK checks the digests of bodies and attributes itself.
func TestMessageRoundTripThroughTheSDK(t *testing.T) {
	t.Parallel()
	_, c := embedded(t)
	ctx := t.Context()
	q := create(t, c, "q", nil)
	body := "line\r\nwith <angles> & \"quotes\", é, \U0001F600 and \u2028"
	attrs := map[string]types.MessageAttributeValue{
		"s": {DataType: aws.String("String.x"), StringValue: aws.String("v")},
		"n": {DataType: aws.String("Number"), StringValue: aws.String("1.50")},
		"b": {DataType: aws.String("Binary"), BinaryValue: []byte{0, 1, 254, 255}},
	}
	if _, err := c.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl:          q,
		MessageBody:       &body,
		MessageAttributes: attrs,
	}); err != nil {
		t.Fatal(err)
	}
	out, err := c.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl:                    q,
		MessageAttributeNames:       []string{"All"},
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
	})
	if err != nil || len(out.Messages) != 1 {
		t.Fatalf("received %+v, %v", out, err)
	}
	m := out.Messages[0]
	if *m.Body != body || !bytes.Equal(m.MessageAttributes["b"].BinaryValue, []byte{0, 1, 254, 255}) || *m.MessageAttributes["n"].StringValue != "1.50" {
		t.Errorf("message %+v", m)
	}
	if len(m.Attributes) != 4 || m.Attributes["SentTimestamp"] != "1767323045000" {
		t.Errorf("attributes %v", m.Attributes)
	}
	if _, err := c.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: q, ReceiptHandle: m.ReceiptHandle}); err != nil {
		t.Error(err)
	}
}

func TestLongPollThroughTheSDK_I4(t *testing.T) {
	t.Parallel()
	srv, c := embedded(t)
	q := create(t, c, "q", map[string]string{"ReceiveMessageWaitTimeSeconds": "20", "DelaySeconds": "7"})
	got := make(chan string, 1)
	if _, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: q, MessageBody: aws.String("x")}); err != nil {
		t.Fatal(err)
	}
	go func() {
		out, err := c.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: q})
		if err != nil || len(out.Messages) != 1 {
			t.Errorf("received %+v, %v", out, err)
			got <- ""
			return
		}
		got <- *out.Messages[0].Body
	}()
	for { // until there is a response: a poll that arrives late returns immediately
		srv.Advance(t, time.Second)
		select {
		case body := <-got:
			if body != "x" {
				t.Errorf("got %q", body)
			}
			return
		default:
		}
	}
}

// variable matches what differs between runs.
var variable = regexp.MustCompile(`AQEB[A-Za-z0-9+/=]{60}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// record returns a response as text: status, some headers, and the body.
func record(t *testing.T, what string, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# " + what + "\n" + resp.Status + "\n")
	for _, h := range []string{"Content-Type", "x-amzn-query-error"} {
		if v := resp.Header.Get(h); v != "" {
			b.WriteString(h + ": " + v + "\n")
		}
	}
	if resp.Header.Get("x-amzn-RequestId") == "" {
		t.Errorf("%s: no x-amzn-RequestId", what)
	}
	b.WriteString("\n" + variable.ReplaceAllStringFunc(string(body), func(s string) string {
		if strings.HasPrefix(s, "AQEB") {
			return "HANDLE"
		}
		return "UUID"
	}) + "\n\n")
	return b.String()
}

// golden compares a text with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("responses differ from %s; run with -update and review the difference\n%s", path, got)
	}
}

// open returns a client of an AWS that accepts unsigned requests.
func open(t *testing.T) *http.Client {
	t.Helper()
	srv := localawstest.NewWith(t, localaws.Options{
		NoAuth:     true,
		ClockMode:  clock.Manual,
		ClockStart: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Seed:       1,
	})
	return &http.Client{Transport: srv.Transport()}
}

const base = "http://localaws.invalid"

// TestResponsesInJSON_A3_A4_A6_A13 checks the wire form of AWS JSON 1.0 (SQS A3-A17).
func TestResponsesInJSON_A3_A4_A6_A13(t *testing.T) {
	t.Parallel()
	client := open(t)
	var all strings.Builder
	handle := ""
	for _, step := range [][2]string{
		{"CreateQueue", `{"QueueName":"q"}`},
		{"ListQueues", `{"QueueNamePrefix":"nope"}`},
		{"ListQueues", `{}`},
		{"GetQueueAttributes", `{"QueueUrl":"q","AttributeNames":["DelaySeconds"]}`},
		{"GetQueueAttributes", `{"QueueUrl":"q"}`},
		{"ListQueueTags", `{"QueueUrl":"q"}`},
		{"ListDeadLetterSourceQueues", `{"QueueUrl":"q"}`},
		{"ReceiveMessage", `{"QueueUrl":"q"}`},
		{"SendMessage", `{"QueueUrl":"q","MessageBody":"hello","MessageAttributes":{"color":{"DataType":"String","StringValue":"blue"}}}`},
		{"SendMessageBatch", `{"QueueUrl":"q","Entries":[{"Id":"a","MessageBody":"x"},{"Id":"b","MessageBody":""}]}`},
		{"SendMessageBatch", `{"QueueUrl":"q","Entries":[{"Id":"a","MessageBody":"x"}]}`},
		{"ReceiveMessage", `{"QueueUrl":"q","MessageAttributeNames":["All"],"AttributeNames":["All"]}`},
		{"ChangeMessageVisibility", `{"QueueUrl":"q","ReceiptHandle":"HANDLE","VisibilityTimeout":5}`},
		{"DeleteMessage", `{"QueueUrl":"q","ReceiptHandle":"HANDLE"}`},
		{"DeleteMessage", `{"QueueUrl":"q","ReceiptHandle":"garbage"}`},
		{"SetQueueAttributes", `{"QueueUrl":"q","Attributes":{"DelaySeconds":"1"}}`},
		{"TagQueue", `{"QueueUrl":"q","Tags":{"a":"1"}}`},
		{"UntagQueue", `{"QueueUrl":"q","TagKeys":["a"]}`},
		{"PurgeQueue", `{"QueueUrl":"q"}`},
		{"PurgeQueue", `{"QueueUrl":"q"}`},
		{"SendMessage", `{"MessageBody":"x"}`},
		{"SendMessage", `{"QueueUrl":"q","MessageBody":"x","Priority":1}`},
		{"SendMessage", `{"QueueUrl":"q","MessageBody":7}`},
		{"SendMessage", `[`},
		{"Fly", `{}`},
		{"DeleteQueue", `{"QueueUrl":"q"}`},
	} {
		body := strings.ReplaceAll(step[1], "HANDLE", handle)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-amz-json-1.0")
		req.Header.Set("X-Amz-Target", "AmazonSQS."+step[0])
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if h := regexp.MustCompile(`AQEB[A-Za-z0-9+/=]{60}`).Find(raw); h != nil {
			handle = string(h)
		}
		resp.Body = io.NopCloser(bytes.NewReader(raw))
		all.WriteString(record(t, step[0]+" "+step[1], resp))
	}
	golden(t, "json.golden", all.String())
}

// TestResponsesInXML_B1_B4_B5_B6_B11 checks the wire form of the Query protocol (SQS
// section B).
func TestResponsesInXML_B1_B4_B5_B6_B11(t *testing.T) {
	t.Parallel()
	client := open(t)
	var all strings.Builder
	for _, step := range []string{
		"POST / Action=CreateQueue&QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=0&Tag.1.Key=a&Tag.1.Value=1",
		"GET / Action=ListQueues",
		"GET /000000000000/q Action=GetQueueUrl&QueueName=q",
		"GET /000000000000/q Action=ListQueues",
		"POST /000000000000/q Action=SendMessage&MessageBody=a%0Db%20%26%20%3Cc%3E" +
			"&MessageAttribute.1.Name=color&MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=blue",
		"POST / Action=SendMessageBatch&QueueUrl=q&SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageBody=x" +
			"&SendMessageBatchRequestEntry.2.Id=b&SendMessageBatchRequestEntry.2.MessageBody=%07",
		"GET /000000000000/q Action=ReceiveMessage&AttributeName.1=ApproximateReceiveCount&MessageAttributeName.1=All&MaxNumberOfMessages=1&Version=2012-11-05",
		"GET /000000000000/q Action=ReceiveMessage&AttributeName.1=All&MaxNumberOfMessages=10",
		"GET /000000000000/q Action=ReceiveMessage",
		"GET /000000000000/q Action=GetQueueAttributes&AttributeName.1=DelaySeconds&AttributeName.2=QueueArn",
		"GET /000000000000/q Action=ListQueueTags",
		"POST /000000000000/q Action=DeleteMessage&ReceiptHandle=garbage",
		"POST /000000000000/nope Action=SendMessage&MessageBody=x",
		"POST /000000000000/q Action=FooBar",
		"POST /000000000000/q Action=DeleteQueue",
	} {
		parts := strings.SplitN(step, " ", 3)
		target, body := base+parts[1], parts[2]
		if parts[0] == http.MethodGet {
			target, body = target+"?"+parts[2], ""
		}
		if _, err := url.Parse(target); err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), parts[0], target, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		// Query requests without a Version select the service by the scope of their
		// signature.
		req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=000000000000/20260102/us-east-1/sqs/aws4_request, "+
			"SignedHeaders=host, Signature="+strings.Repeat("0", 64))
		if body != "" {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(record(t, step, resp))
	}
	golden(t, "query.golden", all.String())
}

func TestListQueuesIsSortedThroughTheSDK(t *testing.T) {
	t.Parallel()
	_, c := embedded(t)
	for _, name := range []string{"c", "a", "b"} {
		create(t, c, name, nil)
	}
	var got []string
	pages := sqs.NewListQueuesPaginator(c, &sqs.ListQueuesInput{MaxResults: aws.Int32(2)})
	for pages.HasMorePages() {
		p, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range p.QueueUrls {
			got = append(got, u[strings.LastIndexByte(u, '/')+1:])
		}
	}
	if !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("listed %q", got)
	}
}
