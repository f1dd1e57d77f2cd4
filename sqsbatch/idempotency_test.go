package sqsbatch_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/sqsbatch"
)

// table is a table with conditional writes, in memory.
type table map[string]sqsbatch.Item

func (t table) PutIfFree(_ context.Context, item sqsbatch.Item, now time.Time) (*sqsbatch.Item, error) {
	if old, ok := t[item.Key]; ok && old.Expires.After(now) {
		return &old, nil
	}
	t[item.Key] = item
	return nil, nil
}

func (t table) PutIfToken(_ context.Context, item sqsbatch.Item, token string) error {
	if t[item.Key].Token != token {
		return sqsbatch.ErrLost
	}
	t[item.Key] = item
	return nil
}

func (t table) DeleteIfToken(_ context.Context, key, token string) error {
	if t[key].Token != token {
		return sqsbatch.ErrLost
	}
	delete(t, key)
	return nil
}

// Both stores behave alike.
func eachStore(t *testing.T, promise func(t *testing.T, store sqsbatch.IdempotencyStore)) {
	for name, makeStore := range map[string]func() sqsbatch.IdempotencyStore{
		"Memory": func() sqsbatch.IdempotencyStore { return sqsbatch.NewMemory(time.Hour) },
		"Table":  func() sqsbatch.IdempotencyStore { return sqsbatch.NewTableStore(table{}, time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { promise(t, makeStore()) })
		})
	}
}

func TestMessageDeliveredTwiceIsProcessedOnce(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, store sqsbatch.IdempotencyStore) {
		runs := map[string]int{}
		bad := []string{"b"}
		var report sqsbatch.Report
		h := must(t)(sqsbatch.New(func(ctx context.Context, m sqsbatch.Message[string]) error {
			runs[m.ID()]++
			return failing(errDown, bad...)(ctx, m)
		}, sqsbatch.WithIdempotency(store, nil), sqsbatch.WithReport(func(_ context.Context, r sqsbatch.Report) { report = r })))
		if diff := cmp.Diff([]string{"b"}, handle(t, h, ids("a", "b"))); diff != "" {
			t.Error(diff)
		}
		bad = nil // a failure releases the claim, so that b runs again
		if got := handle(t, h, ids("a", "b")); len(got) != 0 {
			t.Errorf("reported %v", got)
		}
		if diff := cmp.Diff(map[string]int{"a": 1, "b": 2}, runs); diff != "" {
			t.Error(diff)
		}
		if !report.Results[0].Duplicate || report.Results[1].Duplicate {
			t.Errorf("duplicates %v %v", report.Results[0].Duplicate, report.Results[1].Duplicate)
		}
		<-time.After(2 * time.Hour) // longer than the store keeps completed keys
		handle(t, h, ids("a"))
		if runs["a"] != 2 {
			t.Errorf("a ran %d times", runs["a"])
		}
	})
}

func TestClaimedMessageIsReturned(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, store sqsbatch.IdempotencyStore) {
		if _, err := store.Claim(t.Context(), "a", time.Now().Add(3*time.Second)); err != nil {
			t.Fatal(err)
		}
		runs := 0
		var report sqsbatch.Report
		h := must(t)(sqsbatch.New(func(context.Context, sqsbatch.Message[string]) error { runs++; return nil },
			sqsbatch.WithIdempotency(store, nil), sqsbatch.WithReport(func(_ context.Context, r sqsbatch.Report) { report = r })))
		if got := handle(t, h, ids("a")); len(got) != 1 || runs != 0 || !errors.Is(report.Results[0].Err, sqsbatch.ErrClaimed) {
			t.Errorf("reported %v, ran %d times, %v", got, runs, report.Results[0].Err)
		}
		<-time.After(4 * time.Second) // the claim's owner crashed: the claim expires
		if got := handle(t, h, ids("a")); len(got) != 0 || runs != 1 {
			t.Errorf("reported %v, ran %d times", got, runs)
		}
	})
}

func TestLostClaimCannotBeCompleted(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, store sqsbatch.IdempotencyStore) {
		first, err := store.Claim(t.Context(), "a", time.Now().Add(time.Second))
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(2 * time.Second)
		second, err := store.Claim(t.Context(), "a", time.Now().Add(time.Second))
		if err != nil || first == second {
			t.Fatal(first, second, err)
		}
		if store.Complete(t.Context(), "a", first) == nil || store.Release(t.Context(), "a", first) == nil {
			t.Error("the first owner could still complete its claim")
		}
		if err := store.Complete(t.Context(), "a", second); err != nil {
			t.Error(err)
		}
		if _, err := store.Claim(t.Context(), "a", time.Now().Add(time.Second)); !errors.Is(err, sqsbatch.ErrDone) {
			t.Errorf("claim of a completed key: %v", err)
		}
	})
}

