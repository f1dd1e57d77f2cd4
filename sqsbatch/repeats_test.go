package sqsbatch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/sqsbatch"
)

func byBody(m *events.SQSMessage) string { return m.Body }

// The first could not be processed; the second, with its key, might succeed. With the
// first one's outcome it would be deleted, and no copy would be left.
func TestDuplicateOfADeadLetteredMessageIsReturned(t *testing.T) {
	t.Parallel()
	letters := &deadLetterQueue{}
	var ran []string
	var report sqsbatch.Report
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
		if ran = append(ran, m.ID()); m.ID() == "a" {
			return sqsbatch.Permanent(errDown)
		}
		return nil
	}, sqsbatch.WithIdempotency(sqsbatch.NewMemory(time.Hour), byBody), sqsbatch.WithDeadLetter(letters),
		sqsbatch.WithReport(func(_ context.Context, r sqsbatch.Report) { report = r })))
	event := events.SQSEvent{Records: []events.SQSMessage{record("a", "order 1"), record("b", "order 1")}}
	if diff := cmp.Diff([]string{"b"}, handle(t, h, event)); diff != "" || !errors.Is(report.Results[1].Err, sqsbatch.ErrRepeats) {
		t.Errorf("%v: %s", report.Results[1].Err, diff)
	}
	event.Records = event.Records[1:]
	if got := handle(t, h, event); len(got) != 0 || !slices.Equal(ran, []string{"a", "b"}) || len(letters.letters) != 1 {
		t.Errorf("reported %v, ran %v, letters %v", got, ran, letters.letters)
	}
}

// Otherwise a message that is replayed from the dead-letter queue after a correction
// would count as processed.
func TestDeadLetteredMessageIsProcessedAfterReplay(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, store sqsbatch.IdempotencyStore) {
		mended, runs := false, 0
		h := must(t)(sqsbatch.New(func(context.Context, sqsbatch.Message[string]) error {
			if !mended {
				return sqsbatch.Permanent(errDown)
			}
			runs++
			return nil
		}, sqsbatch.WithIdempotency(store, nil), sqsbatch.WithDeadLetter(&deadLetterQueue{})))
		handle(t, h, ids("a"))
		mended = true
		replayed := events.SQSEvent{Records: []events.SQSMessage{with(with(record("copy", "a"), "origin_message_id", "a"), "dlq_reason", "permanent")}}
		handle(t, h, replayed)
		if handle(t, h, replayed); runs != 1 {
			t.Errorf("processed %d times", runs)
		}
	})
}

