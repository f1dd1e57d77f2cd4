package sqsbatch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/sqsbatch"
)

// snsDocumented is the example of
// https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html.
const snsDocumented = `{
  "Type" : "Notification",
  "MessageId" : "63a3f6b6-d533-4a47-aef9-fcf5cf758c76",
  "TopicArn" : "arn:aws:sns:us-west-2:123456789012:MyTopic",
  "Subject" : "Testing publish to subscribed queues",
  "Message" : "Hello world!",
  "Timestamp" : "2012-03-29T05:12:16.901Z",
  "SignatureVersion" : "1",
  "Signature" : "EXAMPLEnTrFPa3...",
  "SigningCertURL" : "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem",
  "UnsubscribeURL" : "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-west-2:123456789012:MyTopic:c7fe3a54-ab0e-4ec2-88e0-db410a0f2bee"
}`

// snsWithAttributes is the example of
// https://docs.aws.amazon.com/sns/latest/dg/firehose-archived-message-format-S3.html,
// which shows the attributes of a notification.
const snsWithAttributes = `{
  "Type": "Notification",
  "MessageId": "719a6bbf-f51b-5320-920f-3385b5e9aa56",
  "TopicArn": "arn:aws:sns:us-east-1:333333333333:my-kinesis-test-topic",
  "Subject": "My 1st subject",
  "Message": "My 1st body",
  "Timestamp": "2020-11-26T23:48:02.032Z",
  "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:333333333333:my-kinesis-test-topic:0b410f3c-ee5e-49d8-b59b-3b4aa6d8fcf5",
  "MessageAttributes": {
    "myKey1": {"Type": "String", "Value": "myValue1"},
    "myKey2": {"Type": "String", "Value": "myValue2"}
  }
}`

// eventBridgeDocumented has the members of
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html; its
// values are those of the CloudFormation event in
// https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html, except
// for the time there, 31 April, which does not exist.
const eventBridgeDocumented = `{
  "version": "0",
  "source": "aws.cloudformation",
  "account": "123456789012",
  "id": "12345678-1234-1234-1234-111122223333",
  "region": "us-east-1",
  "detail-type": "CloudFormation Stack Status Change",
  "time": "2022-04-30T17:00:00Z",
  "resources": ["arn:aws:cloudformation:us-east-1:123456789012:stack/teststack"],
  "detail": {
    "stack-id": "arn:aws:cloudformation:us-west-1:123456789012:stack/teststack",
    "status-details": {"status": "CREATE_COMPLETE", "status-reason": ""}
  }
}`

// s3Documented has the structure (version 2.2; later ones add members) of
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html,
// with values instead of the descriptions there, and a key that S3 encodes as in a URL.
const s3Documented = `{
  "Records": [{
    "eventVersion": "2.2",
    "eventSource": "aws:s3",
    "awsRegion": "us-west-2",
    "eventTime": "1970-01-01T00:00:00.000Z",
    "eventName": "ObjectCreated:Put",
    "userIdentity": {"principalId": "AIDAJDPLRKLG7UEXAMPLE"},
    "requestParameters": {"sourceIPAddress": "127.0.0.1"},
    "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S/JRWeUWerMUE5JgHvANOjpD"},
    "s3": {
      "s3SchemaVersion": "1.0",
      "configurationId": "testConfigRule",
      "bucket": {"name": "amzn-s3-demo-bucket", "ownerIdentity": {"principalId": "A3NL1KOZZKExample"}, "arn": "arn:aws:s3:::amzn-s3-demo-bucket"},
      "object": {"key": "red+flower.jpg", "size": 1024, "eTag": "d41d8cd98f00b204e9800998ecf8427e", "versionId": null, "sequencer": "0055AED6DCD90281E5"}
    },
    "glacierEventData": {"restoreEventData": {"lifecycleRestorationExpiryTime": "1970-01-01T00:00:00.000Z", "lifecycleRestoreStorageClass": "GLACIER"}}
  }]
}`

// s3Test is the test event, from
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html.
const s3Test = `{
  "Service": "Amazon S3",
  "Event": "s3:TestEvent",
  "Time": "2014-10-13T15:57:02.089Z",
  "Bucket": "amzn-s3-demo-bucket",
  "RequestId": "5582815E1AEA5ADF",
  "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE"
}`

// decodeBody decodes a body.
func decodeBody[T any](t *testing.T, decode sqsbatch.Decoder[T], body string) (T, error) {
	t.Helper()
	m := record("id", body)
	return decode(t.Context(), &m)
}

