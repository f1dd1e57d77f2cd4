package sqsbatchtest_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/sqsbatch"
	"github.com/reliableq/reliableq/sqsbatch/sqsbatchtest"
)

// of returns a World with the handler and options, and an invariant.
func of(handle process, check func(h sqsbatchtest.History) error, options ...sqsbatch.Option) func() sqsbatchtest.World[string] {
	return func() sqsbatchtest.World[string] {
		return sqsbatchtest.World[string]{
			Start: func() (process, []sqsbatch.Option) { return handle, options },
			Check: check,
		}
	}
}

func noneDeadLettered(h sqsbatchtest.History) error { return noneLost(nil, h) }

// The docs advise keys that come from the body. The message that panics must not be
// taken for a copy of the one beside it.
func TestPoisonHasItsOwnBodyAndKey(t *testing.T) {
	t.Parallel()
	sqsbatchtest.Explore(t, sqsbatchtest.Messages("a", "b"), func() sqsbatchtest.World[string] {
		done := sqsbatch.NewMemory(time.Hour)
		key := func(m *events.SQSMessage) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(m.Body))) }
		handle := func(context.Context, sqsbatch.Message[string]) error { return nil }
		return of(handle, noneDeadLettered, sqsbatch.WithIdempotency(done, key))()
	})
}

// bodies returns the bodies in the sequence in which the decoder gets them.
func bodies(t *testing.T, timeline sqsbatchtest.Timeline, options ...sqsbatchtest.Option) string {
	t.Helper()
	var got []string
	decode := func(_ context.Context, m *events.SQSMessage) (string, error) {
		got = append(got, m.Body)
		return m.Body, nil
	}
	sqsbatchtest.Play(t, sqsbatchtest.Messages("a", "b"), of(func(context.Context, sqsbatch.Message[string]) error { return nil },
		noneDeadLettered, sqsbatch.WithDecoder(decode)), timeline, append(options, sqsbatchtest.MaxReceives(1))...)
	return strings.Join(got, " ")
}

func TestPoisonIsAnywhereInTheBatchOrAbsent(t *testing.T) {
	t.Parallel()
	step := sqsbatchtest.Step{Batch: []int{0, 1}, Poisoned: true, PoisonAt: 1}
	for name, tt := range map[string]struct {
		option sqsbatchtest.Option
		want   string
	}{
		"Second":   {sqsbatchtest.Timelines(1), "a null b"},
		"WithBody": {sqsbatchtest.PoisonBody(`{"id":0}`), `a {"id":0} b`},
		"Without":  {sqsbatchtest.WithoutPoison(), "a b"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := bodies(t, sqsbatchtest.Timeline{step}, tt.option); got != tt.want {
				t.Errorf("delivered %s, want %s", got, tt.want)
			}
		})
	}
}

// A handler or a client that never returns gives a timeline, and no panic of the test.
func TestWhatBlocksForEverIsReported(t *testing.T) {
	t.Parallel()
	for name, handle := range map[string]process{
		"NilChannel": func(context.Context, sqsbatch.Message[string]) error { <-(chan int)(nil); return nil },
		"Channel":    func(context.Context, sqsbatch.Message[string]) error { <-make(chan int); return nil },
		"WaitGroup": func(context.Context, sqsbatch.Message[string]) error {
			var wg sync.WaitGroup
			wg.Add(1)
			wg.Wait()
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := sqsbatchtest.Find(t, sqsbatchtest.Messages("a"), of(handle, noneDeadLettered), sqsbatchtest.MaxReceives(1))
			const want = "1. cold start, delivers [m1]: the function times out with [m1] in progress\n"
			if f == nil || f.Log != want || f.Err.Error() != "m1 was dead-lettered after 1 receives" {
				t.Errorf("found %+v", f)
			}
		})
	}
}

func TestBackgroundGoroutineOfAClientIsNoFailure(t *testing.T) {
	t.Parallel()
	sqsbatchtest.Explore(t, sqsbatchtest.Messages("a"), func() sqsbatchtest.World[string] {
		return sqsbatchtest.World[string]{
			Start: func() (process, []sqsbatch.Option) {
				go func() { // as a connection pool does
					for range time.Tick(time.Second) {
					}
				}()
				go func() { <-make(chan int) }()
				return func(context.Context, sqsbatch.Message[string]) error { return nil }, nil
			},
			Check: noneDeadLettered,
		}
	}, sqsbatchtest.Timelines(20))
}

