package sqs

import (
	"context"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/clock"
)

// receiveOrder sends numbered messages to a queue that reorders them, receives them in
// batches, and returns their numbers in the sequence of receipt.
func receiveOrder(t testing.TB, limit, messages, batch int) []int {
	t.Helper()
	c := clock.New(clock.Manual, epochStart)
	t.Cleanup(c.Close)
	s, err := New(Options{
		Clock:  c,
		Chance: chance.Seeded(1),
		Stray:  limit,
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Begin()
	defer c.End()
	ctx := context.Background()
	out, err := s.CreateQueue(ctx, call(), &CreateQueueInput{QueueName: "q"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range messages {
		if _, err := s.SendMessage(ctx, call(), &SendMessageInput{QueueURL: out.QueueURL, MessageBody: strconv.Itoa(i)}); err != nil {
			t.Fatal(err)
		}
	}
	var got []int
	for {
		r, err := s.ReceiveMessage(ctx, call(), &ReceiveMessageInput{QueueURL: out.QueueURL, MaxNumberOfMessages: &batch})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Messages) == 0 {
			return got
		}
		for _, m := range r.Messages {
			n, err := strconv.Atoi(m.Body)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, n)
		}
	}
}

// SQS I13: ordering is best effort. No message is overtaken by one that was sent more
// positions later than the limit, and each is received once.
func TestReorderingIsBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		limit, messages := rapid.IntRange(0, 30).Draw(rt, "stray"), rapid.IntRange(1, 120).Draw(rt, "messages")
		got := receiveOrder(t, limit, messages, rapid.IntRange(1, 10).Draw(rt, "batch"))
		if len(got) != messages {
			rt.Fatalf("%d of %d messages were received", len(got), messages)
		}
		seen := make([]bool, messages)
		most := -1 // the highest number received so far
		for _, n := range got {
			if seen[n] {
				rt.Fatalf("%d was received twice: %v", n, got)
			}
			if seen[n] = true; most-n > limit {
				rt.Fatalf("%d was overtaken by %d, %d places away: %v", n, most, most-n, got)
			}
			most = max(most, n)
		}
	})
}

func TestOrderIsKeptWithoutReordering(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int]bool{0: true, 10: false} {
		t.Run(strconv.Itoa(limit), func(t *testing.T) {
			inOrder := true
			for i, n := range receiveOrder(t, limit, 200, 5) {
				inOrder = inOrder && i == n
			}
			if inOrder != want {
				t.Errorf("limit %d: in sequence is %v", limit, inOrder)
			}
		})
	}
}
