package sqsbatch_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/sqsbatch"
)

func byOrder(m *events.SQSMessage) string {
	if a, ok := m.MessageAttributes["order"]; ok {
		return *a.StringValue
	}
	return m.MessageId
}

func ofOrder(id, body, order string) events.SQSMessage { return with(record(id, body), "order", order) }

func recordsOf(records ...events.SQSMessage) events.SQSEvent {
	return events.SQSEvent{Records: records}
}

// A message with another payload must not be reported as done: nothing would be left of
// it.
func TestKeyWithAnotherPayloadFails(t *testing.T) {
	t.Parallel()
	for name, batches := range map[string][]events.SQSEvent{
		"two batches": {recordsOf(ofOrder("a", "1 shoe", "o-1")), recordsOf(ofOrder("b", "2 shoes", "o-1"), ofOrder("d", "1 shoe", "o-2")), recordsOf(ofOrder("c", "1 shoe", "o-1"))},
		"one batch":   {recordsOf(ofOrder("a", "1 shoe", "o-1"), ofOrder("b", "2 shoes", "o-1"), ofOrder("c", "1 shoe", "o-1"), ofOrder("d", "1 shoe", "o-2"))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var ran, failed []string
			errs := map[string]error{}
			h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error { ran = append(ran, m.ID()); return nil },
				sqsbatch.WithIdempotency(sqsbatch.NewMemory(time.Hour), byOrder),
				sqsbatch.WithPayloadCheck(nil),
				sqsbatch.WithReport(func(_ context.Context, r sqsbatch.Report) {
					for _, result := range r.Results {
						errs[result.Message.MessageId] = result.Err
					}
				})))
			for _, batch := range batches {
				failed = append(failed, handle(t, h, batch)...)
			}

			if !slices.Equal(ran, []string{"a", "d"}) || !slices.Equal(failed, []string{"b"}) {
				t.Errorf("ran %v, failed %v", ran, failed)
			}
			var other *sqsbatch.PayloadError
			if !errors.As(errs["b"], &other) || other.Key != "o-1" || len(other.Hash) != 64 || len(other.Stored) != 64 || other.Hash == other.Stored {
				t.Errorf("error %v", errs["b"])
			}
			if errs["c"] != nil {
				t.Errorf("error of the same payload: %v", errs["c"])
			}
		})
	}
}

func TestPayloadIsPartOfTheMessage(t *testing.T) {
	t.Parallel()
	runs := 0
	h := must(t)(sqsbatch.New(func(context.Context, sqsbatch.Message[string]) error { runs++; return nil },
		sqsbatch.WithIdempotency(sqsbatch.NewMemory(time.Hour), byOrder),
		sqsbatch.WithPayloadCheck(func(m *events.SQSMessage) string {
			return m.Body[:6] // panics if the body is shorter
		})))
	for _, step := range []struct {
		batch events.SQSEvent
		want  []string
	}{
		{recordsOf(ofOrder("a", "1 shoe at 8:00", "o-1"), ofOrder("b", "1 shoe at 9:00", "o-1")), []string{}},
		{recordsOf(ofOrder("c", "1 shoe at 10:00", "o-1"), ofOrder("d", "1 coat at 10:00", "o-1")), []string{"d"}},
		{recordsOf(ofOrder("e", "-", "o-1"), ofOrder("f", "-", "o-2"), ofOrder("g", "1 coat", "o-3"), ofOrder("h", "-", "o-3")), []string{"e", "f", "h"}},
	} {
		if diff := cmp.Diff(step.want, handle(t, h, step.batch)); diff != "" {
			t.Error(diff)
		}
	}
	if runs != 2 {
		t.Errorf("ran %d times", runs)
	}
}

// As long as the first may fail, the key may become free.
func TestClaimedKeyWithAnotherPayloadIsReturned(t *testing.T) {
	t.Parallel()
	store := sqsbatch.NewMemory(time.Hour)
	token, err := store.ClaimPayload(t.Context(), "a", "another", time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	runs := 0
	h := must(t)(sqsbatch.New(func(context.Context, sqsbatch.Message[string]) error { runs++; return nil },
		sqsbatch.WithIdempotency(store, nil), sqsbatch.WithPayloadCheck(nil)))
	if got := handle(t, h, ids("a")); len(got) != 1 || runs != 0 {
		t.Errorf("reported %v, ran %d times", got, runs)
	}
	if err := store.Release(t.Context(), "a", token); err != nil {
		t.Fatal(err)
	}
	if got := handle(t, h, ids("a")); len(got) != 0 || runs != 1 {
		t.Errorf("reported %v, ran %d times", got, runs)
	}
}
