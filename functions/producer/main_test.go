package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/functions/functiontest"
)

func TestMain(m *testing.M) { functiontest.Main(m, main) }

func TestProducerReturnsWhatWasAccepted(t *testing.T) {
	t.Parallel()
	queue := functiontest.NewQueue(t, "orders")
	got := functiontest.Invoke(t, `{"count":89,"bad_ratio":0.05,"seed":7}`, 5*time.Second, append(queue.Environment, "QUEUE_NAME=orders", "PROJECT=reliable")...)
	want := `{"statusCode":200,"body":"{\"message\": {\"status\": true, \"tot_msgs\": 89, \"bad_msgs\": 4}}"}`
	if got.Failed || got.Response != want {
		t.Fatalf("response %s\n%s", got.Response, got.Log)
	}
	if n := len(queue.Sent()); n != 89 || strings.Count(got.Log, `"msg":"accepted"`) != 9 {
		t.Errorf("%d sent; %s", n, got.Log)
	}
}

// Lambda counts the invocations of a chain by this header, and stops a chain that
// loops.
func TestTraceHeaderIsSentWithEachRequest(t *testing.T) {
	t.Parallel()
	queue := functiontest.NewQueue(t, "orders")
	got := functiontest.Invoke(t, `{"count":1}`, 5*time.Second, append(queue.Environment, "QUEUE_NAME=orders", "PROJECT=reliable")...)
	if got.Failed {
		t.Fatal(got.Log)
	}
	// The look-up at the start is not part of an invocation and has none.
	for _, trace := range queue.Traces() {
		if trace != "" && trace != functiontest.Trace {
			t.Errorf("trace %q", trace)
		}
	}
	if diff := cmp.Diff(2, len(queue.Traces())); diff != "" {
		t.Error(diff)
	}
}

func TestProducerNamesMissingVariables(t *testing.T) {
	t.Parallel()
	got := functiontest.Invoke(t, `{}`, time.Second, "BAD_RATIO=2", "LOG_LEVEL=loud")
	for _, want := range []string{
		"QUEUE_NAME is not set", "PROJECT is not set", "BAD_RATIO is not a number from 0 to 1", `LOG_LEVEL is "loud": want DEBUG, INFO, WARN or ERROR`,
	} {
		t.Run(want, func(t *testing.T) {
			if !strings.Contains(got.Log, want) {
				t.Errorf("does not contain %q: %s", want, got.Log)
			}
		})
	}
	if got.Response != "" {
		t.Errorf("response %s", got.Response)
	}
}

func TestProducerNamesTheMissingQueue(t *testing.T) {
	t.Parallel()
	queue := functiontest.NewQueue(t, "orders")
	got := functiontest.Invoke(t, `{}`, time.Second, append(queue.Environment, "QUEUE_NAME=odrers", "PROJECT=reliable")...)
	if !strings.Contains(got.Log, "find queue odrers") || !strings.Contains(got.Log, "The specified queue does not exist.") {
		t.Error(got.Log)
	}
}
