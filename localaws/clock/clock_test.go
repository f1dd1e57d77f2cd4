package clock

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func open(t *testing.T, mode Mode) *Clock {
	t.Helper()
	c := New(mode, start)
	t.Cleanup(c.Close)
	return c
}

func at(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }

func TestManualClockStopsUntilAdvanced(t *testing.T) {
	t.Parallel()
	c := open(t, Manual)
	var ran []time.Time
	c.Schedule(at(3), Transition, func() { ran = append(ran, c.Now()) })
	c.Schedule(at(1), Upkeep, func() { ran = append(ran, c.Now()) })
	if err := c.Advance(t.Context(), 2*time.Second); err != nil {
		t.Fatal(err)
	}
	if want := []time.Time{at(1)}; !slices.Equal(ran, want) {
		t.Fatalf("after 2 s ran at %v, want %v", ran, want)
	}
	if err := c.Advance(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if want := []time.Time{at(1), at(3)}; !slices.Equal(ran, want) {
		t.Fatalf("after an hour ran at %v, want %v", ran, want)
	}
	if got, want := c.Now(), at(2+3600); !got.Equal(want) {
		t.Errorf("now %v, want %v", got, want)
	}
}

func TestAdvanceRunsWhatAnEventSchedules(t *testing.T) {
	t.Parallel()
	c := open(t, Manual)
	var ticks int
	var tick func()
	tick = func() { ticks++; c.After(time.Second, Transition, tick) }
	c.After(time.Second, Transition, tick)
	if err := c.Advance(t.Context(), 10*time.Second); err != nil {
		t.Fatal(err)
	}
	if ticks != 10 {
		t.Errorf("%d ticks in 10 s, want 10", ticks)
	}
}

func TestAdvanceWaitsForWorkInProgress(t *testing.T) {
	t.Parallel()
	c := open(t, Manual)
	var order []string
	c.Schedule(at(1), Transition, func() {
		c.Begin()
		go func() {
			order = append(order, "work at "+c.Now().Format("05"))
			c.End()
		}()
	})
	c.Schedule(at(2), Transition, func() { order = append(order, "event at "+c.Now().Format("05")) })
	if err := c.Advance(t.Context(), 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if want := []string{"work at 06", "event at 07"}; !slices.Equal(order, want) {
		t.Errorf("sequence %q, want %q", order, want)
	}
}

func TestAdvanceRefusesNegativeAndTooLargeDurations(t *testing.T) {
	t.Parallel()
	c := open(t, Manual)
	for d, want := range map[time.Duration]error{
		-1:                         ErrBackwards,
		200 * 365 * 24 * time.Hour: ErrTooFar,
		0:                          nil,
	} {
		t.Run(d.String(), func(t *testing.T) {
			if err := c.Advance(t.Context(), d); !errors.Is(err, want) {
				t.Errorf("error %v, want %v", err, want)
			}
			if now := c.Now(); !now.Equal(start) {
				t.Errorf("time is %v, want %v", now, start)
			}
		})
	}
}

// In every mode, concurrent advances are serialized, and a concurrent Settle returns.
func TestConcurrentAdvancesAndSettles(t *testing.T) {
	for _, mode := range []Mode{Real, Skip, Manual, Simulated} {
		t.Run(mode.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := New(mode, time.Time{})
				defer c.Close()
				c.Hold()
				began := c.Now()
				c.After(90*time.Minute, Transition, func() {})
				done := make(chan error, 3)
				go func() { done <- c.Settle(t.Context()) }()
				for range 2 {
					go func() { done <- c.Advance(t.Context(), time.Hour) }()
				}
				for range 3 {
					if err := <-done; err != nil {
						t.Error(err)
					}
				}
				if d := c.Now().Sub(began); d != 2*time.Hour {
					t.Errorf("time advanced by %s, want 2h", d)
				}
			})
		})
	}
}