func TestGroupWaitsForAClaimedMessage(t *testing.T) {
	t.Parallel()
	store := sqsbatch.NewMemory(time.Hour)
	if _, err := store.Claim(t.Context(), "a1", time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	event := events.SQSEvent{Records: []events.SQSMessage{grouped("a1", "a"), grouped("a1", "a"), grouped("a2", "a"), grouped("b1", "b")}}
	queue := &hider{}
	var report sqsbatch.Report
	options := []sqsbatch.Option{
		sqsbatch.WithIdempotency(store, nil), sqsbatch.WithBackoff(queue, doubling),
		sqsbatch.WithReport(func(_ context.Context, r sqsbatch.Report) { report = r }),
	}
	one := must(t)(sqsbatch.New(failing(nil), options...))
	bulk := must(t)(sqsbatch.NewBulk(func(_ context.Context, ms []sqsbatch.Message[string]) []error { return make([]error, len(ms)) }, options...))
	for _, h := range []sqsbatch.Handler{one, bulk} {
		t.Run(fmt.Sprint(h), func(t *testing.T) {
			if diff := cmp.Diff([]string{"a1", "a1", "a2"}, handle(t, h, event)); diff != "" {
				t.Error(diff)
			}
			for i, want := range []error{sqsbatch.ErrClaimed, sqsbatch.ErrClaimed, sqsbatch.ErrGroup} {
				if r := report.Results[i]; !errors.Is(r.Err, want) || r.Outcome != sqsbatch.NotStarted {
					t.Errorf("%s is %v: %v", r.Message.MessageId, r.Outcome, r.Err)
				}
			}
			if len(queue.seconds) != 0 { // neither failed: their visibility timeout is long enough
				t.Errorf("hidden %v", queue.seconds)
			}
		})
	}
}

func TestBulkGroupWaitsForAnUndecodableMessage(t *testing.T) {
	t.Parallel()
	var got []string
	var report sqsbatch.Report
	h := must(t)(sqsbatch.NewBulk(func(_ context.Context, ms []sqsbatch.Message[string]) []error {
		for _, m := range ms {
			got = append(got, m.ID())
		}
		return make([]error, len(ms))
	}, sqsbatch.WithDecoder(func(_ context.Context, m *events.SQSMessage) (string, error) {
		if m.Body == "a2" {
			return "", errDown
		}
		return m.Body, nil
	}), sqsbatch.WithReport(func(_ context.Context, r sqsbatch.Report) { report = r })))
	event := events.SQSEvent{Records: []events.SQSMessage{grouped("a1", "a"), grouped("a2", "a"), grouped("a3", "a"), grouped("b1", "b")}}
	if diff := cmp.Diff([]string{"a2", "a3"}, handle(t, h, event)); diff != "" || !slices.Equal(got, []string{"a1", "b1"}) {
		t.Errorf("called with %v: %s", got, diff)
	}
	if r := report.Results[2]; r.Outcome != sqsbatch.NotStarted || !r.Started.IsZero() {
		t.Errorf("a3 is %v since %v", r.Outcome, r.Started)
	}
}

// As the duplicate of a message in another group, a message would become visible
// because of that message's failure, and its successors would have run before it.
func TestSharedKeyKeepsTheOrderOfGroups(t *testing.T) {
	t.Parallel()
	for _, others := range []int{0, 20} {
		t.Run(fmt.Sprint(others), func(t *testing.T) {
			t.Parallel() // both ways to find repeated keys
			var ran []string
			h := must(t)(sqsbatch.New(func(ctx context.Context, m sqsbatch.Message[string]) error {
				if m.Group() != "" {
					ran = append(ran, m.ID())
				}
				return failing(errDown, "shared")(ctx, m)
			}, sqsbatch.WithIdempotency(sqsbatch.NewMemory(time.Hour), byBody)))
			event := batchOf(others, "")
			event.Records = append(event.Records, grouped("a1", "a"), grouped("b1", "b"), grouped("b2", "b"))
			for i := range 2 {
				event.Records[others+i].Body = "shared"
			}
			if diff := cmp.Diff([]string{"a1", "b1", "b2"}, handle(t, h, event)); diff != "" || !slices.Equal(ran, []string{"a1", "b1"}) {
				t.Errorf("ran %v: %s", ran, diff)
			}
		})
	}
}

func TestDuplicateDoesNotUnblockItsGroup(t *testing.T) {
	t.Parallel()
	h := must(t)(sqsbatch.New(failing(sqsbatch.Permanent(errDown), "bad"), sqsbatch.WithDeadLetter(&deadLetterQueue{}),
		sqsbatch.WithIdempotency(sqsbatch.NewMemory(time.Hour), byBody)))
	bad, twin := grouped("a1", "a"), grouped("a2", "a")
	bad.Body, twin.Body = "bad", "bad"
	event := events.SQSEvent{Records: []events.SQSMessage{bad, twin, bad, grouped("a3", "a")}}
	if diff := cmp.Diff([]string{"a2", "a3"}, handle(t, h, event)); diff != "" {
		t.Error(diff)
	}
}

// until records for how long keys were claimed.
type until struct {
	sqsbatch.IdempotencyStore
	times []time.Time
}

func (s *until) Claim(ctx context.Context, key string, t time.Time) (string, error) {
	s.times = append(s.times, t)
	return s.IdempotencyStore.Claim(ctx, key, t)
}

// If claims ended earlier, another invocation could start a message that this one
// still processes.
func TestClaimEndsWithTheFunctionsDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, began := &until{IdempotencyStore: sqsbatch.NewMemory(time.Hour)}, time.Now()
		h := must(t)(sqsbatch.New(failing(nil), sqsbatch.WithIdempotency(store, nil)))
		invoke(t, h, time.Second, "a")
		handle(t, h, ids("b")) // without a deadline, as long as any function may run
		if diff := cmp.Diff([]time.Time{began.Add(time.Second), began.Add(15 * time.Minute)}, store.times); diff != "" {
			t.Error(diff)
		}
	})
}

