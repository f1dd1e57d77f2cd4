package sqsbatch_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/sqsbatch"
)

type valueKey struct{}

// looks are ways to use a context. Each records what it sees.
var looks = map[string]func(ctx context.Context, see func(what string, value any)){
	"ErrOnly": func(ctx context.Context, see func(string, any)) {
		see("at first", ctx.Err())
		<-time.After(2 * time.Second)
		see("late", ctx.Err())
		<-time.After(time.Second)
		see("too late", ctx.Err())
	},
	"Done": func(ctx context.Context, see func(string, any)) {
		began := time.Now()
		<-ctx.Done()
		see("after", time.Since(began))
		see("err", ctx.Err())
		see("cause", context.Cause(ctx))
	},
	"DoneWhenItIsOver": func(ctx context.Context, see func(string, any)) {
		<-time.After(2800 * time.Millisecond)
		<-ctx.Done()
		see("err", ctx.Err())
	},
	"DeadlineAndValue": func(ctx context.Context, see func(string, any)) {
		deadline, ok := ctx.Deadline()
		see("left", fmt.Sprint(time.Until(deadline), ok))
		see("value", ctx.Value(valueKey{}))
		<-ctx.Done()
		see("value, with a timer", ctx.Value(valueKey{}))
		see("no value", ctx.Value("other"))
	},
	"Children": func(ctx context.Context, see func(string, any)) {
		child, cancel := context.WithCancel(context.WithValue(ctx, valueKey{}, "v"))
		defer cancel()
		later, cancel := context.WithTimeout(ctx, time.Hour)
		defer cancel()
		sooner, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		<-sooner.Done()
		see("sooner", fmt.Sprint(sooner.Err(), child.Err(), later.Err()))
		<-child.Done()
		<-later.Done()
		see("both", fmt.Sprint(child.Err(), later.Err(), context.Cause(child)))
	},
	"AfterFunc": func(ctx context.Context, see func(string, any)) {
		began, done := time.Now(), make(chan time.Duration)
		context.AfterFunc(ctx, func() { done <- time.Since(began) })
		see("after", <-done)
	},
	"FromManyGoroutines": func(ctx context.Context, see func(string, any)) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if ctx.Err() == nil {
					<-ctx.Done()
				}
			})
		}
		wg.Wait()
		see("err", ctx.Err())
	},
}

// A handler that uses its context in any way sees what context.WithDeadline would show
// it.
func TestWorkContextBehavesLikeWithDeadline(t *testing.T) {
	t.Parallel()
	for name, look := range looks {
		for _, ends := range []string{"by its deadline", "by the invocation's end"} {
			t.Run(name+" "+ends, func(t *testing.T) {
				t.Parallel()
				seen := func(run func(ctx context.Context, look func(context.Context))) (out []string) {
					synctest.Test(t, func(t *testing.T) {
						ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), valueKey{}, "v"), 3*time.Second)
						defer cancel()
						if ends != "by its deadline" {
							time.AfterFunc(1500*time.Millisecond, cancel)
						}
						run(ctx, func(ctx context.Context) {
							look(ctx, func(what string, value any) { out = append(out, fmt.Sprintf("%s: %v", what, value)) })
						})
					})
					return out
				}
				want := seen(func(ctx context.Context, look func(context.Context)) {
					ctx, cancel := context.WithTimeout(ctx, 2700*time.Millisecond)
					defer cancel()
					look(ctx)
				})
				got := seen(func(ctx context.Context, look func(context.Context)) {
					h := must(t)(sqsbatch.New(func(ctx context.Context, _ sqsbatch.Message[string]) error { look(ctx); return nil }))
					if _, err := h(ctx, ids("a")); err != nil {
						t.Error(err)
					}
				})
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// Work that a handler leaves behind must not continue in the next invocation.
func TestWorkContextEndsWithItsBatch(t *testing.T) {
	t.Parallel()
	for _, asks := range []bool{false, true} {
		t.Run(fmt.Sprint(asks), func(t *testing.T) {
			t.Parallel() // whether a timer was created
			synctest.Test(t, func(t *testing.T) {
				var kept context.Context
				h := must(t)(sqsbatch.New(func(ctx context.Context, _ sqsbatch.Message[string]) error {
					if kept = ctx; asks {
						_ = ctx.Done()
					}
					return nil
				}))
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				if _, err := h(ctx, ids("a")); err != nil {
					t.Fatal(err)
				}
				if !asks && !errors.Is(kept.Err(), context.Canceled) {
					t.Errorf("without a timer: %v", kept.Err())
				}
				<-kept.Done()
				if !errors.Is(kept.Err(), context.Canceled) {
					t.Errorf("asked %v: %v", asks, kept.Err())
				}
			})
		})
	}
}

// Package context starts a goroutine for each child of a context that it does not
// implement.
func TestChildOfWorkContextNeedsNoGoroutine(t *testing.T) { //nolint:paralleltest // counts them
	const contexts = 1000 // many more than goroutines of other tests that begin or end meanwhile
	more := 0
	h := must(t)(sqsbatch.New(func(ctx context.Context, _ sqsbatch.Message[string]) error {
		before := runtime.NumGoroutine()
		for range contexts {
			_, cancel := context.WithCancel(ctx)
			defer cancel()
		}
		more = runtime.NumGoroutine() - before
		return nil
	}))
	if invoke(t, h, farAway, "a"); more > contexts/2 {
		t.Errorf("%d goroutines for %d contexts", more, contexts)
	}
}
