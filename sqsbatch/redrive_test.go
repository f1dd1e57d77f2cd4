package sqsbatch_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/backoff"
	"github.com/reliableq/reliableq/sqsbatch"
)

// A message that a breaker returns must not become visible earlier than if it had been
// tried: otherwise it uses up its receives during an outage.
func TestBreakerLosesNoMessageDuringAnOutage(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]sqsbatch.Option{
		"WithoutBreaker": nil,
		"Breaker":        {sqsbatch.WithBreaker(0.5, 3)},
		"BreakerAtOnce":  {sqsbatch.WithBreaker(1, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := &simulatedQueue{visibility: time.Minute, maxReceives: 10, timeout: 10 * time.Second, batch: 10}
				for i := range 200 {
					q.add(record(strconv.Itoa(i), "good"))
				}
				up := time.Now().Add(30 * time.Minute)
				policy := backoff.Policy{Base: 10 * time.Second, Cap: time.Hour, Jitter: backoff.Equal}
				h := must(t)(sqsbatch.New(func(context.Context, sqsbatch.Message[string]) error {
					if time.Now().Before(up) {
						return errDown
					}
					return nil
				}, append(options, sqsbatch.WithBackoff(q, policy))...))
				if q.run(t, h); len(q.dead) != 0 {
					t.Errorf("%d dead-lettered", len(q.dead))
				}
			})
		})
	}
}

// limiter is a queue with a maxReceiveCount.
type limiter struct {
	*hider
	max  func() (int, error)
	asks int
}

func (l *limiter) MaxReceives(context.Context, string) (int, error) {
	l.asks++
	return l.max()
}

func TestLastFailureIsVisibleImmediately(t *testing.T) {
	t.Parallel()
	five := func() (int, error) { return 5, nil }
	for name, tt := range map[string]struct {
		max     func() (int, error)
		options []sqsbatch.Option
		want    int // of the fifth receive
	}{
		"Asked":   {max: five, want: 0},
		"None":    {max: func() (int, error) { return 0, nil }, want: 16},
		"Fails":   {max: func() (int, error) { return 0, errors.New("no permission") }, want: 16},
		"Panics":  {max: func() (int, error) { panic("boom") }, want: 16},
		"Given":   {max: nil, options: []sqsbatch.Option{sqsbatch.WithMaxReceives(5)}, want: 0},
		"GivenTo": {max: five, options: []sqsbatch.Option{sqsbatch.WithMaxReceives(6)}, want: 16},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			queue := &limiter{hider: &hider{}, max: tt.max}
			h := must(t)(sqsbatch.New(failing(errDown, "a", "b", "c1"), append(tt.options, sqsbatch.WithBackoff(queue, doubling))...))
			handle(t, h, events.SQSEvent{Records: []events.SQSMessage{
				received(record("a", "a"), 4), received(record("b", "b"), 5),
			}})
			handle(t, h, events.SQSEvent{Records: []events.SQSMessage{
				received(grouped("c1", "c"), 5), received(grouped("c2", "c"), 3), // together
			}})
			if diff := cmp.Diff(map[string]int{"r-a": 8, "r-b": tt.want, "r-c1": tt.want, "r-c2": tt.want}, queue.seconds); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMaxReceivesIsReadAgainAfterATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		fails := true
		queue := &limiter{hider: &hider{}, max: func() (int, error) {
			if fails {
				return 0, errors.New("no permission")
			}
			return 1, nil
		}}
		h := must(t)(sqsbatch.New(failing(errDown, "a"), sqsbatch.WithBackoff(queue, doubling),
			sqsbatch.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))))
		for i, tt := range []struct {
			wait          time.Duration
			asks, seconds int
		}{{0, 1, 1}, {59 * time.Second, 1, 1}, {time.Second, 2, 1}, {time.Minute, 3, 0}, {14 * time.Minute, 3, 0}, {time.Minute, 4, 0}} {
			<-time.After(tt.wait)
			fails = i < 3
			if handle(t, h, ids("a")); queue.asks != tt.asks || queue.seconds["r-a"] != tt.seconds {
				t.Errorf("step %d: read %d times, hidden for %d s; want %+v", i, queue.asks, queue.seconds["r-a"], tt)
			}
		}
		if strings.Count(log.String(), "maxReceiveCount not read") != 1 {
			t.Error(log.String())
		}
	})
}

// A message must not be dead-lettered unprocessed because others of its batch fail.
func TestBreakerTriesMessagesAtTheirLastReceive(t *testing.T) {
	t.Parallel()
	h := must(t)(sqsbatch.New(failing(errDown, "bad"), sqsbatch.WithBreaker(1, 1), sqsbatch.WithMaxReceives(3)))
	event := events.SQSEvent{Records: []events.SQSMessage{
		record("bad", "bad"), received(record("second", "good"), 2), received(record("last", "good"), 3),
	}}
	if diff := cmp.Diff([]string{"bad", "second"}, handle(t, h, event)); diff != "" {
		t.Error(diff)
	}

	// Also in the first batch of an environment.
	queue := &limiter{hider: &hider{}, max: func() (int, error) { return 3, nil }}
	h = must(t)(sqsbatch.New(failing(errDown, "bad"), sqsbatch.WithBreaker(1, 1), sqsbatch.WithBackoff(queue, doubling)))
	if diff := cmp.Diff([]string{"bad", "second"}, handle(t, h, event)); diff != "" {
		t.Error(diff)
	}
}

