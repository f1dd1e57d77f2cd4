package sqs

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// take receives up to n messages and returns their bodies.
func (b *bench) take(url string, n int) string {
	b.Helper()
	return joined(bodies(must(b, b.s.ReceiveMessage, ReceiveMessageInput{QueueURL: url, MaxNumberOfMessages: &n}).Messages))
}

func equal(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestReceiveReturnsAsManyOfOneGroupAsPossible_N1(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.fifo("q")
	b.post(url, "a1", "b1", "a2", "a3")
	equal(t, "order", b.take(url, 10), "a1 a2 a3 b1")
}

func TestGroupIsLockedWhileMessagesAreInFlight_N2(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.fifo("q", "VisibilityTimeout", "30")
	b.post(url, "a1", "a2", "a3")
	got := must(b, b.s.ReceiveMessage, ReceiveMessageInput{QueueURL: url, MaxNumberOfMessages: ref(2)}).Messages
	equal(t, "first", joined(bodies(got)), "a1 a2")
	equal(t, "while both are in flight", b.take(url, 10), "")
	b.remove(url, got[0])
	equal(t, "one of two deleted", b.take(url, 10), "")
	b.remove(url, got[1])
	equal(t, "both deleted", b.take(url, 10), "a3")
}

func TestDeletingTheNewerMessageKeepsTheGroupLocked_N2(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.fifo("q")
	b.post(url, "a1", "a2", "a3")
	got := must(b, b.s.ReceiveMessage, ReceiveMessageInput{QueueURL: url, MaxNumberOfMessages: ref(2)}).Messages
	b.remove(url, got[1])
	equal(t, "the elder is in flight", b.take(url, 10), "")
}

func TestOldestMessageIsReceivedAgainAlone_N3(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.fifo("q", "VisibilityTimeout", "30")
	b.post(url, "a1", "a2")
	got := must(b, b.s.ReceiveMessage, ReceiveMessageInput{QueueURL: url, MaxNumberOfMessages: ref(2)}).Messages
	b.hide(url, got[0], 0)
	equal(t, "the elder is visible", b.take(url, 10), "a1")
	b.advance(30 * time.Second)
	equal(t, "both timed out", b.take(url, 10), "a1 a2")
}

func TestNoMessageOvertakesAHiddenOlderOne_N4(t *testing.T) {
	t.Parallel()
	for extended, after := range []string{"", "a1", "a1 a2"} {
		t.Run(fmt.Sprintf("message %d extended", extended), func(t *testing.T) {
			b := newBench(t)
			url := b.fifo("q", "VisibilityTimeout", "10")
			b.post(url, "a1", "a2", "a3")
			got := must(b, b.s.ReceiveMessage, ReceiveMessageInput{QueueURL: url, MaxNumberOfMessages: ref(3)}).Messages
			b.hide(url, got[extended], 60)
			b.advance(10 * time.Second)
			equal(t, "extended "+got[extended].Body, b.take(url, 10), after)
		})
	}
}

func TestGroupsAreServedRoundRobin_N5(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.fifo("q", "VisibilityTimeout", "10")
	b.post(url, "a1", "a2", "b1", "b2")
	equal(t, "first", b.take(url, 1), "a1")
	equal(t, "second", b.take(url, 1), "b1")
	b.advance(10 * time.Second)
	equal(t, "after the timeout", b.take(url, 10), "a1 a2 b1 b2")
	zero := b.fifo("z", "VisibilityTimeout", "0")
	b.post(zero, "a1", "b1", "c1")
	turns := ""
	for range 4 {
		turns += b.take(zero, 1)
	}
	equal(t, "a freed group goes to the back", turns, "a1b1c1a1")
}

func TestDelayedNewerMessageDoesNotBlockTheGroup_N6(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.fifo("q", "DelaySeconds", "10")
	b.post(url, "a1")
	b.advance(5 * time.Second)
	b.post(url, "a2")
	b.advance(5 * time.Second)
	equal(t, "the elder", b.take(url, 10), "a1")
}

func TestDuplicateReturnsTheFirstResultAndStoresNothing_N7(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.fifo("q")
	in := SendMessageInput{
		QueueURL:               url,
		MessageBody:            "one",
		MessageGroupID:         ref("g"),
		MessageDeduplicationID: ref("d"),
	}
	first := must(b, b.s.SendMessage, in)
	b.remove(url, b.one(url)) // deduplication continues after receive and delete
	b.advance(5*time.Minute - 1)
	in.MessageBody = "two"
	again := must(b, b.s.SendMessage, in)
	if again.MessageID != first.MessageID || again.SequenceNumber != first.SequenceNumber || again.MD5OfMessageBody == first.MD5OfMessageBody {
		t.Errorf("duplicate returned %+v, first %+v", again, first)
	}
	if got := b.counts(url); got != [3]int{} {
		t.Errorf("counts %v", got)
	}
	b.advance(1) // five minutes from the first: the duplicate did not extend them
	if late := must(b, b.s.SendMessage, in); late.MessageID == first.MessageID {
		t.Error("still a duplicate after five minutes")
	}
}

func TestContentHashIsTheDefaultDeduplicationID_N8(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.fifo("q", "ContentBasedDeduplication", "true")
	for _, attr := range []string{"x", "y"} { // attributes do not count
		must(b, b.s.SendMessage, SendMessageInput{
			QueueURL:          url,
			MessageBody:       "same",
			MessageGroupID:    ref("g"),
			MessageAttributes: map[string]MessageAttributeValue{"a": {DataType: "String", StringValue: &attr}},
		})
	}
	m := b.one(url)
	equal(t, "id", m.Attributes["MessageDeduplicationId"], "0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5")
	b.remove(url, m)
	must(b, b.s.SendMessage, SendMessageInput{
		QueueURL:               url,
		MessageBody:            "same",
		MessageGroupID:         ref("g"),
		MessageDeduplicationID: ref("own"),
	})
	equal(t, "given", b.one(url).Attributes["MessageDeduplicationId"], "own")
}

func TestDeduplicationScope_N9(t *testing.T) {
	t.Parallel()
	for scope, accepted := range map[string]int{"queue": 1, "messageGroup": 2} {
		t.Run(scope, func(t *testing.T) {
			b := newBench(t)
			url := b.fifo("q", "DeduplicationScope", scope)
			for _, g := range []string{"a", "b", "a"} {
				must(b, b.s.SendMessage, SendMessageInput{
					QueueURL:               url,
					MessageBody:            "x",
					MessageGroupID:         &g,
					MessageDeduplicationID: ref("d"),
				})
			}
			if got := b.counts(url)[0]; got != accepted {
				t.Errorf("scope %s accepts %d, want %d", scope, got, accepted)
			}
		})
	}
}

func TestSequenceNumbersIncrease_N11(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.fifo("q")
	last := ""
	for _, body := range strings.Split("abcdefghij", "") {
		n := must(b, b.s.SendMessage, SendMessageInput{
			QueueURL:               url,
			MessageBody:            body,
			MessageGroupID:         ref("g"),
			MessageDeduplicationID: &body,
		}).SequenceNumber
		if !regexp.MustCompile(`^[0-9]{20}$`).MatchString(n) || n <= last {
			t.Errorf("sequence number %s after %s", n, last)
		}
		last = n
	}
	if got := b.receive(url)[9].Attributes["SequenceNumber"]; got != last {
		t.Errorf("received with %s, sent with %s", got, last)
	}
}

func TestReceiveAttemptIsRepeatable_N13(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.fifo("q", "VisibilityTimeout", "30")
	b.post(url, "a1", "a2", "b1")
	in := ReceiveMessageInput{
		QueueURL:                url,
		MaxNumberOfMessages:     ref(10),
		ReceiveRequestAttemptID: ref("try"),
		AttributeNames:          []string{"All"},
	}
	first := must(b, b.s.ReceiveMessage, in).Messages
	b.advance(20 * time.Second)
	again := must(b, b.s.ReceiveMessage, in).Messages
	if len(again) != 3 || again[0].ReceiptHandle != first[0].ReceiptHandle || again[0].Attributes["ApproximateReceiveCount"] != "1" {
		t.Fatalf("again %+v", again)
	}
	b.advance(20 * time.Second) // the timeout started again
	if got := b.counts(url); got != [3]int{0, 3, 0} {
		t.Errorf("counts %v", got)
	}
	b.remove(url, first[0])
	if got := must(b, b.s.ReceiveMessage, in).Messages; len(got) != 0 {
		t.Errorf("received %q though one was deleted", bodies(got))
	}
}

func TestSendDoesNotUnlockAGroup_T12(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.fifo("q")
	b.post(url, "a1")
	b.take(url, 1)
	b.post(url, "a2")
	equal(t, "locked", b.take(url, 10), "")
}
