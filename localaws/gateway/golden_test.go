package gateway

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// The responses of each protocol as they are sent. To see what changed: go test
// ./localaws/gateway -update, then git diff.
func TestResponsesInEachProtocol(t *testing.T) {
	t.Parallel()
	const form = "application/x-www-form-urlencoded"
	target := func(name string) http.Header { return http.Header{"X-Amz-Target": {name}} }
	query := http.Header{"Content-Type": {form}}
	for name, tt := range map[string]struct {
		method, path, body string
		header             http.Header
	}{
		"A3-sqs-json":               {"POST", "/", `{"QueueUrl":"q","MessageBody":"hello"}`, target("AmazonSQS.SendMessage")},
		"A3-sqs-json-no-output":     {"POST", "/", `{"QueueUrl":"q","ReceiptHandle":"h"}`, target("AmazonSQS.DeleteMessage")},
		"A4-sqs-json-error":         {"POST", "/", `{"QueueUrl":"gone","ReceiptHandle":"h"}`, target("AmazonSQS.DeleteMessage")},
		"A2-sqs-json-on-queue-path": {"POST", "/000000000000/q", `{"MessageBody":"hello"}`, target("AmazonSQS.SendMessage")},
		"A7-sqs-json-unknown":       {"POST", "/", `{}`, target("AmazonSQS.Fly")},
		"A7-sqs-json-malformed":     {"POST", "/", `{"QueueUrl":`, target("AmazonSQS.SendMessage")},
		"A7-sqs-json-not-an-object": {"POST", "/", `[]`, target("AmazonSQS.SendMessage")},
		"A7-sqs-json-wrong-type":    {"POST", "/", `{"QueueUrl":"q","MessageBody":"b","DelaySeconds":"5"}`, target("AmazonSQS.SendMessage")},
		"A13-sqs-json-empty":        {"POST", "/", `{"QueueUrl":"empty"}`, target("AmazonSQS.ReceiveMessage")},
		"sqs-json-receive":          {"POST", "/", `{"QueueUrl":"q"}`, target("AmazonSQS.ReceiveMessage")},
		"sqs-json-null-is-absent":   {"POST", "/", `{"QueueUrl":"q","MessageBody":"b","DelaySeconds":null,"Unknown":null}`, target("AmazonSQS.SendMessage")},
		"sqs-json-unknown-member":   {"POST", "/", `{"QueueUrl":"q","MessageBody":"b","messagebody":"c"}`, target("AmazonSQS.SendMessage")},
		"sqs-json-unknown-nested": {"POST", "/",
			`{"QueueUrl":"q","MessageAttributes":{"a":{"DataType":"String","Weight":1}}}`, target("AmazonSQS.SendMessage")},
		"B1-sqs-query-get":       {"GET", "/000000000000/q?Action=SendMessage&MessageBody=a+b", "", http.Header{"Authorization": {"none"}}},
		"sqs-query-get-unsigned": {"GET", "/000000000000/q?Action=SendMessage&MessageBody=a+b", "", nil},
		"B3-sqs-query-lists": {"POST", "/",
			"Action=SendMessage&QueueUrl=q&MessageBody=b&MessageAttribute.1.Name=n&MessageAttribute.1.Value.DataType=Number&" +
				"MessageAttribute.1.Value.StringValue=1&Version=2012-11-05", query},
		"B4-sqs-query-no-output":      {"POST", "/000000000000/q", "Action=DeleteMessage&ReceiptHandle=h", query},
		"B4-sqs-query-empty":          {"POST", "/", "Action=ReceiveMessage&QueueUrl=empty", query},
		"B5-B11-sqs-query-receive":    {"POST", "/", "Action=ReceiveMessage&QueueUrl=q&AttributeName.1=All", query},
		"B6-sqs-query-error":          {"POST", "/", "Action=DeleteMessage&QueueUrl=gone&ReceiptHandle=h&Version=2012-11-05", query},
		"B8-sqs-query-unknown":        {"POST", "/", "Action=FooBar&Version=2012-11-05", query},
		"B9-sqs-get-without-query":    {"GET", "/000000000000/q", "", nil},
		"sqs-query-unknown-parameter": {"POST", "/", "Action=DeleteMessage&QueueUrl=q&Force=true&Version=2012-11-05", query},
		"D2-iam-query":                {"POST", "/", "Action=CreateRole&Version=2010-05-08&RoleName=r&Tags.member.1.Key=k&Tags.member.1.Value=v%26w", query},
		"D2-iam-query-empty-list":     {"POST", "/", "Action=CreateRole&Version=2010-05-08&RoleName=r", query},
		"D3-iam-query-bad-number":     {"POST", "/", "Action=CreateRole&Version=2010-05-08&RoleName=r&MaxSessionDuration=long", query},
		"iam-query-flattened-list":    {"POST", "/", "Action=CreateRole&Version=2010-05-08&RoleName=r&Tags.1.Key=k", query},
		"A2-lambda-error":             {"POST", "/2015-03-31/functions/missing/invocations", "", nil},
		"lambda-payload":              {"POST", "/2015-03-31/functions/f/invocations?Qualifier=1", "not JSON at all", query},
		"lambda-unknown-parameter":    {"POST", "/2015-03-31/functions/f/invocations?Color=red", "", nil},
		"B1-lambda-slash-at-the-end":  {"POST", "/2015-03-31/event-source-mappings/", `{"FunctionName":"f","BatchSize":5}`, nil},
		"lambda-no-content":           {"POST", "/2017-03-31/tags/arn%3Aaws%3Alambda", `{"Tags":{"a":"b"}}`, nil},
		"E1-logs-json":                {"POST", "/", `{"logGroupName":"g"}`, target("Logs_20140328.CreateLogGroup")},
		"E1-logs-json-error":          {"POST", "/", `{"logGroupName":"twice"}`, target("Logs_20140328.CreateLogGroup")},
		"logs-json-unknown":           {"POST", "/", `{}`, target("Logs_20140328.Fly")},
		"E15-cloudwatch-json":         {"POST", "/", `{}`, target("GraniteServiceVersion20100801.DescribeAlarms")},
		"E15-cloudwatch-query":        {"POST", "/", "Action=DescribeAlarms&Version=2010-08-01", query},
		"E15-cloudwatch-query-data": {"POST", "/",
			"Action=PutMetricData&Version=2010-08-01&Namespace=n&MetricData.member.1.MetricName=m&MetricData.member.1.Timestamp=2026-01-02T03%3A04%3A05Z&MetricData.member.1.Values.member.1=1.5", query},
		"E16-cloudwatch-query-error": {"POST", "/", "Action=DescribeAlarms&Version=2010-08-01&AlarmNames.member.1=bad", query},
		"nothing-named":              {"POST", "/", "", http.Header{"Content-Type": {"application/x-amz-json-1.0"}}},
		"target-of-nobody":           {"POST", "/", "{}", target("DynamoDB_20120810.GetItem")},
		"query-version-of-nobody":    {"POST", "/", "Action=Publish&Version=2010-03-31", query},
		"content-encoding-not-known": {"POST", "/", "{}", http.Header{"X-Amz-Target": {"AmazonSQS.SendMessage"}, "Content-Encoding": {"br"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(o *Options) { o.NoAuth = true })
			w := r.do(tt.method, tt.path, tt.body, tt.header)
			got := fmt.Appendf(nil, "%d %s\n", w.Code, http.StatusText(w.Code))
			for _, h := range []string{"Content-Type", "Content-Length", "X-Amzn-Requestid", "X-Amzn-Query-Error", "X-Amzn-Errortype", "X-Amz-Executed-Version"} {
				if v := w.Header().Get(h); v != "" {
					got = fmt.Appendf(got, "%s: %s\n", h, v)
				}
			}
			golden(t, name, append(append(got, '\n'), strings.ReplaceAll(w.Body.String(), "><", ">\n<")...))
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