// A request that hangs must not cost the batch its time, nor the response.
func TestReadingMaxReceivesIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		queue := &hangingLimiter{hider: &hider{}}
		h := must(t)(sqsbatch.New(failing(errDown, "a"), sqsbatch.WithBackoff(queue, doubling)))
		got, took := invoke(t, h, 3*time.Second, "a", "b")
		if diff := cmp.Diff([]string{"a"}, got); diff != "" || took > 2*time.Second || queue.seconds["r-a"] != 1 {
			t.Errorf("%v in %v, hidden for %v: %s", got, took, queue.seconds, diff)
		}
	})
}

// A request that hangs in one goroutine must not block others beyond their own time.
func TestReadingMaxReceivesDoesNotBlockOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		queue := &hangingLimiter{hider: &hider{}}
		h := must(t)(sqsbatch.New(failing(errDown, "a", "b", "c", "d", "e"),
			sqsbatch.WithConcurrency(3), sqsbatch.WithBreaker(1, 1), sqsbatch.WithBackoff(queue, doubling)))
		got, took := invoke(t, h, 3*time.Second, "a", "b", "c", "d", "e")
		if len(got) != 5 || took > 2*time.Second {
			t.Errorf("%v in %v", got, took)
		}
	})
}

type hangingLimiter struct{ *hider }

func (hangingLimiter) MaxReceives(ctx context.Context, _ string) (int, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

// The monotonic clock stops while Lambda freezes an environment. Times that are
// compared in a later invocation must not have its reading.
func TestTimesThatOutliveAnInvocationAreWallTimes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"memory.go", "table.go", "mapping.go", "redrive.go", "idempotency.go"} {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(source)) {
			if strings.Contains(line, "time.Since(") || strings.Contains(line, "time.Now()") && !strings.HasPrefix(line, "func wallNow()") {
				t.Errorf("%s: %s", name, line)
			}
		}
	}
}

// slowQueue changes visibility timeouts after a delay.
type slowQueue struct {
	mu      sync.Mutex // guards changed
	changed int
	delay   time.Duration
	err     error
}

func (q *slowQueue) ChangeVisibility(ctx context.Context, _ string, changes []sqsbatch.Visibility) []error {
	errs := make([]error, len(changes))
	select {
	case <-time.After(q.delay):
	case <-ctx.Done():
		for i := range errs {
			errs[i] = ctx.Err()
		}
		return errs
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.changed += len(changes)
	for i := range errs {
		errs[i] = q.err
	}
	return errs
}

func TestLargeBatchIsPostponedInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		queue := &slowQueue{delay: 15 * time.Millisecond}
		h := must(t)(sqsbatch.New(func(ctx context.Context, _ sqsbatch.Message[string]) error {
			<-ctx.Done() // until only the time for the response is left
			return errDown
		}, sqsbatch.WithBackoff(queue, doubling), sqsbatch.WithConcurrency(1000)))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, err := h(ctx, batchOf(1000, "x")); err != nil || queue.changed != 1000 {
			t.Errorf("%d of 1000 postponed, %v", queue.changed, err)
		}
	})
}

func TestMessagesThatCannotBePostponedAreOneRecord(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	h := must(t)(sqsbatch.New(failing(errDown, "x"), sqsbatch.WithBackoff(&slowQueue{err: errors.New("no network")}, doubling),
		sqsbatch.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})))))
	handle(t, h, batchOf(1000, "x"))
	if n := strings.Count(log.String(), "not postponed"); n != 1 || !strings.Contains(log.String(), `count=1000 of=1000 first_error="no network"`) {
		t.Errorf("%d records", n)
	}
}

type panicking struct{}

func (panicking) ChangeVisibility(context.Context, string, []sqsbatch.Visibility) []error {
	panic("boom")
}

func TestPanicWhilePostponingDoesNotFailTheInvocation(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]sqsbatch.Option{
		"Changer": sqsbatch.WithBackoff(panicking{}, doubling),
		"Rand":    sqsbatch.WithBackoff(&hider{}, backoff.Policy{Base: time.Second, Rand: func() float64 { panic("boom") }}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log strings.Builder
			h := must(t)(sqsbatch.New(failing(errDown, "b"), option, sqsbatch.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))))
			if diff := cmp.Diff([]string{"b"}, handle(t, h, ids("a", "b"))); diff != "" || !strings.Contains(log.String(), "panic") {
				t.Errorf("%s %s", diff, log.String())
			}
		})
	}
}