func TestDecodeSNSOfTheDocumentation(t *testing.T) {
	t.Parallel()
	got, err := decodeBody(t, sqsbatch.DecodeSNS(sqsbatch.DecodeText), snsDocumented)
	want := sqsbatch.SNSNotification[string]{
		MessageID:  "63a3f6b6-d533-4a47-aef9-fcf5cf758c76",
		TopicARN:   "arn:aws:sns:us-west-2:123456789012:MyTopic",
		Subject:    "Testing publish to subscribed queues",
		Timestamp:  time.Date(2012, 3, 29, 5, 12, 16, 901e6, time.UTC),
		Message:    "Hello world!",
		Attributes: map[string]events.SQSMessageAttribute{},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v: %s", err, diff)
	}

	got, err = decodeBody(t, sqsbatch.DecodeSNS[string](nil), snsWithAttributes)
	if err != nil || got.Message != "My 1st body" {
		t.Errorf("message %q, error %v", got.Message, err)
	}
	if diff := cmp.Diff(map[string]string{"myKey1": "String myValue1", "myKey2": "String myValue2"}, texts(got.Attributes)); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeSNSGivesTheMessageToItsDecoder(t *testing.T) {
	t.Parallel()
	body := strings.Replace(snsWithAttributes, `"MessageAttributes": {`, `"SequenceNumber": "10000000000000000001", "MessageAttributes": {
		"binary": {"Type": "Binary.png", "Value": "AAE="}, "n": {"Type": "Number", "Value": "7"},`, 1)
	decode := sqsbatch.DecodeSNS(func(_ context.Context, m *events.SQSMessage) (int64, error) {
		if m.Body != "My 1st body" || m.MessageId != "id" || string(m.MessageAttributes["binary"].BinaryValue) != "\x00\x01" {
			t.Errorf("record %+v", m)
		}
		n, _, err := sqsbatch.Message[string]{Raw: m}.Int64("n")
		return n, err
	})
	original := record("id", body)
	got, err := decode(t.Context(), &original)
	if err != nil || got.Message != 7 || got.SequenceNumber != "10000000000000000001" {
		t.Errorf("%+v, %v", got, err)
	}
	if original.Body != body || original.MessageAttributes != nil {
		t.Error("the record has changed")
	}
}

func TestDecodeEventBridgeOfTheDocumentation(t *testing.T) {
	t.Parallel()
	type stack struct {
		ID string `json:"stack-id"`
	}
	for name, decode := range map[string]sqsbatch.Decoder[stack]{"JSON": sqsbatch.DecodeJSON[stack], "Default": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := decodeBody(t, sqsbatch.DecodeEventBridge(decode), eventBridgeDocumented)
			want := sqsbatch.EventBridgeEvent[stack]{
				ID:         "12345678-1234-1234-1234-111122223333",
				Source:     "aws.cloudformation",
				DetailType: "CloudFormation Stack Status Change",
				Account:    "123456789012",
				Region:     "us-east-1",
				Time:       time.Date(2022, 4, 30, 17, 0, 0, 0, time.UTC),
				Resources:  []string{"arn:aws:cloudformation:us-east-1:123456789012:stack/teststack"},
				Detail:     stack{ID: "arn:aws:cloudformation:us-west-1:123456789012:stack/teststack"},
			}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v: %s", err, diff)
			}
		})
	}
}

func TestDecodeS3OfTheDocumentation(t *testing.T) {
	t.Parallel()
	got, err := decodeBody(t, sqsbatch.DecodeS3, s3Documented)
	if err != nil || len(got.Records) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	r := got.Records[0]
	if r.EventName != "ObjectCreated:Put" || r.S3.Bucket.Name != "amzn-s3-demo-bucket" || r.S3.Object.URLDecodedKey != "red flower.jpg" ||
		r.S3.Object.Size != 1024 || r.GlacierEventData == nil {
		t.Errorf("%+v", r)
	}
	if got, err := decodeBody(t, sqsbatch.DecodeS3, s3Test); err != nil || len(got.Records) != 0 {
		t.Errorf("the test event is %+v, %v", got, err)
	}
}