// What ends a handler without a return is reported with its reason.
func TestHandlerThatDoesNotReturnIsReported(t *testing.T) {
	t.Parallel()
	panics := sqsbatch.WithReport(func(context.Context, sqsbatch.Report) { panic("no metrics") })
	good := func(context.Context, sqsbatch.Message[string]) error { return nil }
	f := sqsbatchtest.Find(t, sqsbatchtest.Messages("a"), of(good, noneDeadLettered, panics), sqsbatchtest.MaxReceives(1))
	if f == nil || f.Log != "1. cold start, delivers [m1]: the function ends by a panic: no metrics\n" {
		t.Errorf("found %+v", f)
	}
	exits := func(context.Context, sqsbatch.Message[string]) error { runtime.Goexit(); return nil }
	f = sqsbatchtest.Find(t, sqsbatchtest.Messages("a"), of(exits, noneDeadLettered), sqsbatchtest.MaxReceives(1))
	if f == nil || f.Log != "1. cold start, delivers [m1]: the function ends by a goroutine exit (runtime.Goexit or t.FailNow)\n" {
		t.Errorf("found %+v", f)
	}
	f = sqsbatchtest.Find(t, sqsbatchtest.Messages("a"), of(good, func(sqsbatchtest.History) error { panic("no check") }))
	if f == nil || !strings.HasPrefix(f.Err.Error(), "panic: no check\n") {
		t.Errorf("found %+v", f)
	}
}

func TestInvalidSettingsAreRefused(t *testing.T) {
	t.Parallel()
	f := sqsbatchtest.Find(t, sqsbatchtest.Messages("a"), world(careful, onceEach), sqsbatchtest.MaxReceives(0),
		sqsbatchtest.FunctionTimeout(time.Minute), sqsbatchtest.Timelines(-1))
	want := "sqsbatchtest: Timelines: -1 is negative\nsqsbatchtest: MaxReceives: 0 is less than 1\n" +
		"sqsbatchtest: VisibilityTimeout: 30s is less than the function's timeout, 1m0s"
	if f == nil || f.Err.Error() != want {
		t.Errorf("found %+v", f)
	}
}

// The timeouts are what the handler and the queue have.
func TestTimeoutsAreSettings(t *testing.T) {
	t.Parallel()
	var left time.Duration
	var received []time.Time
	handle := func(ctx context.Context, m sqsbatch.Message[string]) error {
		deadline, _ := ctx.Deadline()
		left = time.Until(deadline)
		received = append(received, time.Now())
		if len(received) == 1 {
			return errors.New("not now")
		}
		return nil
	}
	sqsbatchtest.Play(t, sqsbatchtest.Messages("a"), of(handle, noneDeadLettered, sqsbatch.WithResponseTime(0)), sqsbatchtest.Timeline{},
		sqsbatchtest.FunctionTimeout(time.Minute), sqsbatchtest.VisibilityTimeout(time.Hour))
	if left != time.Minute || len(received) != 2 || received[1].Sub(received[0]) != time.Hour {
		t.Errorf("a minute and an hour became %v, and deliveries at %v", left, received)
	}
}

// Each kind of fault at a call, and what the handler gets.
func TestFaultsAtCalls(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault sqsbatchtest.Fault
		want  string
	}{
		"Error": {sqsbatchtest.CallError, "1. cold start, delivers [m1], error in m1 at call 2 (ship): reports [m1] as failed\n" +
			"   m1: sqsbatchtest: the call fails\n2. delivers [m1]: all done\n"},
		"Hang": {sqsbatchtest.CallHang, "1. cold start, delivers [m1], a call hangs in m1 at call 2 (ship): " +
			"the function times out with [m1] in progress\n2. cold start, delivers [m1]: all done\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var log string
			handle := func(ctx context.Context, m sqsbatch.Message[string]) error {
				if err := sqsbatchtest.Call(ctx, "charge"); err != nil {
					return err
				}
				return sqsbatchtest.Call(ctx, "ship")
			}
			fails := of(handle, func(h sqsbatchtest.History) error {
				if h.Received["m1"] == 2 {
					return errors.New("received twice")
				}
				return nil
			})
			log = sqsbatchtest.LogOf(t, sqsbatchtest.Messages("a"), fails, sqsbatchtest.Timeline{{Batch: []int{0}, Fault: tt.fault, At: 2}})
			if diff := cmp.Diff(tt.want, log); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// account is a fake service whose update reads and writes in two requests.
type account struct{ balance int }

func (a *account) add(ctx context.Context, n int) error {
	if err := sqsbatchtest.Call(ctx, "read"); err != nil {
		return err
	}
	balance := a.balance
	if err := sqsbatchtest.Call(ctx, "write"); err != nil {
		return err
	}
	a.balance = balance + n
	return nil
}

// lostUpdate returns a World that counts messages without a lock, each at least once.
func lostUpdate(options ...sqsbatch.Option) func() sqsbatchtest.World[string] {
	return func() sqsbatchtest.World[string] {
		var a account
		return of(func(ctx context.Context, m sqsbatch.Message[string]) error { return a.add(ctx, 1) }, func(h sqsbatchtest.History) error {
			if a.balance < len(h.Done) {
				return fmt.Errorf("the balance is %d after %d messages", a.balance, len(h.Done))
			}
			return nil
		}, options...)()
	}
}

func TestLostUpdateIsFoundAndRepeatable(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]sqsbatch.Option{
		"InTwoEnvironments": nil,
		"WithConcurrency":   {sqsbatch.WithConcurrency(2)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			messages := sqsbatchtest.Messages("a", "b")
			f := sqsbatchtest.Find(t, messages, lostUpdate(options...))
			if f == nil || !strings.Contains(f.Log, "   sequence: ") || f.Err.Error() != "the balance is 1 after 2 messages" {
				t.Fatalf("found %+v", f)
			}
			for range 20 {
				again := sqsbatchtest.Find(t, messages, lostUpdate(options...))
				if diff := cmp.Diff(f.Timeline, again.Timeline); diff != "" || again.Tried != f.Tried {
					t.Fatalf("the same seed finds something else: %s", diff)
				}
				if log := sqsbatchtest.LogOf(t, messages, lostUpdate(options...), f.Timeline); log != f.Log {
					t.Fatalf("the same timeline gives\n%swant\n%s", log, f.Log)
				}
			}
		})
	}
}