// With any shared keys and any outcomes: a message that is reported as processed was
// processed, itself or under its key, or its copy is in the dead-letter queue; no key
// is processed twice; and in a group nothing runs after a message that will be
// received again.
func TestSharedKeyLosesNoMessage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var event events.SQSEvent
		outcomes := map[string]error{}
		n := rapid.IntRange(1, 24).Draw(t, "n") // below and above the size for which a map is used
		for i := range n {
			m := grouped(fmt.Sprintf("m%02d", rapid.IntRange(0, i).Draw(t, "id")), rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "group"))
			if m.Attributes["MessageGroupId"] == "" {
				m.EventSourceARN = standardARN
			}
			m.Body = rapid.SampledFrom([]string{"k1", "k2", "k3"}).Draw(t, "key")
			if at := slices.IndexFunc(event.Records, func(old events.SQSMessage) bool { return old.MessageId == m.MessageId }); at >= 0 {
				m = event.Records[at] // delivered twice: the same in all
			}
			outcomes[m.MessageId] = rapid.SampledFrom([]error{nil, nil, errDown, sqsbatch.Permanent(errDown)}).Draw(t, "outcome")
			event.Records = append(event.Records, m)
		}
		var mu sync.Mutex
		processed, ran := map[string]int{}, map[string]bool{}
		work := func(m sqsbatch.Message[string]) error {
			mu.Lock()
			defer mu.Unlock()
			if ran[m.ID()] = true; outcomes[m.ID()] == nil {
				processed[m.Body]++
			}
			return outcomes[m.ID()]
		}
		letters := &deadLetterQueue{}
		h, err := sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error { return work(m) },
			sqsbatch.WithIdempotency(sqsbatch.NewMemory(time.Hour), byBody), sqsbatch.WithDeadLetter(safely(letters)),
			sqsbatch.WithConcurrency(rapid.IntRange(1, 4).Draw(t, "concurrency")))
		if err != nil {
			t.Fatal(err)
		}
		response, err := h(context.Background(), event)
		if err != nil {
			t.Fatal(err)
		}
		back := failed(response)
		for i, m := range event.Records {
			isDead := slices.ContainsFunc(letters.letters, func(l sqsbatch.DeadLetter) bool { return l.DeduplicationID == m.MessageId })
			if !slices.Contains(back, m.MessageId) && processed[m.Body] == 0 && !isDead {
				t.Fatalf("%s is reported as processed, and lost", m.MessageId)
			}
			if group := m.Attributes["MessageGroupId"]; group != "" && slices.Contains(back, m.MessageId) {
				for _, later := range event.Records[i+1:] {
					if later.Attributes["MessageGroupId"] == group && later.MessageId != m.MessageId && ran[later.MessageId] && !ranBefore(event, later.MessageId, i) {
						t.Fatalf("%s ran after %s, which will be received again", later.MessageId, m.MessageId)
					}
				}
			}
		}
		for key, times := range processed {
			if times > 1 {
				t.Fatalf("%s was processed %d times", key, times)
			}
		}
	})
}

func ranBefore(event events.SQSEvent, id string, i int) bool {
	return slices.ContainsFunc(event.Records[:i], func(m events.SQSMessage) bool { return m.MessageId == id })
}

// safely makes a sender safe for concurrent use.
func safely(sender sqsbatch.DeadLetterSender) sqsbatch.DeadLetterSender {
	return &locked{sender: sender}
}

type locked struct {
	mu     sync.Mutex // guards sender
	sender sqsbatch.DeadLetterSender
}

func (l *locked) SendDeadLetter(ctx context.Context, m sqsbatch.DeadLetter) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sender.SendDeadLetter(ctx, m)
}

// slowStore is a store that does not respond when claims end.
type slowStore struct{ sqsbatch.IdempotencyStore }

func (slowStore) Release(ctx context.Context, _, _ string) error { <-ctx.Done(); return ctx.Err() }

func TestSlowStoreDoesNotDelayTheResponse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var started []string
		slow := takes(time.Hour, &started)
		h := must(t)(sqsbatch.New(func(ctx context.Context, m sqsbatch.Message[string]) error {
			if m.Body == "slow" {
				return slow(ctx, m)
			}
			return nil
		}, sqsbatch.WithIdempotency(slowStore{sqsbatch.NewMemory(time.Hour)}, nil)))
		got, took := invoke(t, h, 3*time.Second, "a", "slow", "b")
		if diff := cmp.Diff([]string{"slow", "b"}, got); diff != "" || took >= 3*time.Second {
			t.Errorf("after %v: %s", took, diff)
		}
	})
}