func TestIdempotencyKeyIdentifiesDuplicates(t *testing.T) {
	t.Parallel()
	var ran []string
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error { ran = append(ran, m.ID()); return nil },
		sqsbatch.WithIdempotency(sqsbatch.NewMemory(time.Hour), func(m *events.SQSMessage) string {
			if m.Body == "no key" {
				return ""
			}
			return m.Body
		})))
	event := events.SQSEvent{Records: []events.SQSMessage{
		record("a", "order 1"), record("b", "order 1"), record("c", "no key"), record("d", "no key"), record("e", "order 2"),
	}}
	handle(t, h, event)
	if !slices.Equal(ran, []string{"a", "c", "d", "e"}) {
		t.Errorf("ran %v", ran)
	}
}

func TestCopyHasTheKeyOfItsOriginal(t *testing.T) {
	t.Parallel()
	for sign, want := range map[string]int{
		"dlq_reason":         1,
		"sqs-dlq-replay-cnt": 1,
		"mine":               3, // another program uses the name for something else
	} {
		t.Run(sign, func(t *testing.T) {
			t.Parallel()
			runs := 0
			h := must(t)(sqsbatch.New(func(context.Context, sqsbatch.Message[string]) error { runs++; return nil },
				sqsbatch.WithIdempotency(sqsbatch.NewMemory(time.Hour), nil)))
			handle(t, h, ids("a"))
			for _, id := range []string{"b", "c"} {
				handle(t, h, events.SQSEvent{Records: []events.SQSMessage{with(with(record(id, "a"), "origin_message_id", "a"), sign, "1")}})
			}
			if runs != want {
				t.Errorf("ran %d times, want %d", runs, want)
			}
		})
	}
}

func TestTimesOfClaimsAreWallTimes(t *testing.T) {
	t.Parallel()
	check := func(what string, at time.Time) {
		if at.IsZero() || strings.Contains(at.String(), "m=") {
			t.Errorf("%s is %v", what, at)
		}
	}
	// A context of package context has a monotonic deadline.
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	items := &wallTable{table: table{}, check: check}
	h := must(t)(sqsbatch.New(failing(nil), sqsbatch.WithIdempotency(sqsbatch.NewTableStore(items, time.Hour), nil)))
	if _, err := h(ctx, ids("a")); err != nil {
		t.Fatal(err)
	}
	if items.calls != 2 {
		t.Errorf("%d calls", items.calls)
	}
}

// wallTable checks the times that it receives. The monotonic clock stops while Lambda
// freezes an environment, so monotonic times would end too late.
type wallTable struct {
	table
	check func(what string, at time.Time)
	calls int
}

func (w *wallTable) PutIfFree(ctx context.Context, item sqsbatch.Item, now time.Time) (*sqsbatch.Item, error) {
	w.calls++
	w.check("now", now)
	w.check("the end of the claim", item.Expires)
	return w.table.PutIfFree(ctx, item, now)
}

func (w *wallTable) PutIfToken(ctx context.Context, item sqsbatch.Item, token string) error {
	w.calls++
	w.check("the end of the key", item.Expires)
	return w.table.PutIfToken(ctx, item, token)
}

// broken is a store that is unavailable.
type broken struct{ sqsbatch.IdempotencyStore }

func (broken) Claim(context.Context, string, time.Time) (string, error) {
	return "", errors.New("no network")
}

func TestStoreErrorFailsTheMessages(t *testing.T) {
	t.Parallel()
	h := must(t)(sqsbatch.New(func(context.Context, sqsbatch.Message[string]) error { t.Error("processed"); return nil },
		sqsbatch.WithIdempotency(broken{}, nil)))
	if diff := cmp.Diff([]string{"a", "b"}, handle(t, h, ids("a", "b"))); diff != "" {
		t.Error(diff)
	}
}

// forgetful is a store that accepts claims and cannot complete them.
type forgetful struct{ sqsbatch.IdempotencyStore }

func (forgetful) Complete(context.Context, string, string) error { return errors.New("no network") }

func TestProcessedMessageIsDoneIfCompleteFails(t *testing.T) {
	t.Parallel()
	h := must(t)(sqsbatch.New(failing(nil), sqsbatch.WithIdempotency(forgetful{sqsbatch.NewMemory(time.Hour)}, nil)))
	if got := handle(t, h, ids("a")); len(got) != 0 {
		t.Errorf("reported %v", got)
	}
}
