package sqs

import (
	"testing"
	"time"
)

func (b *bench) arn(url string) string { return b.attributes(url)["QueueArn"] }

func (b *bench) redrive(from, to string, n string) {
	b.set(from, "RedrivePolicy", `{"deadLetterTargetArn":"`+b.arn(to)+`","maxReceiveCount":`+n+`}`)
}

func TestL1MaxReceiveCountIsTheNumberOfDeliveries(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src, dlq := b.queue("src", "VisibilityTimeout", "10"), b.queue("dlq")
	b.redrive(src, dlq, "3")
	b.send(src, "hello")
	for range 3 {
		b.one(src)
		b.advance(10 * time.Second)
	}
	if got := b.receive(src); len(got) != 0 {
		t.Errorf("a fourth delivery of %q", bodies(got))
	}
	if m := b.one(dlq); m.Body != "hello" {
		t.Errorf("the dead-letter queue gave %q", m.Body)
	}
}

func TestL2MovesAtTheReceiveAndNotBefore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src, dlq := b.queue("src", "VisibilityTimeout", "10"), b.queue("dlq")
	b.redrive(src, dlq, "1")
	b.send(src, "hello")
	b.one(src)
	b.advance(70 * time.Second)
	if got := b.counts(src); got != [3]int{1, 0, 0} {
		t.Errorf("source counts %v a minute after the timeout, want the message there", got)
	}
	b.receive(src)
	if s, d := b.counts(src), b.counts(dlq); s != [3]int{} || d != [3]int{1, 0, 0} {
		t.Errorf("after the receive source %v, dead-letter queue %v", s, d)
	}
}

func TestL4L5ReceiveCountGoesOnThroughAChain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	dlq := b.queue("dlq")
	retry := b.queue("retry", "VisibilityTimeout", "10")
	src := b.queue("src", "VisibilityTimeout", "10")
	b.redrive(retry, dlq, "3")
	b.redrive(src, retry, "5")
	b.send(src, "order")
	want := 0
	for _, leg := range []struct {
		url string
		n   int
	}{{src, 5}, {retry, 3}, {dlq, 1}} {
		for range leg.n {
			want++
			m := b.one(leg.url)
			if got := m.Attributes["ApproximateReceiveCount"]; got != string(rune('0'+want)) {
				t.Fatalf("receive %d shows count %s", want, got)
			}
			b.advance(10 * time.Second)
		}
		if leg.url != dlq {
			b.receive(leg.url)
		}
	}
}
