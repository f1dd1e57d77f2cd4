package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/reliableq/reliableq/functions/functiontest"
)

func TestMain(m *testing.M) { functiontest.Main(m, main) }

func event(t *testing.T) string {
	t.Helper()
	body, err := os.ReadFile("testdata/event.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestConsumerReportsTheBadMessage(t *testing.T) {
	t.Parallel()
	got := functiontest.Invoke(t, event(t), 3*time.Second)
	if got.Failed || got.Response != `{"batchItemFailures":[{"itemIdentifier":"m-2"}]}` {
		t.Fatalf("response %s\n%s", got.Response, got.Log)
	}
	for _, want := range []string{`{"resp":{"status":false,"tot_msgs":3,"s_msgs":2}}` + "\n", `"error":{"missing_store_id":true}`} {
		t.Run(want, func(t *testing.T) {
			if !strings.Contains(got.Log, want) {
				t.Errorf("does not contain %s: %s", want, got.Log)
			}
		})
	}
}

func TestWholeBatchFailsTheInvocationAfterAllMessages(t *testing.T) {
	t.Parallel()
	got := functiontest.Invoke(t, event(t), 3*time.Second, "FAILURE_REPORTING=whole_batch")
	if !got.Failed || !strings.Contains(got.Response, `1 of 3 messages failed [m-2]`) || !strings.Contains(got.Response, `"errorType":"BatchError"`) {
		t.Fatalf("response %s", got.Response)
	}
	if strings.Count(got.Log, `"msg":"processed"`) != 2 {
		t.Error(got.Log)
	}
}

func TestConsumerRefusesUnknownFailureReporting(t *testing.T) {
	t.Parallel()
	got := functiontest.Invoke(t, event(t), time.Second, "FAILURE_REPORTING=sometimes")
	if !strings.Contains(got.Log, `FAILURE_REPORTING is "sometimes": want one of ["per_message" "whole_batch"]`) {
		t.Error(got.Log)
	}
}