// Two invocations never have messages of one FIFO group at the same time.
func TestOverlapsRespectFIFOGroups(t *testing.T) {
	t.Parallel()
	sqsbatchtest.Explore(t, append(sqsbatchtest.Grouped("x", "x1", "x2"), sqsbatchtest.Grouped("y", "y1")...), func() sqsbatchtest.World[string] {
		busy := map[string]time.Time{} // since when a group is processed
		var wrong error
		return of(func(ctx context.Context, m sqsbatch.Message[string]) error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if time.Since(busy[m.Group()]) < 3*time.Second { // an invocation that crashed is over then
				wrong = fmt.Errorf("group %s is processed twice at the same time", m.Group())
			}
			busy[m.Group()] = time.Now()
			err := sqsbatchtest.Call(ctx)
			delete(busy, m.Group())
			return err
		}, func(sqsbatchtest.History) error { return wrong })()
	}, sqsbatchtest.WithoutPoison())
}

// A lock that a crash holds stops the bubble for real: no virtual time passes.
func TestTimelineThatDoesNotEndIsReported(t *testing.T) {
	t.Parallel()
	f := sqsbatchtest.Find(t, sqsbatchtest.Messages("a"), func() sqsbatchtest.World[string] {
		var mu sync.Mutex
		return of(func(ctx context.Context, _ sqsbatch.Message[string]) error {
			mu.Lock()
			defer mu.Unlock()
			return sqsbatchtest.Call(ctx)
		}, noneDeadLettered)()
	}, sqsbatchtest.RealTimeLimit(time.Second))
	if f == nil || !strings.Contains(f.Err.Error(), "a lock (perhaps one that is held at a Call)") || !strings.HasSuffix(f.Log, "delivers [m1]: does not end\n") {
		t.Errorf("found %+v", f)
	}
}

// The text of a timeline compiles: it has the fields' names and the constants'.
func TestTimelineAsGoSource(t *testing.T) {
	t.Parallel()
	timeline := sqsbatchtest.Timeline{
		{Batch: []int{0, 2}, Cold: true, Fault: sqsbatchtest.CallHang, At: 3, Seed: 7},
		{Batch: []int{1}, Poisoned: true, PoisonAt: 1, Overlaps: true},
		{},
	}
	want := "sqsbatchtest.Timeline{{Batch: []int{0, 2}, Cold: true, Fault: sqsbatchtest.CallHang, At: 3, Seed: 7}, " +
		"{Batch: []int{1}, Poisoned: true, PoisonAt: 1, Overlaps: true}, {Batch: []int{}}}"
	if got := timeline.String(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestInvalidTimelineIsRefused(t *testing.T) {
	t.Parallel()
	for want, step := range map[string]sqsbatchtest.Step{
		"step 1 of the timeline delivers message 1 of 1": {Batch: []int{1}},
		"step 1 of the timeline has an unknown fault: 9": {Fault: 9},
	} {
		if err := sqsbatchtest.ErrorOf(t, sqsbatchtest.Messages("a"), world(careful, onceEach), sqsbatchtest.Timeline{step}); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
