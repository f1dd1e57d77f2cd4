package sqs

import (
	"testing"
	"time"
)

func TestLongPollIsWoken_I4(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		fifo bool
		// prepare returns a step that makes a message visible in an empty queue.
		prepare func(b *bench, url string) (wake func())
	}{
		{"Send", false, func(b *bench, url string) func() { return func() { b.send(url, "x") } }},
		{"EndOfDelay", false, func(b *bench, url string) func() {
			must(b, b.s.SendMessage, SendMessageInput{
				QueueURL:     url,
				MessageBody:  "x",
				DelaySeconds: ref(5),
			})
			return func() { b.advance(5 * time.Second) }
		}},
		{"EndOfVisibilityTimeout", false, func(b *bench, url string) func() {
			b.send(url, "x")
			must(b, b.s.ReceiveMessage, ReceiveMessageInput{QueueURL: url, VisibilityTimeout: ref(5)})
			return func() { b.advance(5 * time.Second) }
		}},
		{"ChangeToZero", false, func(b *bench, url string) func() {
			b.send(url, "x")
			m := b.one(url)
			return func() { b.hide(url, m, 0) }
		}},
		{"RedriveIntoTheQueue", false, func(b *bench, url string) func() {
			src := b.queue("src", "VisibilityTimeout", "0")
			b.redrive(src, url, "1")
			b.send(src, "x")
			b.one(src)
			return func() { b.receive(src) }
		}},
		{"UnlockedGroup", true, func(b *bench, url string) func() {
			b.post(url, "g1")
			m := b.one(url)
			b.post(url, "gx")
			return func() { b.remove(url, m) }
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			url := ""
			if tt.fifo {
				url = b.fifo("q")
			} else {
				url = b.queue("q")
			}
			wake := tt.prepare(b, url)
			got := b.poll(url)
			wake()
			if ms := b.pollResult(got); len(ms) != 1 || ms[0].Body[len(ms[0].Body)-1] != 'x' {
				t.Errorf("the poll got %q", bodies(ms))
			}
		})
	}
}

func TestPollsAreServedInOrderOfArrival(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	first, second := b.poll(url), b.poll(url)
	b.send(url, "a")
	b.send(url, "b")
	if got := joined(bodies(b.pollResult(first))) + joined(bodies(b.pollResult(second))); got != "ab" {
		t.Errorf("first and second got %s", got)
	}
}

func TestPollEndsAtItsTimeoutAndLeavesNoEvents(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	got := b.poll(url)
	b.advance(20 * time.Second)
	if ms := b.pollResult(got); ms != nil {
		t.Errorf("got %q", bodies(ms))
	}
	if s := b.c.State(); s.Transitions != 0 {
		t.Errorf("%d events left", s.Transitions)
	}
}

func TestPollThatTimesOutIsAnEmptyReceive_P3(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	got := b.poll(b.queue("q"))
	b.advance(20 * time.Second)
	b.pollResult(got)
	n := 0.0
	b.s.Sample(func(s Sample) {
		if s.Metric == "NumberOfEmptyReceives" {
			n += s.Value
		}
	})
	if n != 1 {
		t.Errorf("%g empty receives", n)
	}
}
