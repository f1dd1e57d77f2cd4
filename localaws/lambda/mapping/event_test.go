package mapping

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// event returns the event for messages from a queue.
func event(queueARN string, window int, messages ...Message) []byte {
	r := storedConfiguration{
		QueueARN:  queueARN,
		Window:    window,
		BatchSize: 10,
	}
	b := newBatch(r.pollerConfig(), start)
	b.add(messages, newRecordEncoder(queueARN))
	return b.payload()
}

func plainMessage() Message {
	return Message{
		ID:            "059f36b4-87a3-44ab-83d2-661975830a7d",
		ReceiptHandle: "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
		Body:          "{\"text\":\"<caf\u00e9> & \\\"tea\\\"\"}\n\t\u2028",
		MD5OfBody:     "098f6bcd4621d373cade4e832627b4f6",
		System: map[string]string{
			"ApproximateReceiveCount":          "1",
			"SentTimestamp":                    "1545082649183",
			"SenderId":                         "AIDAIENQZJOLO23YVJ4VO",
			"ApproximateFirstReceiveTimestamp": "1545082649185",
		},
	}
}

func fullMessage() Message {
	m := plainMessage()
	m.MD5OfAttributes = "e4e68fb7bd0e697a0ae8f1bb342846b3"
	m.Attributes = map[string]Attribute{
		"store_id": {DataType: "Number", Text: "3"},
		"empty":    {DataType: "String"},
		"raw":      {DataType: "Binary.png", Binary: []byte{0, 255, 16}},
		"nothing":  {DataType: "Binary", Binary: []byte{}},
	}

	m.System["AWSTraceHeader"] = "Root=1-5759e988-bd862e3fe1be46a994272793"
	m.System["MessageGroupId"] = "g"
	m.System["MessageDeduplicationId"] = "d"
	m.System["SequenceNumber"] = "18850213862137392640"
	m.System["DeadLetterQueueSourceArn"] = queueARN
	return m
}

// Also LAM B47 (attributes) and B48 (messageAttributes).
func TestEventMatchesGoldenFile_B45(t *testing.T) {
	t.Parallel()

	for _, tt := range []struct {
		name string
		got  []byte
	}{
		{"plain", event(queueARN, 0, plainMessage())},
		{"window", event(queueARN, 5, plainMessage(), fullMessage())},
		{"fifo", event(fifoARN, 0, fullMessage(), plainMessage())},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			golden := filepath.Join("testdata", "event_"+tt.name+".json")
			if *update {
				if err := os.WriteFile(golden, append(tt.got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}

			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}

			if diff := cmp.Diff(string(want), string(tt.got)+"\n"); diff != "" {
				t.Errorf("event differs from %s (-want +got):\n%s", golden, diff)
			}

			if !json.Valid(tt.got) {
				t.Error("event is not JSON")
			}
		})
	}
}

func TestMD5OfMessageAttributesIsAbsentOrNull_B46(t *testing.T) {
	t.Parallel()

	for _, tt := range []struct {
		name    string
		window  int
		message Message
		want    string // "" when the key is absent
	}{
		{"AbsentWithoutWindow", 0, plainMessage(), ""},
		{"NullWithWindow", 1, plainMessage(), "null"},
		{"RealWithoutWindow", 0, fullMessage(), `"e4e68fb7bd0e697a0ae8f1bb342846b3"`},
		{"RealWithWindow", 1, fullMessage(), `"e4e68fb7bd0e697a0ae8f1bb342846b3"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			var e struct{ Records []map[string]json.RawMessage }
			if err := json.Unmarshal(event(queueARN, tt.window, tt.message), &e); err != nil {
				t.Fatal(err)
			}

			if got := string(e.Records[0]["md5OfMessageAttributes"]); got != tt.want {
				t.Errorf("md5OfMessageAttributes is %q, want %q", got, tt.want)
			}
		})
	}
}

// A function that decodes the event gets every body unchanged.
func FuzzEventKeepsTheBody(f *testing.F) {
	f.Add("plain", "name", "value")
	f.Add("\x00\x1f\"\\\u2028\U0001f600", "ä", "")
	f.Fuzz(func(t *testing.T, body, name, value string) {
		m := Message{
			ID:         "1",
			Body:       body,
			Attributes: map[string]Attribute{name: {DataType: "String", Text: value}},
		}

		var e struct {
			Records []struct {
				Body              string
				MessageAttributes map[string]struct{ StringValue string }
			}
		}

		if err := json.Unmarshal(event(queueARN, 0, m), &e); err != nil {
			t.Fatalf("event is not JSON: %v", err)
		}

		if !utf8.ValidString(body) || !utf8.ValidString(name) || !utf8.ValidString(value) {
			return
		}

		if e.Records[0].Body != body || e.Records[0].MessageAttributes[name].StringValue != value {
			t.Errorf("body %q and attribute %q=%q became %+v", body, name, value, e.Records[0])
		}
	})
}

func BenchmarkEventOfTen(b *testing.B) {
	messages := make([]Message, 10)
	for i := range messages {
		messages[i] = fullMessage()
	}
	b.SetBytes(int64(len(event(queueARN, 0, messages...))))
	b.ReportAllocs()
	for b.Loop() {
		event(queueARN, 0, messages...)
	}
}
