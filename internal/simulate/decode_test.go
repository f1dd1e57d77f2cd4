package simulate

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
)

const sampleEvent = `{"Records":[{"messageId":"1d1f","receiptHandle":"AQEB","body":"{\"order_id\":\"7\"}","attributes":{"SenderId":"AIDA"},` +
	`"messageAttributes":{"n":{"stringValue":"1","stringListValues":[],"binaryListValues":[],"dataType":"Number"},` +
	`"b":{"binaryValue":"aGk=","stringListValues":[],"binaryListValues":[],"dataType":"Binary"}},` +
	`"md5OfMessageAttributes":"ff","md5OfBody":"00","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:us-east-1:1:q","awsRegion":"us-east-1"}]}`

func TestEventsOfMappingsAreDecodedWithoutReflection(t *testing.T) {
	t.Parallel()
	r := eventReader{b: []byte(sampleEvent)}
	if _, err := r.event(); err != nil || r.i != len(sampleEvent) {
		t.Errorf("read %d of %d bytes: %v", r.i, len(sampleEvent), err)
	}
	other := eventReader{b: []byte(`{"Records": [{"messageId": "1"}]}`)}
	if _, err := other.event(); !errors.Is(err, errForm) {
		t.Errorf("another form: %v", err)
	}
}

// Any event is decoded as encoding/json decodes it.
func FuzzEventsAreDecodedAsByEncodingJSON(f *testing.F) {
	f.Add([]byte(sampleEvent))
	for _, seed := range []string{
		`{"Records":[{"messageId":"a\u00e9b","body":"é\n"}]}`, `{"Records":[{"body":"\"\\\/"},{"attributes":{}}]}`,
		`{"Records":[{"messageAttributes":{"b":{"binaryValue":"!"}}}]}`, `{"Records":[{"body":"x"}]}x`, `{"Records":[]}`, `{`,
		"{\"Records\":[{\"body\":\"\xff\"}]}", `{"Records":[{"body":"a","body":"b"}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var want events.SQSEvent
		wantErr := json.Unmarshal(b, &want)
		got, err := decodeEvent(b)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("error %v, want %v", err, wantErr)
		}
		if err != nil {
			return
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}
