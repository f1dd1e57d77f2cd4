package sqs

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/clock"
)

// Concurrent senders and receivers use long polls, visibility timeouts and two queues
// that are each other's dead-letter queue. Every message is deleted exactly once.
func TestConcurrentClientsReceiveEachMessageOnce(t *testing.T) {
	t.Parallel()
	for _, fifo := range []bool{false, true} {
		t.Run(map[bool]string{false: "Standard", true: "FIFO"}[fifo], func(t *testing.T) {
			t.Parallel()
			c := clock.New(clock.Skip, epochStart)
			defer c.Close()
			s, err := New(Options{Clock: c, Chance: chance.Seeded(3)})
			if err != nil {
				t.Fatal(err)
			}
			b := &bench{t, s, c}
			create := b.queue
			if fifo {
				create = b.fifo
			}
			urls := [2]string{create("a", "VisibilityTimeout", "30"), create("b", "VisibilityTimeout", "30")}
			b.redrive(urls[0], urls[1], "2")
			b.redrive(urls[1], urls[0], "2")
			const senders, each = 4, 100
			d := &deletions{
				seen: map[string]int{},
				left: senders * each,
				done: make(chan struct{}),
			}
			var wg sync.WaitGroup
			for i := range 6 {
				wg.Go(func() { d.consume(b, urls[i%2], i) })
			}
			for i := range senders {
				wg.Go(func() { produce(b, urls[i%2], i, each, fifo) })
			}
			wg.Wait()
			for body, n := range d.seen {
				if n != 1 {
					t.Errorf("%s deleted %d times", body, n)
				}
			}
			if b.counts(urls[0]) != [3]int{} || b.counts(urls[1]) != [3]int{} || len(d.seen) != senders*each {
				t.Errorf("%d messages deleted, left %v and %v", len(d.seen), b.counts(urls[0]), b.counts(urls[1]))
			}
		})
	}
}

func produce(b *bench, url string, sender, n int, fifo bool) {
	for j := range n {
		body, group := fmt.Sprintf("%d/%d", sender, j), fmt.Sprint(j%5)
		in := SendMessageInput{QueueURL: url, MessageBody: body}
		if fifo {
			in.MessageGroupID, in.MessageDeduplicationID = &group, &body
		}
		if _, err := do(b, b.s.SendMessage, in); err != nil {
			b.Error(err)
		}
	}
}

// deletions counts what was deleted.
type deletions struct {
	mu   sync.Mutex
	seen map[string]int
	left int
	done chan struct{} // closed when all is deleted
}

// consume receives until all messages are deleted. It does not delete every third
// one that it receives.
func (d *deletions) consume(b *bench, url string, i int) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	go func() {
		select {
		case <-d.done:
		case <-ctx.Done():
		}
		cancel()
	}()
	for n := i; ctx.Err() == nil; {
		b.c.Begin()
		out, err := b.s.ReceiveMessage(ctx, call(), &ReceiveMessageInput{
			QueueURL:            url,
			MaxNumberOfMessages: ref(3),
			WaitTimeSeconds:     ref(20),
		})
		if err == nil {
			for _, m := range out.Messages {
				if n++; n%3 != 0 {
					d.remove(b, url, m)
				}
			}
		}
		b.c.End()
	}
}

func (d *deletions) remove(b *bench, url string, m Message) {
	if err := b.deleteErr(url, m.ReceiptHandle); err != nil {
		return // an expired FIFO handle: the message is received again
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen[m.Body]++
	if d.left--; d.left == 0 {
		close(d.done)
	}
}