func TestAdvanceEndsWithItsContext(t *testing.T) {
	t.Parallel()
	c := open(t, Manual)
	c.Begin()
	defer c.End()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Advance(ctx, time.Second); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func TestSkipJumpsToMovesAndNotToUpkeep(t *testing.T) {
	t.Parallel()
	c := open(t, Skip)
	ran := make(chan string, 2)
	c.Schedule(at(14*24*3600), Upkeep, func() { ran <- "retention" })
	c.Begin()
	c.Schedule(at(3600), Transition, func() { ran <- "delay" })
	c.End()
	if got := <-ran; got != "delay" {
		t.Fatalf("%s ran first, want delay", got)
	}
	if err := c.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := c.State(); s.Upkeep != 1 || s.Skipped < 3599*time.Second {
		t.Errorf("state %+v, want one upkeep event left and an hour skipped", s)
	}
}

func TestSkipRunsUpkeepOnItsWayInOrder(t *testing.T) {
	t.Parallel()
	c := open(t, Skip)
	var order []string
	c.Begin()
	c.Schedule(at(100), Transition, func() { order = append(order, "move") })
	c.Schedule(at(50), Upkeep, func() { order = append(order, "upkeep") })
	c.End()
	if err := c.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := []string{"upkeep", "move"}; !slices.Equal(order, want) {
		t.Errorf("sequence %q, want %q", order, want)
	}
}

func TestHoldStopsEventsAndAdvanceStillWorks(t *testing.T) {
	t.Parallel()
	c := open(t, Skip)
	c.Hold()
	held := c.Now()
	ran := false
	c.Schedule(held.Add(time.Minute), Transition, func() { ran = true })
	if err := c.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now := c.Now(); !now.Equal(held) {
		t.Errorf("time advanced from %v to %v while held", held, now)
	}
	if err := c.Advance(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	if !ran {
		t.Error("the event did not run when time advanced past it")
	}
	c.Release()
	if c.Held() {
		t.Error("still held after Release")
	}
}

func TestStoppedEventsDoNotRun(t *testing.T) {
	t.Parallel()
	c := open(t, Manual)
	e := c.Schedule(at(1), Transition, func() { t.Error("the stopped event ran") })
	if !e.Stop() {
		t.Error("Stop returned false for a scheduled event")
	}
	if e.Stop() {
		t.Error("a second Stop returned true")
	}
	if err := c.Advance(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
}

func TestSettleEndsWhenTheLastMoveIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Manual, start)
		defer c.Close()
		e := c.Schedule(at(1), Transition, func() {})
		settled := make(chan error, 1)
		go func() { settled <- c.Settle(t.Context()) }()
		synctest.Wait()
		e.Stop()
		if err := <-settled; err != nil {
			t.Error(err)
		}
	})
}

func TestCloseEndsWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Manual, start)
		c.Schedule(at(1), Transition, func() {})
		settled := make(chan error, 1)
		go func() { settled <- c.Settle(t.Context()) }()
		synctest.Wait()
		c.Close()
		c.Close()
		if err := <-settled; !errors.Is(err, ErrClosed) {
			t.Errorf("Settle returned %v, want ErrClosed", err)
		}
	})
}

func TestRealRunsWithTheMachinesClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Real, time.Time{})
		defer c.Close()
		began := time.Now()
		ran := make(chan time.Duration, 1)
		c.After(6*time.Hour, Transition, func() { ran <- time.Since(began) })
		if got := <-ran; got != 6*time.Hour {
			t.Errorf("ran after %s of the bubble's time, want 6h", got)
		}
	})
}

// A clock that its own callback halts runs no other event, even if it is due, and calls
// that wait return ErrClosed.
func TestACallbackMayHaltItsClock(t *testing.T) {
	t.Parallel()
	c := New(Simulated, start)
	c.Begin()
	ran := 0
	for range 3 {
		c.Schedule(at(1), Transition, func() {
			ran++
			c.Halt()
		})
	}
	c.End()
	if err := c.Settle(context.Background()); !errors.Is(err, ErrClosed) {
		t.Errorf("Settle returned %v, want ErrClosed", err)
	}
	c.Close()
	if ran != 1 {
		t.Errorf("%d events ran, want 1", ran)
	}
}

// After any sequence of schedules, stops and resets, exactly the remaining events run, each
// at its own time, ordered by time and then by when they were scheduled.
func TestEventsRunOnceAndInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		c := New(Manual, start)
		defer c.Close()
		type run struct{ at, id int }
		var events []*Event
		want := map[int]int{}
		var ran []run
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"schedule", "schedule", "stop", "reset"}).Draw(rt, "step") {
			case "schedule":
				id, s := len(events), rapid.IntRange(0, 50).Draw(rt, "at")
				kind := rapid.SampledFrom([]Kind{Transition, Upkeep}).Draw(rt, "kind")
				c.Begin() // nothing runs while the test schedules
				events = append(events, c.Schedule(at(s), kind, func() { ran = append(ran, run{int(c.Now().Sub(start).Seconds()), id}) }))
				want[id] = s
			case "stop":
				if len(events) > 0 {
					id := rapid.IntRange(0, len(events)-1).Draw(rt, "id")
					events[id].Stop()
					delete(want, id)
				}
			case "reset":
				if len(events) > 0 {
					id, s := rapid.IntRange(0, len(events)-1).Draw(rt, "id"), rapid.IntRange(0, 50).Draw(rt, "at")
					events[id].Reset(at(s))
					want[id] = s
				}
			}
		}
		for range events {
			c.End()
		}
		if err := c.Advance(context.Background(), time.Minute); err != nil {
			rt.Fatal(err)
		}
		if len(ran) != len(want) {
			rt.Fatalf("%d events ran, want %d", len(ran), len(want))
		}
		for i, r := range ran {
			if want[r.id] != r.at {
				rt.Fatalf("event %d ran at %d, want %d", r.id, r.at, want[r.id])
			}
			if i > 0 && ran[i-1].at > r.at {
				rt.Fatalf("event of second %d ran after one of second %d", r.at, ran[i-1].at)
			}
		}
	})
}
