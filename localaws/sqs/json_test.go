package sqs

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// plainJSON hides an input's own decoder, so that encoding/json reads it.
type (
	plainSend    SendMessageInput
	plainBatch   SendMessageBatchInput
	plainReceive ReceiveMessageInput
	plainDelete  DeleteMessageBatchInput
	plainChange  ChangeMessageVisibilityBatchInput
)

// decoders pairs each hand-written decoder with encoding/json's view of the type.
var decoders = map[string]func(body []byte) (own, std any, ownErr, stdErr error){
	"SendMessage": func(b []byte) (any, any, error, error) {
		own, std := &SendMessageInput{}, &plainSend{}
		return own, (*SendMessageInput)(std), own.UnmarshalAWSJSON(b), exact(b, std)
	},
	"SendMessageBatch": func(b []byte) (any, any, error, error) {
		own, std := &SendMessageBatchInput{}, &plainBatch{}
		return own, (*SendMessageBatchInput)(std), own.UnmarshalAWSJSON(b), exact(b, std)
	},
	"ReceiveMessage": func(b []byte) (any, any, error, error) {
		own, std := &ReceiveMessageInput{}, &plainReceive{}
		return own, (*ReceiveMessageInput)(std), own.UnmarshalAWSJSON(b), exact(b, std)
	},
	"DeleteMessageBatch": func(b []byte) (any, any, error, error) {
		own, std := &DeleteMessageBatchInput{}, &plainDelete{}
		return own, (*DeleteMessageBatchInput)(std), own.UnmarshalAWSJSON(b), exact(b, std)
	},
	"ChangeMessageVisibilityBatch": func(b []byte) (any, any, error, error) {
		own, std := &ChangeMessageVisibilityBatchInput{}, &plainChange{}
		return own, (*ChangeMessageVisibilityBatchInput)(std), own.UnmarshalAWSJSON(b), exact(b, std)
	},
}

// exact decodes with encoding/json after one round through a generic value, so
// that of names that stand twice the last counts.
func exact(body []byte, into any) error {
	var node map[string]any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&node); err != nil {
		return err
	}
	again, err := json.Marshal(node)
	if err != nil {
		return err
	}
	return json.Unmarshal(again, into)
}

