package consume_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/functions/consumer/consume"
	"github.com/reliableq/reliableq/functions/jsonlog"
)

var update = flag.Bool("update", false, "update the golden files")

// message returns the record of an order with attributes ("name:type:value").
func message(id string, receives int, attributes ...string) string {
	var fields []string
	for _, a := range attributes {
		part := strings.SplitN(a, ":", 3)
		fields = append(fields, fmt.Sprintf(`%q:{"stringValue":%q,"stringListValues":[],"binaryListValues":[],"dataType":%q}`, part[0], part[2], part[1]))
	}
	return fmt.Sprintf(`{"messageId":%q,"receiptHandle":"r","body":"{\"order_id\":\"order of %s\"}","attributes":{"ApproximateReceiveCount":"%d"},`+
		`"messageAttributes":{%s},"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:us-east-1:000000000000:reliable_q"}`,
		id, id, receives, strings.Join(fields, ","))
}

func batch(messages ...string) string { return `{"Records":[` + strings.Join(messages, ",") + `]}` }

// invoke runs the consumer as Lambda does, and also returns its log.
func invoke(t *testing.T, reporting string, level slog.Level, event string) (response, logged string, err error) {
	t.Helper()
	var log bytes.Buffer
	handler, err := consume.New(reporting, jsonlog.New(&log, level))
	if err != nil {
		t.Fatal(err)
	}
	out, err := lambda.NewHandler(handler).Invoke(t.Context(), []byte(event))
	return strings.TrimSpace(string(out)), log.String(), err
}

var store = "store_id:Number:3"

func TestMessageWithAStoreIsGood(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		attributes []string
		fails      bool
	}{
		{"Good", []string{store, "project:String:reliable"}, false},
		{"NoStore", []string{"bad_msg:String:True"}, true},
		{"NoAttributes", nil, true},
		{"FailsUntilASecondReplay", []string{store, "fail_until_replay:Number:2"}, true},
		{"StillFailsAtTheFirst", []string{store, "fail_until_replay:Number:2", "sqs-dlq-replay-cnt:Number:1"}, true},
		{"HealsAtTheSecond", []string{store, "fail_until_replay:Number:2", "sqs-dlq-replay-cnt:Number:2"}, false},
		{"NoNumberToHealAt", []string{store, "fail_until_replay:String:soon"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			response, _, err := invoke(t, consume.PerMessage, slog.LevelInfo, batch(message("m", 1, tt.attributes...)))
			want := `{"batchItemFailures":[]}`
			if tt.fails {
				want = `{"batchItemFailures":[{"itemIdentifier":"m"}]}`
			}
			if err != nil || response != want {
				t.Errorf("%s, %v", response, err)
			}
		})
	}
}

func TestInvalidBodyFailsOnlyItsMessage(t *testing.T) {
	t.Parallel()
	event := batch(message("good", 1, store), strings.Replace(message("bad", 1, store), `{\"order_id\":\"order of bad\"}`, "hello", 1))
	response, logged, err := invoke(t, consume.PerMessage, slog.LevelInfo, event)
	if err != nil || response != `{"batchItemFailures":[{"itemIdentifier":"bad"}]}` || !strings.Contains(logged, `"error":"decode body: `) {
		t.Errorf("%s, %v: %s", response, err, logged)
	}
}

// The verdict of a run is computed from the consumer's log lines.
func TestLogLines(t *testing.T) {
	t.Parallel()
	timestamp := regexp.MustCompile(`"timestamp":"[^"]*"`)
	for name, tt := range map[string]struct {
		reporting string
		event     string
	}{
		"all-good": {consume.PerMessage, batch(message("1", 1, store), message("2", 1, store), message("3", 1, store),
			message("4", 1, store), message("5", 1, store))},
		"one-bad":     {consume.PerMessage, batch(message("1", 1, store), message("2", 6, "bad_msg:String:True", "origin_message_id:String:0", "sqs-dlq-replay-cnt:Number:1"))},
		"whole-batch": {consume.WholeBatch, batch(message("1", 2, "bad_msg:String:True"), message("2", 2, store))},
	} {
		t.Run(name, func(t *testing.T) {
			response, logged, err := invoke(t, tt.reporting, slog.LevelInfo, tt.event)
			got := timestamp.ReplaceAllString(logged, `"timestamp":"T"`) + "response " + response + "\n"
			if err != nil {
				got += "error " + err.Error() + "\n"
			}
			path := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-update rewrites it): %s", path, diff)
			}
		})
	}
}

func TestOnlyFailuresAreLoggedAboveInfo(t *testing.T) {
	t.Parallel()
	_, logged, _ := invoke(t, consume.PerMessage, slog.LevelError, batch(message("1", 1, store), message("2", 1)))
	if strings.Count(logged, "\n") != 1 || !strings.Contains(logged, "missing_store_id") {
		t.Error(logged)
	}
}

// FuzzHandle checks that for any event each record is either processed or failed.
func FuzzHandle(f *testing.F) {
	f.Add(batch(message("1", 1, store), message("2", 1)))
	f.Add(`{"Records":[{"messageId":"a","messageAttributes":{"store_id":{}}}]}`)
	f.Fuzz(func(t *testing.T, event string) {
		response, logged, err := invoke(t, consume.PerMessage, slog.LevelInfo, event)
		if err != nil {
			return // not an event
		}
		var in struct{ Records []json.RawMessage }
		var out struct{ BatchItemFailures []struct{} }
		// Like aws-lambda-go, ignore what follows the first value.
		if json.NewDecoder(strings.NewReader(event)).Decode(&in) != nil || json.Unmarshal([]byte(response), &out) != nil {
			t.Fatalf("%q: %s", event, response)
		}
		if processed := strings.Count(logged, `"msg":"processed","message_id"`); processed > len(in.Records) {
			t.Errorf("%q: %d processed of %d", event, processed, len(in.Records))
		}
	})
}
