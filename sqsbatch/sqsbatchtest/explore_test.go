package sqsbatchtest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/sqsbatch"
	"github.com/reliableq/reliableq/sqsbatch/sqsbatchtest"
)

type process = sqsbatchtest.Process[string]

// effects is what handlers have done: entries in sequence.
type effects []string

func (l effects) once(names ...string) error {
	count := map[string]int{}
	for _, entry := range l {
		count[entry]++
	}
	for _, name := range names {
		if count[name] != 1 {
			return fmt.Errorf("%s was charged %d times", name, count[name])
		}
	}
	return nil
}

// world returns a World whose handlers share effects that outlive them, and whose
// invariant checks those effects.
func world(start func(l *effects) func() (process, []sqsbatch.Option), check func(l effects, h sqsbatchtest.History) error) func() sqsbatchtest.World[string] {
	return func() sqsbatchtest.World[string] {
		l := &effects{}
		return sqsbatchtest.World[string]{Start: start(l), Check: func(h sqsbatchtest.History) error { return check(*l, h) }}
	}
}

func onceEach(l effects, _ sqsbatchtest.History) error { return l.once("a", "b") }

// careless appends to the effects without a check.
func careless(l *effects) func() (process, []sqsbatch.Option) {
	return func() (process, []sqsbatch.Option) {
		return func(_ context.Context, m sqsbatch.Message[string]) error {
			*l = append(*l, m.Body)
			return nil
		}, nil
	}
}

// careful checks the effects before it appends, and so is idempotent.
func careful(l *effects) func() (process, []sqsbatch.Option) {
	return func() (process, []sqsbatch.Option) {
		return func(_ context.Context, m sqsbatch.Message[string]) error {
			if l.once(m.Body) != nil {
				*l = append(*l, m.Body)
			}
			return nil
		}, nil
	}
}

// forgetful stores in its environment what it has done.
func forgetful(l *effects) func() (process, []sqsbatch.Option) {
	return func() (process, []sqsbatch.Option) {
		charge, _ := careless(l)()
		return charge, []sqsbatch.Option{sqsbatch.WithIdempotency(sqsbatch.NewMemory(time.Hour), nil)}
	}
}

func TestAnIdempotentHandlerPasses(t *testing.T) {
	t.Parallel()
	sqsbatchtest.Explore(t, sqsbatchtest.Messages("a", "b"), world(careful, onceEach))
}

func TestBrokenHandlerIsFoundWithAShortTimeline(t *testing.T) {
	t.Parallel()
	const want = "1. cold start, delivers [m1]: crash after m1\n2. cold start, delivers [m1 m2]: all done\n"
	for name, start := range map[string]func(*effects) func() (process, []sqsbatch.Option){"Careless": careless, "Forgetful": forgetful} {
		t.Run(name, func(t *testing.T) {
			f := sqsbatchtest.Find(t, sqsbatchtest.Messages("a", "b"), world(start, onceEach))
			if f == nil {
				t.Error("not found")
				return
			}
			if diff := cmp.Diff(want, f.Log); diff != "" || f.Err.Error() != "a was charged 2 times" || len(f.Timeline) != 1 {
				t.Errorf("%v after %s", f.Err, diff)
			}
		})
	}
}

// A handler that ignores the end of its context reports work as done that it did not
// do. Only a deadline during the work shows it.
func TestTimeoutIsExplored(t *testing.T) {
	t.Parallel()
	start := func(l *effects) func() (process, []sqsbatch.Option) {
		return func() (process, []sqsbatch.Option) {
			return func(ctx context.Context, m sqsbatch.Message[string]) error {
				if ctx.Err() != nil {
					return nil
				}
				*l = append(*l, m.Body)
				return nil
			}, nil
		}
	}
	atLeastOnce := func(l effects, _ sqsbatchtest.History) error {
		for _, name := range []string{"a", "b"} {
			if err := l.once(name); err != nil && err.Error() == name+" was charged 0 times" {
				return err
			}
		}
		return nil
	}
	f := sqsbatchtest.Find(t, sqsbatchtest.Messages("a", "b"), world(start, atLeastOnce))
	if f == nil || len(f.Timeline) != 1 || f.Timeline[0].Fault != sqsbatchtest.Deadline || len(f.Timeline[0].Batch) != 1 {
		t.Errorf("found %+v", f)
	}
}

