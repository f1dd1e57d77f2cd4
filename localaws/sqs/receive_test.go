package sqs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"
)

func TestReceiveParametersOutOfRange_I1(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	for _, tt := range []struct {
		in   ReceiveMessageInput
		want string
	}{
		{ReceiveMessageInput{MaxNumberOfMessages: ref(0)}, "Value 0 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."},
		{ReceiveMessageInput{MaxNumberOfMessages: ref(11)}, "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."},
		{ReceiveMessageInput{WaitTimeSeconds: ref(21)}, "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."},
		{ReceiveMessageInput{VisibilityTimeout: ref(43201)},
			"Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided."},
	} {
		t.Run(tt.want, func(t *testing.T) {
			b := b.with(t)
			tt.in.QueueURL = url
			_, err := do(b, b.s.ReceiveMessage, tt.in)
			invalidValue(t, err, tt.want)
		})
	}
	b.send(url, "1", "2")
	if got := must(b, b.s.ReceiveMessage, ReceiveMessageInput{QueueURL: url}).Messages; len(got) != 1 {
		t.Errorf("%d messages by default, want 1", len(got))
	}
}

func TestWaitTimeSecondsOverridesTheQueue_I2_I3(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q", "ReceiveMessageWaitTimeSeconds", "20")
	if got := b.receive(url); got != nil { // WaitTimeSeconds 0: returns immediately, otherwise the test hangs
		t.Errorf("got %v", got)
	}
	done := make(chan int, 1)
	b.c.Begin()
	go func() {
		defer b.c.End()
		out, err := b.s.ReceiveMessage(context.Background(), call(), &ReceiveMessageInput{QueueURL: url})
		if err != nil {
			t.Error(err)
		}
		done <- len(out.Messages)
	}()
	b.idle()
	b.advance(20*time.Second - 1)
	select {
	case <-done:
		t.Fatal("the poll ended before the queue's 20 s")
	default:
	}
	b.advance(1)
	if n := <-done; n != 0 {
		t.Errorf("%d messages", n)
	}
}

func TestSystemAttributesAreReturnedOnRequest_I5_I8_I7(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q", "VisibilityTimeout", "0")
	b.send(url, "x")
	for _, tt := range []struct {
		in   ReceiveMessageInput
		want string
	}{
		{ReceiveMessageInput{}, ""},
		{ReceiveMessageInput{AttributeNames: []string{"All"}}, "ApproximateFirstReceiveTimestamp ApproximateReceiveCount SenderId SentTimestamp"},
		{ReceiveMessageInput{MessageSystemAttributeNames: []string{"All"}}, "ApproximateFirstReceiveTimestamp ApproximateReceiveCount SenderId SentTimestamp"},
		{ReceiveMessageInput{MessageSystemAttributeNames: []string{"SenderId"}, AttributeNames: []string{"SentTimestamp"}}, "SenderId SentTimestamp"},
		{ReceiveMessageInput{AttributeNames: []string{"SequenceNumber"}}, ""},
	} {
		t.Run(fmt.Sprint(tt.in.AttributeNames, tt.in.MessageSystemAttributeNames), func(t *testing.T) {
			b := b.with(t)
			tt.in.QueueURL = url
			m := must(b, b.s.ReceiveMessage, tt.in).Messages[0]
			if got := names(m.Attributes); got != tt.want {
				t.Errorf("%+v gave %q, want %q", tt.in, got, tt.want)
			}
		})
	}
	_, err := do(b, b.s.ReceiveMessage, ReceiveMessageInput{QueueURL: url, AttributeNames: []string{"Nope"}})
	refused(t, err, "InvalidAttributeName", "InvalidAttributeName", 400, "Unknown Attribute Nope.")
}

func TestReceiveWithTimeoutZeroCounts_I6(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q", "VisibilityTimeout", "0")
	b.send(url, "x")
	for want := 1; want <= 5; want++ {
		if got := b.one(url).Attributes["ApproximateReceiveCount"]; got != strconv.Itoa(want) {
			t.Errorf("count %s, want %d", got, want)
		}
		if c := b.counts(url); c != [3]int{1, 0, 0} {
			t.Errorf("counts %v", c)
		}
	}
}

func TestSenderAndTimestamps_I9_I10(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q", "VisibilityTimeout", "10")
	sent := strconv.FormatInt(epochStart.UnixMilli(), 10)
	b.send(url, "x")
	b.advance(3 * time.Second)
	first := strconv.FormatInt(epochStart.Add(3*time.Second).UnixMilli(), 10)
	for range 2 {
		a := b.one(url).Attributes
		if a["SenderId"] != "AIDATESTER" || a["SentTimestamp"] != sent || a["ApproximateFirstReceiveTimestamp"] != first {
			t.Errorf("attributes %v, want sent %s, first received %s", a, sent, first)
		}
		b.advance(10 * time.Second)
	}
}

