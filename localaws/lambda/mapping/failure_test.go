package mapping

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

func TestSuccessDeletesTheBatchForAnyPayload_B32(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.functions.handler = payload(`{"batchItemFailures":[{"itemIdentifier":"id-1"}]}`) // LAM B37: the flag is off
	w.create()
	w.send(queueARN, "a", "b")
	w.runDue()
	if got, want := w.queues.deleted(queueARN), []string{"a", "b"}; !slices.Equal(got, want) {
		t.Errorf("deleted %q, want %q", got, want)
	}
}

func TestFunctionErrorLeavesTheBatchToItsVisibilityTimeout_B32(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.functions.handler = fail
	w.create()
	w.send(queueARN, "a", "b")
	w.advance(29 * time.Second)
	w.wantBatches([]string{"a", "b"})
	w.functions.set(func() { w.functions.handler = nil })
	w.advance(time.Second)
	w.wantBatches([]string{"a", "b"}, []string{"a", "b"})
	if got := w.queues.deleted(queueARN); len(got) != 2 {
		t.Errorf("deleted %q, want both after the second try", got)
	}
}

func TestFailuresShrinkConcurrencyAndPartialFailuresDoNot_B32(t *testing.T) {
	t.Parallel()

	for _, tt := range []struct {
		name    string
		handler func(invocation) Outcome
		want    int
	}{
		{"FunctionError", fail, 2},
		{"PartialFailure", func(i invocation) Outcome {
			return Outcome{Payload: fmt.Appendf(nil, `{"batchItemFailures":[{"itemIdentifier":%q}]}`, i.ids[0])}
		}, 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			w := newTestService(t)
			w.functions.handler = tt.handler
			w.functions.takes = time.Millisecond
			w.create(batchSize(1, 0), reporting)
			w.send(queueARN, numbered(30)...)
			w.advance(100 * time.Millisecond) // less than a step of growth
			w.functions.set(func() { w.functions.most = w.functions.now; w.functions.takes = time.Hour })
			w.send(queueARN, numbered(10)...)
			w.advance(50 * time.Millisecond)
			if w.functions.most != tt.want {
				t.Errorf("%d concurrent batches, want %d", w.functions.most, tt.want)
			}
		})
	}
}

func TestThrottledBatchIsRetriedUntilItsMessagesAreVisible_B32(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.functions.handler = refuse(throttled)
	w.create()
	w.send(queueARN, "a")
	w.advance(29 * time.Second)
	tries := w.functions.invocations()
	if len(tries) < 5 || len(tries) > 7 {
		t.Fatalf("%d tries in 29 s, want 1 s doubling with jitter", len(tries))
	}

	jitter := false
	for n, i := range tries[1:] {
		full := time.Second << n
		jitter = jitter || i.at.Sub(tries[n].at) != full
		if wait := i.at.Sub(tries[n].at); wait < full/2 || wait > full {
			t.Errorf("try %d after %s, want %s to %s", n+2, wait, full/2, full)
		}
	}

	if !jitter {
		t.Error("every wait is a power of two: no jitter")
	}

	if got := w.queues.left(queueARN)["a"]; got != 1 {
		t.Errorf("received %d times in 29 s, want 1", got)
	}

	w.functions.set(func() { w.functions.handler = nil })
	w.advance(2 * time.Second)
	if got := w.queues.deleted(queueARN); len(got) != 1 {
		t.Errorf("deleted %q, want the message once the function runs again", got)
	}
}

func TestThrottledBatchIsDeletedAfterASuccessfulRetry_B32(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	n := 0
	w.functions.handler = func(invocation) Outcome {
		if n++; n < 3 {
			return Outcome{Err: throttled}
		}
		return Outcome{}
	}

	w.create()
	w.send(queueARN, "a")
	w.advance(5 * time.Second)
	if got := w.queues.deleted(queueARN); len(got) != 1 || n != 3 {
		t.Errorf("deleted %q after %d tries, want a after 3", got, n)
	}
}

func TestThrottlingUsesUpReceives_B31(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.functions.handler = refuse(throttled)
	w.create()
	w.send(queueARN, "a")
	w.advance(95 * time.Second)
	if got := w.queues.left(queueARN)["a"]; got != 4 {
		t.Errorf("received %d times in 95 s of throttling, want 4", got)
	}
}