func TestS3EventsThroughSNS(t *testing.T) {
	t.Parallel()
	decode := sqsbatch.DecodeSNS(sqsbatch.DecodeS3)
	for name, want := range map[string]int{s3Documented: 1, s3Test: 0} {
		t.Run(fmt.Sprint(want), func(t *testing.T) {
			t.Parallel()
			got, err := decodeBody(t, decode, strings.Replace(snsDocumented, `"Hello world!"`, fmt.Sprintf("%q", name), 1))
			if err != nil || len(got.Message.Records) != want {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// Each change makes a documented body invalid, in one place.
func TestEnvelopesAreStrict(t *testing.T) {
	t.Parallel()
	sns := func(body string) error {
		_, err := decodeBody(t, sqsbatch.DecodeSNS(sqsbatch.DecodeText), body)
		return err
	}
	bridge := func(body string) error {
		_, err := decodeBody(t, sqsbatch.DecodeEventBridge(sqsbatch.DecodeText), body)
		return err
	}
	s3 := func(body string) error {
		_, err := decodeBody(t, sqsbatch.DecodeS3, body)
		return err
	}
	for name, tt := range map[string]struct {
		decode   func(string) error
		body     string
		old, new string
		want     string
	}{
		"SNSRaw":              {sns, `{"id":"o-1"}`, "", "", "raw message delivery"},
		"SNSRawText":          {sns, "hello", "", "", "raw message delivery"},
		"SNSNull":             {sns, "null", "", "", "raw message delivery"},
		"SNSConfirmation":     {sns, snsDocumented, `"Notification"`, `"SubscriptionConfirmation"`, `the type is "SubscriptionConfirmation"`},
		"SNSLowerCase":        {sns, snsDocumented, `"Type"`, `"type"`, "raw message delivery"},
		"SNSNoID":             {sns, snsDocumented, `"MessageId"`, `"messageid"`, "member MessageId: it is missing"},
		"SNSEmptyTopic":       {sns, snsDocumented, `"arn:aws:sns:us-west-2:123456789012:MyTopic"`, `""`, "member TopicArn: it is empty"},
		"SNSTimestamp":        {sns, snsDocumented, "2012-03-29T05:12:16.901Z", "29 March", "member Timestamp"},
		"SNSNoMessage":        {sns, snsDocumented, `"Message" `, `"Text" `, "member Message: it is missing"},
		"SNSMessageNull":      {sns, snsDocumented, `"Hello world!"`, "null", "member Message: it is missing"},
		"SNSMessageObject":    {sns, snsDocumented, `"Hello world!"`, "{}", "member Message"},
		"SNSAttributes":       {sns, snsWithAttributes, `"Value": "myValue1"`, `"Value": 1`, "member MessageAttributes"},
		"SNSBinary":           {sns, snsWithAttributes, `"Type": "String", "Value": "myValue1"`, `"Type": "Binary", "Value": "?"`, `message attribute "myKey1" of type "Binary"`},
		"SNSTwoValues":        {sns, snsDocumented + "{}", "", "", "SNS notification"},
		"EventBridgeText":     {bridge, "hello", "", "", "EventBridge event"},
		"EventBridgeNull":     {bridge, "null", "", "", "want a JSON object"},
		"EventBridgeNoDetail": {bridge, eventBridgeDocumented, `"detail":`, `"Detail":`, "member detail: it is missing"},
		"EventBridgeText2":    {bridge, eventBridgeDocumented, `"detail": {`, `"detail": "x", "d": {`, "member detail"},
		"EventBridgeSource":   {bridge, eventBridgeDocumented, `"aws.cloudformation"`, `""`, "member source: it is empty"},
		"EventBridgeTime":     {bridge, eventBridgeDocumented, "2022-04-30", "2022-04-31", "member time"},
		"EventBridgeType":     {bridge, eventBridgeDocumented, `"detail-type"`, `"detailType"`, "member detail-type: it is missing"},
		"EventBridgeNull2":    {bridge, eventBridgeDocumented, `["arn:aws:cloudformation:us-east-1:123456789012:stack/teststack"]`, "null", "member resources: it is missing"},
		"EventBridgeID":       {bridge, eventBridgeDocumented, `"12345678-1234-1234-1234-111122223333"`, "7", "member id"},
		"S3NoRecords":         {s3, `{"Records":[]}`, "", "", "member Records: it is empty"},
		"S3OtherObject":       {s3, `{"id":"o-1"}`, "", "", "member Records: it is missing"},
		"S3Source":            {s3, s3Documented, "aws:s3", "aws:sqs", `record 1: the event source is "aws:sqs"`},
		"S3NullRecord":        {s3, `{"Records":[null]}`, "", "", "record 1: want a JSON object"},
		"S3NoBucket":          {s3, s3Documented, `"bucket":`, `"Bucket":`, "record 1: member s3.bucket: it is missing"},
		"S3NoKey":             {s3, s3Documented, `"key":`, `"name":`, "record 1: member s3.object.key: it is missing"},
		"S3BadKey":            {s3, s3Documented, "red+flower", "red%flower", "record 1: "},
		"S3Size":              {s3, s3Documented, "1024", `"large"`, "record 1: "},
		"S3Time":              {s3, s3Documented, `"eventTime": "1970-01-01T00:00:00.000Z"`, `"eventTime": ""`, "member eventTime"},
		"S3OtherTest":         {s3, s3Test, "s3:TestEvent", "s3:Other", `the event is "s3:Other"`},
		"S3TestWithoutBucket": {s3, s3Test, `"Bucket"`, `"bucket"`, "member Bucket: it is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := tt.body
			if tt.old != "" {
				body = strings.Replace(body, tt.old, tt.new, 1)
				if body == tt.body {
					t.Fatalf("%s is not in the body", tt.old)
				}
			}
			if err := tt.decode(body); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

// New members and null where a member is optional must not dead-letter messages.
func TestEnvelopesAcceptUnknownMembers(t *testing.T) {
	t.Parallel()
	if n, err := decodeBody(t, sqsbatch.DecodeSNS(sqsbatch.DecodeText), strings.Replace(snsDocumented, `"Testing publish to subscribed queues"`, `null, "New": 1`, 1)); err != nil || n.Subject != "" {
		t.Errorf("%+v, %v", n, err)
	}
	body := strings.Replace(eventBridgeDocumented, `"version"`, `"replay-name": "r", "new": {}, "version"`, 1)
	body = strings.Replace(body, `["arn:aws:cloudformation:us-east-1:123456789012:stack/teststack"]`, "[]", 1)
	if e, err := decodeBody(t, sqsbatch.DecodeEventBridge(sqsbatch.DecodeText), body); err != nil || e.ReplayName != "r" || len(e.Resources) != 0 {
		t.Errorf("%+v, %v", e, err)
	}
	if _, err := decodeBody(t, sqsbatch.DecodeS3, strings.Replace(s3Documented, `"awsRegion"`, `"new": [], "awsRegion"`, 1)); err != nil {
		t.Error(err)
	}
}

func TestErrorsOfInnerDecodersKeepTheirClass(t *testing.T) {
	t.Parallel()
	busy := func(context.Context, *events.SQSMessage) (string, error) {
		return "", sqsbatch.RetryAfter(time.Minute, errDown)
	}
	_, snsErr := decodeBody(t, sqsbatch.DecodeSNS(busy), snsDocumented)
	_, bridgeErr := decodeBody(t, sqsbatch.DecodeEventBridge(busy), eventBridgeDocumented)
	for name, err := range map[string]error{"SNS": snsErr, "EventBridge": bridgeErr} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if d, ok := sqsbatch.RetryAfterOf(err); !ok || d != time.Minute || !errors.Is(err, errDown) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// A message with the wrong envelope is dead-lettered, and the others are processed.
func TestEnvelopesInABatch(t *testing.T) {
	t.Parallel()
	dlq := &deadLetterQueue{}
	var got []string
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[sqsbatch.SNSNotification[string]]) error {
		got = append(got, m.Body.Message)
		return nil
	}, sqsbatch.WithDecoder(sqsbatch.DecodeSNS(sqsbatch.DecodeText)), sqsbatch.WithDeadLetter(dlq)))
	event := ids("good", "raw")
	event.Records[0].Body = snsDocumented
	if failed := handle(t, h, event); len(failed) != 0 || len(got) != 1 || got[0] != "Hello world!" || len(dlq.letters) != 1 || dlq.letters[0].Body != "raw" {
		t.Errorf("reported %v, processed %v, dead letters %+v", failed, got, dlq.letters)
	}
}

func TestS3EventsInABatch(t *testing.T) {
	t.Parallel()
	var keys []string
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[events.S3Event]) error {
		for _, r := range m.Body.Records {
			keys = append(keys, r.S3.Object.URLDecodedKey)
		}
		return nil
	}, sqsbatch.WithDecoder(sqsbatch.DecodeS3)))
	event := ids("test", "put")
	event.Records[0].Body = s3Test
	event.Records[1].Body = s3Documented
	if failed := handle(t, h, event); len(failed) != 0 || len(keys) != 1 || keys[0] != "red flower.jpg" {
		t.Errorf("reported %v, processed %v", failed, keys)
	}
}

func FuzzEnvelopes(f *testing.F) {
	for _, seed := range []string{snsDocumented, snsWithAttributes, eventBridgeDocumented, s3Documented, s3Test, "", "null", `{"Type":null}`, `{"Records":[{"s3":null}]}`} {
		f.Add(seed)
	}
	sns := sqsbatch.DecodeSNS(sqsbatch.DecodeText)
	bridge := sqsbatch.DecodeEventBridge(sqsbatch.DecodeText)
	f.Fuzz(func(t *testing.T, body string) {
		m := record("id", body)
		if n, err := sns(t.Context(), &m); err == nil && (n.MessageID == "" || n.TopicARN == "" || n.Timestamp.IsZero() || n.Attributes == nil) {
			t.Errorf("%q is %+v", body, n)
		}
		if e, err := bridge(t.Context(), &m); err == nil && (e.ID == "" || e.Source == "" || e.DetailType == "" || e.Time.IsZero() || e.Detail == "") {
			t.Errorf("%q is %+v", body, e)
		}
		if e, err := sqsbatch.DecodeS3(t.Context(), &m); err != nil && len(e.Records) > 0 {
			t.Errorf("%q has an error and records %+v", body, e)
		}
	})
}
