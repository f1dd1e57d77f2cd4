package sqsbatchtest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/sqsbatch"
	"github.com/reliableq/reliableq/sqsbatch/sqsbatchtest"
)

// till is a fake service. It stores marks and charges, and has no idempotency keys.
type till struct {
	marked  map[string]bool
	charged effects
}

func (b *till) mark(ctx context.Context, name string) error {
	if err := sqsbatchtest.Call(ctx); err != nil {
		return err
	}
	b.marked[name] = true
	return nil
}

func (b *till) charge(ctx context.Context, name string) error {
	if err := sqsbatchtest.Call(ctx); err != nil {
		return err
	}
	b.charged = append(b.charged, name)
	return nil
}

// Each of the common mistakes, and the shortest timeline that shows it.
func TestMistakesInsideAHandlerAreFound(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		process func(b *till) process
		want    string
		wantErr string
	}{
		"MarkedBeforeItIsDone": {func(b *till) process {
			return func(ctx context.Context, m sqsbatch.Message[string]) error {
				if b.marked[m.Body] {
					return nil
				}
				if err := b.mark(ctx, m.Body); err != nil {
					return err
				}
				return b.charge(ctx, m.Body)
			}
		}, "1. cold start, delivers [m1]: crash in m1 at call 2\n2. cold start, delivers [m1 m2]: all done\n", "a was charged 0 times"},
		"MarkedAfterItIsDone": {func(b *till) process {
			return func(ctx context.Context, m sqsbatch.Message[string]) error {
				if b.marked[m.Body] {
					return nil
				}
				if err := b.charge(ctx, m.Body); err != nil {
					return err
				}
				return b.mark(ctx, m.Body)
			}
		}, "1. cold start, delivers [m1]: crash in m1 at call 2\n2. cold start, delivers [m1 m2]: all done\n", "a was charged 2 times"},
		"ErrorSwallowed": {func(b *till) process {
			return func(ctx context.Context, m sqsbatch.Message[string]) error {
				_ = b.charge(ctx, m.Body)
				return nil
			}
		}, "", "was charged"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := sqsbatchtest.Find(t, sqsbatchtest.Messages("a", "b"), func() sqsbatchtest.World[string] {
				b := &till{marked: map[string]bool{}}
				return sqsbatchtest.World[string]{
					Start: func() (process, []sqsbatch.Option) { return tt.process(b), nil },
					Check: func(sqsbatchtest.History) error { return b.charged.once("a", "b") },
				}
			})
			if f == nil || len(f.Timeline) != 1 || len(f.Timeline[0].Batch) != 1 || !strings.Contains(f.Err.Error(), tt.wantErr) {
				t.Fatalf("found %+v", f)
			}
			if diff := cmp.Diff(tt.want, f.Log); tt.want != "" && diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A handler of whole batches that continues after a failure, although that breaks the
// sequence of the group.
func TestBulkHandlerThatIgnoresTheOrderIsFound(t *testing.T) {
	t.Parallel()
	messages := sqsbatchtest.Grouped("x", "1", "2")
	start := func(stops bool) func() sqsbatchtest.World[string] {
		return func() sqsbatchtest.World[string] {
			var l effects
			return sqsbatchtest.World[string]{
				StartBulk: func() (sqsbatchtest.BulkProcess[string], []sqsbatch.Option) {
					return func(ctx context.Context, ms []sqsbatch.Message[string]) []error {
						errs, broken := make([]error, len(ms)), false
						for i, m := range ms {
							if broken && stops || m.Body == "1" && m.ReceiveCount() == 1 {
								errs[i], broken = errors.New("not now"), true
								continue
							}
							l = append(l, m.Body)
						}
						return errs
					}, nil
				},
				Check: func(sqsbatchtest.History) error {
					if len(l) == 0 || l[0] != "1" {
						return fmt.Errorf("charged %v", l)
					}
					return nil
				},
			}
		}
	}
	f := sqsbatchtest.Find(t, messages, start(false))
	const want = "1. cold start, delivers [x-m1 x-m2]: reports [x-m1 x-m2] as failed\n" +
		"   x-m1: not now\n   x-m2: not started: an earlier message of its group failed\n2. delivers [x-m1 x-m2]: all done\n"
	if f == nil || len(f.Timeline) != 0 {
		t.Fatalf("found %+v", f)
	}
	if diff := cmp.Diff(want, f.Log); diff != "" {
		t.Error(diff)
	}
	sqsbatchtest.Explore(t, messages, start(true))
}

// A process that crashed runs nothing more: no deferred function, and no concurrent
// worker after its next call.
func TestNothingRunsOnAfterACrash(t *testing.T) {
	t.Parallel()
	messages := sqsbatchtest.Messages("a", "b", "c", "d")
	sqsbatchtest.Explore(t, messages, func() sqsbatchtest.World[string] {
		var checked bool
		var wrong error
		return sqsbatchtest.World[string]{
			Start: func() (process, []sqsbatch.Option) {
				return func(ctx context.Context, m sqsbatch.Message[string]) error {
					returned := false
					defer func() {
						if !returned && !checked {
							wrong = errors.New("a deferred function ran in a crash")
						}
					}()
					err := sqsbatchtest.Call(ctx)
					returned = true
					return err
				}, []sqsbatch.Option{sqsbatch.WithConcurrency(3)}
			},
			Check: func(sqsbatchtest.History) error { checked = true; return wrong },
		}
	})
}

// Of the workers of a crashed environment, none continues in the next one.
func TestNoWorkerOfACrashedEnvironmentContinues(t *testing.T) {
	t.Parallel()
	messages := sqsbatchtest.Messages("a", "b", "c")
	for at := range 9 {
		environment := 0
		var wrong error
		sqsbatchtest.Play(t, messages, func() sqsbatchtest.World[string] {
			return sqsbatchtest.World[string]{
				Start: func() (process, []sqsbatch.Option) {
					environment++
					mine := environment
					return func(ctx context.Context, m sqsbatch.Message[string]) error {
						err := sqsbatchtest.Call(ctx)
						if mine != environment {
							wrong = fmt.Errorf("%s continues in environment %d of %d", m.ID(), mine, environment)
						}
						return err
					}, []sqsbatch.Option{sqsbatch.WithConcurrency(3)}
				},
				Check: func(sqsbatchtest.History) error {
					if environment != 2 {
						return fmt.Errorf("%d environments", environment)
					}
					return wrong
				},
			}
		}, sqsbatchtest.Timeline{{Batch: []int{0, 1, 2}, Fault: sqsbatchtest.Crash, At: at, Seed: 7}})
	}
}

// Lambda accepts no response after the function's timeout.
func TestHandlerThatExceedsTheTimeoutIsFound(t *testing.T) {
	t.Parallel()
	start := func(*effects) func() (process, []sqsbatch.Option) {
		return func() (process, []sqsbatch.Option) {
			return func(context.Context, sqsbatch.Message[string]) error { <-time.After(4 * time.Second); return nil }, nil
		}
	}
	f := sqsbatchtest.Find(t, sqsbatchtest.Messages("a"), world(start, noneLost), sqsbatchtest.MaxReceives(2))
	const again = "cold start, delivers [m1]: the function times out with [m1] in progress\n"
	if f == nil || f.Log != "1. "+again+"2. "+again {
		t.Errorf("found %+v", f)
	}
}

// halfway is a store that marks in two steps.
type halfway struct {
	sqsbatch.IdempotencyStore
	begun, ended int
}

func (s *halfway) Complete(ctx context.Context, key, token string) error {
	s.begun++
	if err := sqsbatchtest.Call(ctx); err != nil {
		return err
	}
	s.ended++
	return s.IdempotencyStore.Complete(ctx, key, token)
}

func TestFaultInAnOptionIsFound(t *testing.T) {
	t.Parallel()
	f := sqsbatchtest.Find(t, sqsbatchtest.Messages("a"), func() sqsbatchtest.World[string] {
		store := &halfway{IdempotencyStore: sqsbatch.NewMemory(time.Hour)}
		return sqsbatchtest.World[string]{
			Start: func() (process, []sqsbatch.Option) {
				return func(context.Context, sqsbatch.Message[string]) error { return nil }, []sqsbatch.Option{sqsbatch.WithIdempotency(store, nil)}
			},
			Check: func(sqsbatchtest.History) error {
				if store.begun != store.ended {
					return errors.New("half marked")
				}
				return nil
			},
		}
	})
	const want = "1. cold start, delivers [m1]: crash at a call of an option\n2. cold start, delivers [m1]: all done\n"
	if f == nil || f.Log != want {
		t.Errorf("found %+v", f)
	}
}

func TestWorldWithoutAHandlerFails(t *testing.T) {
	t.Parallel()
	f := sqsbatchtest.Find(t, sqsbatchtest.Messages("a"), func() sqsbatchtest.World[string] {
		return sqsbatchtest.World[string]{Check: func(sqsbatchtest.History) error { return nil }}
	})
	if f == nil || f.Tried != 1 || !strings.Contains(f.Err.Error(), "one of Start and StartBulk") {
		t.Errorf("found %+v", f)
	}
}

func TestCallOutsideOfATimelineReturnsTheContextsError(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	if err := sqsbatchtest.Call(ctx); err != nil {
		t.Error(err)
	}
	cancel()
	if err := sqsbatchtest.Call(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