func TestMessageAttributesAreReturnedOnRequest_I11_I12(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q", "VisibilityTimeout", "0")
	v := MessageAttributeValue{DataType: "String", StringValue: ref("blue")}
	attrs := map[string]MessageAttributeValue{
		"color":   v,
		"Hello":   v,
		"Help.Me": v,
	}
	must(b, b.s.SendMessage, SendMessageInput{
		QueueURL:          url,
		MessageBody:       "x",
		MessageAttributes: attrs,
	})
	for _, tt := range []struct {
		names []string
		want  string
	}{
		{nil, ""},
		{[]string{"color"}, "color"},
		{[]string{"Hel.*"}, "Hello Help.Me"},
		{[]string{"col.*", "Hello"}, "Hello color"},
		{[]string{"All"}, "Hello Help.Me color"},
		{[]string{".*"}, "Hello Help.Me color"},
		{[]string{"*"}, "Hello Help.Me color"},
		{[]string{"AWS.", "..foo", "unknown", ""}, ""},
	} {
		t.Run(fmt.Sprint(tt.names), func(t *testing.T) {
			b := b.with(t)
			m := must(b, b.s.ReceiveMessage, ReceiveMessageInput{QueueURL: url, MessageAttributeNames: tt.names}).Messages[0]
			var got []string
			for name := range m.MessageAttributes {
				got = append(got, name)
			}
			slices.Sort(got)
			if s := joined(got); s != tt.want {
				t.Errorf("%v gave %q, want %q", tt.names, s, tt.want)
			}
			if tt.want == "color" && m.MD5OfMessageAttributes != "da1b33cc3cbfe8b1630921e78e6b9880" {
				t.Errorf("digest %s does not cover what was returned", m.MD5OfMessageAttributes)
			}
			if tt.want == "" && m.MD5OfMessageAttributes != "" {
				t.Errorf("digest %s without attributes", m.MD5OfMessageAttributes)
			}
		})
	}
}

func joined(s []string) string {
	out := ""
	for i, x := range s {
		if i > 0 {
			out += " "
		}
		out += x
	}
	return out
}

func TestReceiveOrderOfAStandardQueue_I13_I14(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q", "VisibilityTimeout", "10")
	b.send(url, "1", "2", "3")
	if got := joined(bodies(b.receive(url))); got != "1 2 3" {
		t.Errorf("sequence %s", got)
	}
	b.advance(10 * time.Second)
	b.send(url, "4")
	if got := joined(bodies(b.receive(url))); got != "1 2 3 4" {
		t.Errorf("after the timeout %s", got)
	}
	b.advance(10 * time.Second)
	b.receive(url) // receives 1 to 3 for the third time
	b.advance(10 * time.Second)
	if got := joined(bodies(b.receive(url))); got != "4 1 2 3" {
		t.Errorf("after three receives %s, want them last", got)
	}
}

func TestStandardQueueIgnoresTheAttemptID_I15(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	b.send(url, "x")
	in := ReceiveMessageInput{QueueURL: url, ReceiveRequestAttemptID: ref("a")}
	if got := must(b, b.s.ReceiveMessage, in).Messages; len(got) != 1 {
		t.Errorf("received %v", got)
	}
	if got := must(b, b.s.ReceiveMessage, in).Messages; len(got) != 0 {
		t.Errorf("received %v again", got)
	}
}

func TestTooManyMessagesInFlight_I16(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	q := b.s.queues.find(queueKey{testScope, "q"})
	b.send(url, "x")
	q.mu.Lock()
	q.counts[inFlight] += maxInFlight
	q.mu.Unlock()
	_, err := do(b, b.s.ReceiveMessage, ReceiveMessageInput{QueueURL: url})
	refused(t, err, "OverLimit", "OverLimit", 403, "Too many messages have been received without being deleted. "+
		"Please delete your received messages or let them timeout before receiving more.")
	got := b.poll(url)
	b.advance(20 * time.Second)
	if ms := b.pollResult(got); len(ms) != 0 {
		t.Errorf("a long poll got %q", bodies(ms))
	}
}

func TestCanceledPollReceivesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	b.c.Begin()
	go func() {
		defer b.c.End()
		_, err := b.s.ReceiveMessage(ctx, call(), &ReceiveMessageInput{QueueURL: url, WaitTimeSeconds: ref(20)})
		ended <- err
	}()
	b.idle()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	b.send(url, "x")
	if c := b.counts(url); c != [3]int{1, 0, 0} {
		t.Errorf("counts %v", c)
	}
	b.idle()
	if n := b.c.State().Transitions; n != 0 {
		t.Errorf("%d events left on the clock", n)
	}
}

func TestReleasePollsEndsWaitingPolls(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	got := b.poll(url)
	b.s.ReleasePolls()
	if ms := b.pollResult(got); len(ms) != 0 {
		t.Errorf("got %q", bodies(ms))
	}
	if ms := b.pollResult(b.poll(url)); len(ms) != 0 { // later polls do not wait
		t.Errorf("got %q", bodies(ms))
	}
}

func TestDeleteQueueEndsPolls(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	ended := make(chan error, 1)
	b.c.Begin()
	go func() {
		defer b.c.End()
		_, err := b.s.ReceiveMessage(context.Background(), call(), &ReceiveMessageInput{QueueURL: url, WaitTimeSeconds: ref(20)})
		ended <- err
	}()
	b.idle()
	mustRun(b, b.s.DeleteQueue, QueueInput{url})
	missingQueue(t, <-ended)
}