// State that a warm environment retains by mistake.
func TestWarmEnvironmentIsExplored(t *testing.T) {
	t.Parallel()
	start := func(l *effects) func() (process, []sqsbatch.Option) {
		return func() (process, []sqsbatch.Option) {
			used := false
			return func(_ context.Context, m sqsbatch.Message[string]) error {
				if used {
					return errors.New("connection already closed")
				}
				*l = append(*l, m.Body)
				used = true
				return nil
			}, nil
		}
	}
	if f := sqsbatchtest.Find(t, sqsbatchtest.Messages("a", "b"), world(start, noneLost)); f == nil || len(f.Timeline) > 1 {
		t.Errorf("found %+v", f)
	}
}

// noneLost checks that every message is processed in the end.
func noneLost(_ effects, h sqsbatchtest.History) error {
	for id := range h.DeadLettered {
		return fmt.Errorf("%s was dead-lettered after %d receives", id, h.Received[id])
	}
	return nil
}

// A message that panics dead-letters good messages if the batch fails as a whole, and
// none if each is reported separately.
func TestPanickingMessageIsExplored(t *testing.T) {
	t.Parallel()
	with := func(policy sqsbatch.FailurePolicy) func(*effects) func() (process, []sqsbatch.Option) {
		return func(l *effects) func() (process, []sqsbatch.Option) {
			return func() (process, []sqsbatch.Option) {
				charge, _ := careful(l)()
				return charge, []sqsbatch.Option{sqsbatch.WithFailures(policy)}
			}
		}
	}
	messages := sqsbatchtest.Messages("a", "b")
	f := sqsbatchtest.Find(t, messages, world(with(sqsbatch.FailIfAny), noneLost))
	if f == nil || len(f.Timeline) != 1 || !f.Timeline[0].Poisoned || f.Timeline[0].Fault != sqsbatchtest.NoFault {
		t.Errorf("found %+v", f)
	}
	sqsbatchtest.Explore(t, messages, world(with(sqsbatch.ReportEach), noneLost))
}

// In any timeline, a FIFO group is processed in sequence: sqsbatch's guarantee, tested
// with its own test kit.
func TestGroupsStayInOrder(t *testing.T) {
	t.Parallel()
	messages := append(sqsbatchtest.Grouped("x", "x1", "x2", "x3"), sqsbatchtest.Grouped("y", "y1", "y2")...)
	flaky := func(l *effects) func() (process, []sqsbatch.Option) {
		return func() (process, []sqsbatch.Option) {
			return func(ctx context.Context, m sqsbatch.Message[string]) error {
				if ctx.Err() != nil || m.Body == "x2" && m.ReceiveCount() < 3 {
					return errors.New("not now")
				}
				*l = append(*l, m.Body)
				return nil
			}, nil
		}
	}
	inOrder := func(l effects, h sqsbatchtest.History) error {
		last := map[byte]byte{}
		for _, entry := range l {
			if last[entry[0]] > entry[1] || entry[1] > last[entry[0]]+1 && entry[1] != '1' {
				// A crash may repeat messages from the oldest one, but none is
				// skipped.
				if entry[1] > last[entry[0]] {
					return fmt.Errorf("%s came after %c%c", entry, entry[0], last[entry[0]])
				}
			}
			last[entry[0]] = entry[1]
		}
		if len(h.Done) != len(messages) {
			return fmt.Errorf("done are %v", h.Done)
		}
		return nil
	}
	sqsbatchtest.Explore(t, messages, world(flaky, inOrder))
}

func TestTheSameSeedFindsTheSame(t *testing.T) {
	t.Parallel()
	find := func() *sqsbatchtest.Failure {
		return sqsbatchtest.Find(t, sqsbatchtest.Messages("a", "b"), world(forgetful, onceEach), sqsbatchtest.Seed(42))
	}
	first, second := find(), find()
	if diff := cmp.Diff(first.Timeline, second.Timeline); diff != "" || first.Tried != second.Tried || first.Log != second.Log {
		t.Error(diff)
	}
}

func TestInvalidOptionsAreReported(t *testing.T) {
	t.Parallel()
	start := func(l *effects) func() (process, []sqsbatch.Option) {
		return func() (process, []sqsbatch.Option) {
			charge, _ := careless(l)()
			return charge, []sqsbatch.Option{sqsbatch.WithConcurrency(0)}
		}
	}
	if f := sqsbatchtest.Find(t, sqsbatchtest.Messages("a"), world(start, onceEach)); f == nil || f.Tried != 1 {
		t.Errorf("found %+v", f)
	}
}

func TestWithoutMessagesNothingHappens(t *testing.T) {
	t.Parallel()
	var none []events.SQSMessage
	sqsbatchtest.Explore(t, none, world(careless, func(l effects, _ sqsbatchtest.History) error {
		if len(l) > 0 {
			return errors.New("something was charged")
		}
		return nil
	}), sqsbatchtest.Timelines(20), sqsbatchtest.MaxReceives(2))
}
