package sqs

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/reliableq/reliableq/localaws/awsapi/awsjson"
)

// The fast path of package awsjson must support every input, and the outputs of the
// operations that are called for each message.
func TestEveryInputIsDecodedByTheFastPath(t *testing.T) {
	t.Parallel()
	table := newBench(t).s.API().Operations
	for _, name := range slices.Sorted(maps.Keys(table)) {
		t.Run(name, func(t *testing.T) {
			in := reflect.TypeOf(table[name].New()).Elem()
			for i := range in.NumField() {
				member, _, _ := strings.Cut(in.Field(i).Tag.Get("json"), ",")
				body := []byte(`{"` + member + `":null}`)
				if !awsjson.Decode(body, reflect.New(in).Interface()) {
					t.Errorf("%s is not decoded", body)
				}
			}
		})
	}
}

// normal returns a text that is equal for values that differ only in empty lists and
// maps.
func normal(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// lastOfEachName returns a JSON object without duplicate names: the last one counts.
func lastOfEachName(body []byte) ([]byte, error) {
	var node map[string]any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&node); err != nil {
		return nil, err
	}
	return json.Marshal(node)
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
	inputs := []func() any{
		func() any { return &SendMessageInput{} },
		func() any { return &SendMessageBatchInput{} },
		func() any { return &ReceiveMessageInput{} },
		func() any { return &DeleteMessageBatchInput{} },
		func() any { return &ChangeMessageVisibilityBatchInput{} },
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, input := range inputs {
			got, want := input(), input()
			if !awsjson.Decode(body, got) {
				continue
			}
			if !json.Valid(body) {
				t.Fatalf("%T: accepted what is not JSON: %q", got, body)
			}
			exact, err := lastOfEachName(body)
			if err != nil || bytes.Contains(bytes.ToLower(body), []byte(`\u`)) || json.Unmarshal(exact, want) != nil {
				continue
			}
			if a, b := normal(got), normal(want); a != b {
				t.Fatalf("%T\ngot  %s\nwant %s\nof   %q", got, a, b, body)
			}
		}
	})
}

func TestJSONInputReadsWhatEncodingJSONReads(t *testing.T) {
	t.Parallel()
	want := SendMessageBatchInput{QueueURL: "u", Entries: []SendMessageBatchRequestEntry{
		{
			ID:             "1",
			MessageBody:    "line\nwith \"quotes\", é and \U0001F600",
			DelaySeconds:   ref(3),
			MessageGroupID: ref(""),
			MessageAttributes: map[string]MessageAttributeValue{
				"s": {DataType: "String", StringValue: ref("v")},
				"b": {DataType: "Binary.x", BinaryValue: []byte{0, 1, 255}},
				"l": {DataType: "String", StringListValues: []string{"a", "b"}, BinaryListValues: [][]byte{{1}, {2}}},
			},
		},
		{ID: "2"},
	}}
	body, err := json.MarshalIndent(want, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	var got SendMessageBatchInput
	if !awsjson.Decode(body, &got) || !reflect.DeepEqual(got, want) {
		t.Errorf("got %s\nwant %s", normal(got), normal(want))
	}
}

func TestJSONOutputIsWhatEncodingJSONWrites(t *testing.T) {
	t.Parallel()
	failed := []BatchResultErrorEntry{{ID: "a", SenderFault: true, Code: "c", Message: "m"}, {ID: "b", Code: "d"}}
	succeeded := []BatchResultEntry{{"1"}, {"2"}}
	messages := []Message{{MessageID: "1", Body: "é\n"}, {
		MessageID:              "2",
		ReceiptHandle:          "h",
		MD5OfBody:              "x",
		Attributes:             map[string]string{"SenderId": "1", "AWSTraceHeader": "2"},
		MD5OfMessageAttributes: "y",
		MessageAttributes: map[string]MessageAttributeValue{
			"s": {DataType: "String", StringValue: ref("")},
			"b": {DataType: "Binary", BinaryValue: []byte{1}},
		},
	}}
	for name, out := range map[string]any{
		"send":              &SendMessageOutput{"m", "a", "s", "id", "12"},
		"empty send":        &SendMessageOutput{},
		"send batch":        &SendMessageBatchOutput{[]SendMessageBatchResultEntry{{ID: "1"}, {"2", "i", "m", "a", "s", "n"}}, failed},
		"empty send batch":  &SendMessageBatchOutput{},
		"receive":           &ReceiveMessageOutput{messages},
		"empty receive":     &ReceiveMessageOutput{},
		"delete batch":      &DeleteMessageBatchOutput{succeeded, failed},
		"change visibility": &ChangeMessageVisibilityBatchOutput{nil, failed},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := awsjson.Append([]byte("x"), out)
			if want := "x" + normal(out); !ok || string(got) != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}
