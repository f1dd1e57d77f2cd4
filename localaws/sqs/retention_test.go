package sqs

import (
	"testing"
	"time"
)

func TestPurgeDeletesAllMessagesOnceAMinute_K1_K2(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	b.send(url, "a", "b")
	m := must(b, b.s.ReceiveMessage, ReceiveMessageInput{QueueURL: url}).Messages[0]
	must(b, b.s.SendMessage, SendMessageInput{
		QueueURL:     url,
		MessageBody:  "c",
		DelaySeconds: ref(9),
	})
	if got := b.counts(url); got != [3]int{1, 1, 1} {
		t.Fatalf("counts %v", got)
	}
	mustRun(b, b.s.PurgeQueue, QueueInput{url})
	if got := b.counts(url); got != [3]int{} {
		t.Errorf("counts %v after the purge", got)
	}
	b.remove(url, m)
	b.advance(59 * time.Second)
	err := run(b, b.s.PurgeQueue, QueueInput{url})
	refused(t, err, "PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress", 403,
		"Only one PurgeQueue operation on q is allowed every 60 seconds.")
	b.advance(time.Second)
	mustRun(b, b.s.PurgeQueue, QueueInput{url})
}

func TestPurgeDeletesDeduplicationIDs_K2(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.fifo("q")
	b.post(url, "ga")
	mustRun(b, b.s.PurgeQueue, QueueInput{url})
	b.post(url, "ga")
	if got := b.counts(url); got != [3]int{1, 0, 0} {
		t.Errorf("counts %v", got)
	}
}

func TestCountsOfAFIFOQueue_K3(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.fifo("q")
	b.post(url, "g1", "g2", "g3")
	must(b, b.s.ReceiveMessage, ReceiveMessageInput{QueueURL: url})
	if got := b.counts(url); got != [3]int{2, 1, 0} {
		t.Errorf("counts %v: messages behind a locked group are visible", got)
	}
}

func TestMessagesExpireInAnyState_K5(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q", "MessageRetentionPeriod", "60")
	b.send(url, "held", "waiting")
	m := must(b, b.s.ReceiveMessage, ReceiveMessageInput{QueueURL: url, VisibilityTimeout: ref(600)}).Messages[0]
	must(b, b.s.SendMessage, SendMessageInput{
		QueueURL:     url,
		MessageBody:  "delayed",
		DelaySeconds: ref(900),
	})
	b.advance(60*time.Second - 1)
	if got := b.counts(url); got != [3]int{1, 1, 1} {
		t.Errorf("counts %v just before", got)
	}
	b.advance(1)
	if got := b.counts(url); got != [3]int{} {
		t.Errorf("counts %v", got)
	}
	b.remove(url, m)
	if n := b.c.State().Transitions; n != 0 {
		t.Errorf("%d events left on the clock", n)
	}
}

func TestMessagesExpireWithoutACall_K5(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q", "MessageRetentionPeriod", "60")
	b.send(url, "x")
	b.advance(time.Minute)
	q := b.s.queues.find(queueKey{testScope, "q"})
	if q.ages.first() != nil {
		t.Error("the message does not expire without a request")
	}
	if s := b.c.State(); s.Upkeep != 0 {
		t.Errorf("%d upkeep events left", s.Upkeep)
	}
}

func TestRetentionAcrossRedrive_K6(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fifo  bool
		lives time.Duration // remaining time in the dead-letter queue with 120 s retention, after 50 s in the source
	}{
		{"StandardKeepsTheClock", false, 70 * time.Second},
		{"FIFOResetsIt", true, 120 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			make := b.queue
			if tt.fifo {
				make = b.fifo
			}
			src, dlq := make("src", "VisibilityTimeout", "50"), make("dlq", "MessageRetentionPeriod", "120")
			b.redrive(src, dlq, "1")
			if tt.fifo {
				b.post(src, "gx")
			} else {
				b.send(src, "x")
			}
			b.one(src)
			b.advance(50 * time.Second)
			b.receive(src)
			b.advance(tt.lives - 1)
			if got := b.counts(dlq); got != [3]int{1, 0, 0} {
				t.Errorf("counts %v just before", got)
			}
			b.advance(1)
			if got := b.counts(dlq); got != [3]int{} {
				t.Errorf("counts %v", got)
			}
		})
	}
}