func TestServiceErrorIsRetried_B32(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.functions.handler = refuse(&awsapi.Error{Code: "ServiceException", Status: 500})
	w.create()
	w.send(queueARN, "a")
	w.advance(4 * time.Second)
	if n := len(w.functions.invocations()); n < 3 {
		t.Errorf("%d tries, want at least 3", n)
	}
}

func TestRejectedInvocationLeavesMessagesToRedrive_B32(t *testing.T) {
	t.Parallel()

	for _, err := range []*awsapi.Error{noFn, {Code: "RecursiveInvocationException", Status: 400}} {
		t.Run(err.Code, func(t *testing.T) {
			t.Parallel()

			w := newTestService(t)
			w.create()
			w.functions.set(func() { w.functions.handler = refuse(err); clear(w.functions.known) })
			w.send(queueARN, "a")
			w.advance(29 * time.Second)
			if n := len(w.functions.invocations()); n != 1 {
				t.Errorf("%d attempts within the visibility timeout, want 1", n)
			}

			w.advance(35 * time.Second)
			if got := w.queues.left(queueARN)["a"]; got != 3 {
				t.Errorf("received %d times in 64 s, want 3", got)
			}
		})
	}
}

func TestRejectionWithoutVisibilityTimeoutDoesNotSpin_B32(t *testing.T) {
	t.Parallel()

	for _, err := range []error{noFn, throttled} {
		t.Run(err.Error(), func(t *testing.T) {
			w := newTestService(t)
			w.create()
			w.queues.setVisibility(queueARN, 0)
			w.functions.set(func() { w.functions.handler = refuse(err) })
			w.send(queueARN, "a")
			w.advance(10 * time.Second)
			if n := len(w.functions.invocations()); n < 5 || n > 11 {
				t.Errorf("%v: %d invocations in 10 s, want about one a second", err, n)
			}
		})
	}
}

func TestPollingResumesWhenTheQueueIsCreatedAgain_B32(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.create()
	w.queues.drop(queueARN)
	w.advance(time.Hour)
	w.queues.make(queueARN, 30*time.Second)
	w.send(queueARN, "a")
	w.runDue()
	w.wantBatches([]string{"a"})
}

func TestReceiveIsRetriedAfterAPermissionIsLost(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.create()
	w.runDue()
	w.queues.setRefusal("ReceiveMessage", denied)
	w.send(queueARN, "a")
	before := w.queues.receives
	w.advance(10 * time.Minute)
	if n := w.queues.receives - before; n < 10 || n > 20 {
		t.Errorf("%d receives in 10 minutes, want a backoff of up to a minute", n)
	}

	w.queues.setRefusal("ReceiveMessage", nil)
	w.advance(time.Minute)
	w.wantBatches([]string{"a"})
}

func TestLostPermissionToDeleteLeavesMessages(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.create()
	w.queues.setRefusal("DeleteMessage", denied)
	w.send(queueARN, "a")
	w.advance(31 * time.Second)
	if got := w.queues.left(queueARN)["a"]; got != 2 {
		t.Errorf("received %d times, want 2", got)
	}
}

func TestRoleOfADeletedFunctionIsStillUsed_B21(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.create()
	w.functions.set(func() { clear(w.functions.known) })
	w.send(queueARN, "a")
	w.runDue()
	if as := w.queues.callers[len(w.queues.callers)-1]; as.ARN != roleARN+"/consumer" {
		t.Errorf("received as %q", as.ARN)
	}
}

func TestSessionIsReusedAndRenewed(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.create()
	for range 10 {
		w.send(queueARN, "a")
		w.advance(10 * time.Minute)
	}

	if w.roles.sessions != 3 { // one for the check at creation, then one an hour
		t.Errorf("%d sessions in 100 minutes, want 3", w.roles.sessions)
	}

	w.functions.set(func() {
		fn := w.functions.known["consumer"]
		fn.Role = "arn:aws:iam::000000000000:role/other"
		w.functions.known["consumer"] = fn
	})

	w.send(queueARN, "b")
	w.runDue()
	if as := w.queues.callers[len(w.queues.callers)-1]; as.ARN != "arn:aws:iam::000000000000:role/other/consumer" {
		t.Errorf("received as %q, want the function's new role", as.ARN)
	}
}
