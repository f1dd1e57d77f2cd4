package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/reliableq/reliableq/functions/functiontest"
)

func TestMain(m *testing.M) { functiontest.Main(m, main) }

func TestRetryFunctionReplaysUntilMaxAttempts(t *testing.T) {
	t.Parallel()
	event, err := os.ReadFile("testdata/event.json")
	if err != nil {
		t.Fatal(err)
	}
	queue := functiontest.NewQueue(t, "reliable_q")
	got := functiontest.Invoke(t, string(event), 3*time.Second, append(queue.Environment,
		"SOURCE_QUEUE_NAME=reliable_q", "LEVEL=1", "MAX_ATTEMPTS=3", "BACKOFF_BASE_SECONDS=2", "BACKOFF_CAP_SECONDS=900")...)
	if got.Failed || got.Response != `{"batchItemFailures":[{"itemIdentifier":"m-2"}]}` {
		t.Fatalf("response %s\n%s", got.Response, got.Log)
	}
	line := regexp.MustCompile(`(?m)^\{"resp":\{"status":true,"tot_msgs":1,"replay_cnt":1,"max_attempts":3,"replayed_to_main_q":true,"delay_sec":[0-9.]+\}\}$`)
	if !line.MatchString(got.Log) || !strings.Contains(got.Log, "MaxAttemptsError: Number of retries(4) > max attempts(3)") {
		t.Error(got.Log)
	}
	sent := queue.Sent()
	if len(sent) != 1 || *sent[0].MessageBody != `{"order_id":"o-1"}` || sent[0].DelaySeconds > 4 {
		t.Fatalf("sent %+v", sent)
	}
	attributes := sent[0].MessageAttributes
	if len(attributes) != 4 || string(attributes["picture"].BinaryValue) != "\x01\x02\x03" || *attributes["picture"].DataType != "Binary.png" ||
		*attributes["origin_message_id"].StringValue != "m-1" || *attributes["sqs-dlq-replay-cnt"].StringValue != "1" {
		t.Errorf("attributes %+v", attributes)
	}
}

func TestRetryFunctionNamesMissingVariables(t *testing.T) {
	t.Parallel()
	got := functiontest.Invoke(t, `{}`, time.Second, "BACKOFF_BASE_SECONDS=901", "LEVEL=0")
	for _, want := range []string{
		"SOURCE_QUEUE_NAME is not set", "LEVEL is not a whole number from 1", "MAX_ATTEMPTS is not set",
		"BACKOFF_BASE_SECONDS is not a number from 0 to 900", "BACKOFF_CAP_SECONDS is not set",
	} {
		t.Run(want, func(t *testing.T) {
			if !strings.Contains(got.Log, want) {
				t.Errorf("does not contain %q: %s", want, got.Log)
			}
		})
	}
}
