package localaws_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
)

// requests has one request of each kind that the server distinguishes: method,
// address, header lines and body.
var requests = [][4]string{
	{"POST", "/", "X-Amz-Target: AmazonSQS.CreateQueue", `{"QueueName":"q","Attributes":{"VisibilityTimeout":"30"},"tags":{"a":"b"}}`},
	{"POST", "/", "X-Amz-Target: AmazonSQS.SendMessage", `{"QueueUrl":"http://localhost/000000000000/q","MessageBody":"b","MessageAttributes":{"a":{"DataType":"Number","StringValue":"1"}}}`},
	{"POST", "/", "X-Amz-Target: AmazonSQS.ReceiveMessage", `{"QueueUrl":"http://localhost/000000000000/q","WaitTimeSeconds":1,"AttributeNames":["All"]}`},
	{"POST", "/", "X-Amz-Target: AmazonSQS.StartMessageMoveTask", `{"SourceArn":"arn:aws:sqs:us-east-1:000000000000:q"}`},
	{"GET", "/?Action=SetQueueAttributes&Version=2012-11-05&QueueUrl=q&Attribute.1.Name=Policy&Attribute.1.Value=%7B%7D", "", ""},
	{"POST", "/", "Content-Type: application/x-www-form-urlencoded", "Action=SendMessageBatch&QueueUrl=q&SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageBody=b"},
	{"POST", "/", "Content-Type: application/x-www-form-urlencoded", "Action=CreateRole&Version=2010-05-08&RoleName=r&AssumeRolePolicyDocument=%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D"},
	{"POST", "/", "Content-Type: application/x-www-form-urlencoded", "Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::000000000000:role/r&RoleSessionName=s"},
	{"POST", "/", "Content-Type: application/x-www-form-urlencoded", "Action=PutMetricAlarm&Version=2010-08-01&AlarmName=a&Metrics.member.1.Id=m&Metrics.member.1.Expression=SUM(METRICS())"},
	{"POST", "/service/GraniteServiceVersion20100801/operation/GetMetricData", "Smithy-Protocol: rpc-v2-cbor", "\xbf\x69StartTime\xc1\xfb\x41\xd9\x00\x00\x00\x00\x00\x00\xff"},
	{"POST", "/", "X-Amz-Target: GraniteServiceVersion20100801.PutMetricData", `{"Namespace":"n","MetricData":[{"MetricName":"m","Value":1}]}`},
	{"POST", "/", "X-Amz-Target: Logs_20140328.CreateLogGroup", `{"logGroupName":"g"}`},
	{"POST", "/", "X-Amz-Target: Logs_20140328.FilterLogEvents", `{"logGroupName":"g","filterPattern":"{ $.a = 1 && $.b = \"c*\" }"}`},
	{"POST", "/", "X-Amz-Target: Logs_20140328.TestMetricFilter", `{"filterPattern":"[a, b=1*, ...]","logEventMessages":["x 12"]}`},
	{"POST", "/2015-03-31/functions", "Content-Type: application/json", `{"FunctionName":"f","Role":"arn:aws:iam::000000000000:role/r","Runtime":"provided.al2023","Handler":"b","Code":{"ZipFile":"UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="}}`},
	{"POST", "/2015-03-31/functions/f/invocations?Qualifier=$LATEST", "X-Amz-Invocation-Type: DryRun\nX-Amz-Client-Context: e30=", `{}`},
	{"POST", "/2015-03-31/event-source-mappings", "", `{"FunctionName":"f","EventSourceArn":"arn:aws:sqs:us-east-1:000000000000:q","FilterCriteria":{"Filters":[{"Pattern":"{\"body\":{\"a\":[{\"prefix\":\"x\"}]}}"}]}}`},
	{"GET", "/2015-03-31/functions?Marker=a&MaxItems=1", "", ""},
	{"PUT", "/2017-10-31/functions/f/concurrency", "", `{"ReservedConcurrentExecutions":1}`},
	{"POST", "/", "Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00\nX-Amz-Date: 20260101T000000Z", ""},
	{"GET", "/_reliableq/queues?messages=1", "", ""},
	{"GET", "/_aws/sqs/messages?QueueUrl=http://localhost/000000000000/q&ShowDelayed=true", "Accept: application/json", ""},
	{"POST", "/", "X-Amz-Target: AmazonSQS.ListQueues\nContent-Encoding: gzip", "\x1f\x8b\x08\x00"},
	{"PUT", "/000000000000/q", "Content-Encoding: aws-chunked", "5;chunk-signature=0\r\nhello\r\n0\r\n\r\n"},
}

// The server responds to every request within seconds, and never with a server error.
// One server gets all requests, so that later requests find what earlier ones created.
func FuzzAnyRequestGetsAResponseAndNoServerError(f *testing.F) {
	for _, r := range requests {
		f.Add(r[0], r[1], r[2], []byte(r[3]))
	}
	srv, err := localaws.New(localaws.Options{NoAuth: true, ClockMode: clock.Skip, Seed: 1, WorkDir: f.TempDir()})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := srv.Shutdown(context.Background()); err != nil {
			f.Error(err)
		}
	})
	f.Fuzz(func(t *testing.T, method, address, header string, body []byte) {
		r := asServed(method, address, header, body)
		if r == nil {
			t.Skip("no HTTP server would pass it on")
		}
		if strings.HasPrefix(r.URL.Path, "/_reliableq/clock/") {
			t.Skip("it moves the clock or waits for it as long as the request says")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		w := httptest.NewRecorder()
		srv.Handler().ServeHTTP(w, r.WithContext(ctx))
		if ctx.Err() != nil {
			t.Errorf("%s %s took more than 20 s", method, address)
		}
		if w.Code >= 500 && w.Code != http.StatusNotImplemented { // an operation that is not embedded
			t.Errorf("%s %s: %d %s", method, address, w.Code, w.Body)
		}
		if w.Body.Len() > 1<<20 {
			t.Errorf("%s %s: a response of %d bytes", method, address, w.Body.Len())
		}
	})
}

// asServed returns a request as net/http would parse it, or nil.
func asServed(method, address, header string, body []byte) *http.Request {
	u, err := url.ParseRequestURI(address)
	if err != nil || method == "" || strings.ContainsFunc(method, func(c rune) bool { return c <= ' ' || c >= 127 }) {
		return nil
	}
	r := httptest.NewRequest("POST", "http://localhost/", strings.NewReader(string(body)))
	r.Method, r.URL, r.RequestURI, r.Host = method, u, address, "localhost"
	for line := range strings.SplitSeq(header, "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && name != "" {
			r.Header.Add(name, strings.TrimSpace(value))
		}
	}
	return r
}