// normal writes what was decoded so that two of them can be compared: lists and
// maps that are empty and those that are absent are alike.
func normal(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func FuzzJSONInput(f *testing.F) {
	for _, seed := range []string{
		`{}`, `null`, ` {"QueueUrl" : "http:\/\/x\/0\/q" , "MessageBody":"a\u00e9\ud83d\ude00\n"} `,
		`{"QueueUrl":"u","MessageBody":"b","DelaySeconds":5e0,"MessageAttributes":{"a":{"DataType":"Binary","BinaryValue":"AQI="}}}`,
		`{"Entries":[{"Id":"1","MessageBody":"b","MessageGroupId":"g","ReceiptHandle":"h","VisibilityTimeout":3}]}`,
		`{"MaxNumberOfMessages":10,"AttributeNames":["All"],"WaitTimeSeconds":null,"Other":[{"x":"}]"}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for name, decode := range decoders {
			own, std, ownErr, stdErr := decode(body)
			if ownErr == nil && !json.Valid(body) {
				t.Fatalf("%s took what is no JSON: %q", name, body)
			}
			if ownErr != nil || stdErr != nil || strings.Contains(strings.ToLower(string(body)), "\\u") {
				continue
			}
			if a, b := normal(own), normal(std); a != b && !foldedNames(body) {
				t.Fatalf("%s\nown %s\nstd %s\nof  %q", name, a, b, body)
			}
		}
	})
}

// foldedNames reports whether body may hold a name in another case than AWS's,
// which encoding/json takes and we do not.
func foldedNames(body []byte) bool {
	known := []string{"QueueUrl", "MessageBody", "DelaySeconds", "MessageAttributes", "MessageSystemAttributes", "MessageDeduplicationId",
		"MessageGroupId", "Entries", "Id", "ReceiptHandle", "VisibilityTimeout", "AttributeNames", "MessageSystemAttributeNames",
		"MessageAttributeNames", "MaxNumberOfMessages", "WaitTimeSeconds", "ReceiveRequestAttemptId", "DataType", "StringValue",
		"BinaryValue", "StringListValues", "BinaryListValues"}
	d := json.NewDecoder(bytes.NewReader(body))
	for {
		tok, err := d.Token()
		if err != nil {
			return false
		}
		s, ok := tok.(string)
		for _, k := range known {
			if ok && s != k && strings.EqualFold(s, k) {
				return true
			}
		}
	}
}

func TestJSONInputReadsWhatEncodingJSONReads(t *testing.T) {
	t.Parallel()
	in := SendMessageBatchInput{QueueURL: "u", Entries: []SendMessageBatchRequestEntry{
		{
			ID:             "1",
			MessageBody:    "line\nwith \"quotes\", é and \U0001F600",
			DelaySeconds:   ref(3),
			MessageGroupID: ref(""),
			MessageAttributes: map[string]MessageAttributeValue{
				"s": {DataType: "String", StringValue: ref("v")},
				"b": {DataType: "Binary.x", BinaryValue: []byte{0, 1, 255}},
				"l": {
					DataType:         "String",
					StringListValues: []string{"a", "b"},
					BinaryListValues: [][]byte{{1}, {2}},
				},
			},
		},
		{ID: "2"},
	}}
	body, err := json.MarshalIndent(plainBatch(in), "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	var got SendMessageBatchInput
	if err := got.UnmarshalAWSJSON(body); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, in) {
		t.Errorf("got %s\nwant %s", normal(got), normal(in))
	}
}

func TestJSONInputRefusesUnknownMembersByName(t *testing.T) {
	t.Parallel()
	var in SendMessageInput
	err := in.UnmarshalAWSJSON([]byte(`{"QueueUrl":"u","Priority":3}`))
	refused(t, err, "ValidationException", "ValidationError", 400, "The embedded AWS does not support the parameter Priority of SendMessage.")
	if err := in.UnmarshalAWSJSON([]byte(`{"QueueUrl":"u","Priority":null,"Other":[]}`)); err != nil {
		t.Errorf("members that say nothing are refused: %v", err)
	}
}

func TestJSONInputRefusesWhatIsNoJSON(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"", "nul", "[]", `"x"`, `{`, `{"QueueUrl"`, `{"QueueUrl":}`, `{"QueueUrl":"a"`, `{"QueueUrl":"a",}`, `{"QueueUrl":"a"}x`,
		"{\"QueueUrl\":\"a\x01\"}", `{"QueueUrl":"\x"}`, `{"QueueUrl":"a`, `{"QueueUrl":"a\`, `{"DelaySeconds":01}`, `{"DelaySeconds":1.5}`,
		`{"DelaySeconds":"1"}`, `{"DelaySeconds":1e999}`, `{"MessageAttributes":[]}`, `{"MessageAttributes":{"a":{"BinaryValue":"%"}}}`,
		`{QueueUrl:"a"}`, `{"Other":{]}`,
	} {
		var in SendMessageInput
		if err := in.UnmarshalAWSJSON([]byte(body)); err == nil {
			t.Errorf("%q was taken", body)
		}
	}
}

func FuzzJSONString(f *testing.F) {
	f.Add("a\"\\\x00\x1f\u2028\xff\ufffdé")
	f.Fuzz(func(t *testing.T, s string) {
		want, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var a, b string
		if err := json.Unmarshal(appendJSONString(nil, s), &a); err != nil {
			t.Fatalf("%q was written as %s: %v", s, appendJSONString(nil, s), err)
		}
		if err := json.Unmarshal(want, &b); err != nil {
			t.Fatal(err)
		}
		if a != b {
			t.Errorf("%q reads back as %q, want %q", s, a, b)
		}
	})
}

func TestJSONOutputIsWhatEncodingJSONWrites(t *testing.T) {
	t.Parallel()
	type (
		send    SendMessageOutput
		batch   SendMessageBatchOutput
		receive ReceiveMessageOutput
		remove  DeleteMessageBatchOutput
		change  ChangeMessageVisibilityBatchOutput
	)
	bad := []BatchResultErrorEntry{{
		ID:          "a",
		SenderFault: true,
		Code:        "c",
		Message:     "m",
	}, {ID: "b", Code: "d"}}
	ok := []BatchResultEntry{{"1"}, {"2"}}
	sent := SendMessageOutput{"m", "a", "s", "id", "12"}
	messages := []Message{{MessageID: "1", Body: "é\n"}, {
		MessageID:              "2",
		ReceiptHandle:          "h",
		MD5OfBody:              "x",
		Attributes:             map[string]string{"SenderId": "1", "AWSTraceHeader": "2"},
		MD5OfMessageAttributes: "y",
		MessageAttributes:      map[string]MessageAttributeValue{"s": {DataType: "String", StringValue: ref("")}, "b": {DataType: "Binary", BinaryValue: []byte{1}}},
	}}
	for _, tt := range []struct {
		own interface{ AppendAWSJSON([]byte) []byte }
		std any
	}{
		{&sent, send(sent)},
		{&SendMessageOutput{}, send{}},
		{&SendMessageBatchOutput{}, batch{}},
		{&SendMessageBatchOutput{[]SendMessageBatchResultEntry{{ID: "1"}, {"2", "i", "m", "a", "s", "n"}}, bad},
			batch{[]SendMessageBatchResultEntry{{ID: "1"}, {"2", "i", "m", "a", "s", "n"}}, bad}},
		{&ReceiveMessageOutput{messages}, receive{messages}},
		{&ReceiveMessageOutput{}, receive{}},
		{&DeleteMessageBatchOutput{ok, bad}, remove{ok, bad}},
		{&ChangeMessageVisibilityBatchOutput{nil, bad}, change{nil, bad}},
	} {
		want, err := json.Marshal(tt.std)
		if err != nil {
			t.Fatal(err)
		}
		if got := tt.own.AppendAWSJSON([]byte("x"))[1:]; string(got) != string(want) {
			t.Errorf("%T\n got %s\nwant %s", tt.own, got, want)
		}
	}
}

func TestPlainRunEndsAtTheFirstByteThatIsNotPlain(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for at := range 20 {
			b := bytes.Repeat([]byte{'a'}, 20)
			b[at] = byte(c)
			b[19] = '"'
			want := 19
			if !unescaped[c] {
				want = at
			}
			if got := plainPrefix(b); got != min(want, 19) {
				t.Errorf("byte %#x at %d: a run of %d, want %d", c, at, got, want)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		want := 0
		for want < len(b) && unescaped[b[want]] {
			want++
		}
		if got := plainPrefix(b); got != want {
			t.Errorf("a run of %d, want %d", got, want)
		}
	})
}
