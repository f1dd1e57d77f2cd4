package lambda

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/localaws/fault"
	"github.com/reliableq/reliableq/localaws/lambda/mapping"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

// startSimulated starts a service whose handlers run as events of its clock.
func startSimulated(t *testing.T, duration func(event string) time.Duration, change ...func(*Options)) *testService {
	t.Helper()

	return start(t, append(change, func(o *Options) {
		o.SimulatedDuration = func(_ string, event []byte) time.Duration { return duration(string(event)) }
	})...)
}

func TestSimulatedInvocationsFollowTheClock(t *testing.T) {
	t.Parallel()

	b := startSimulated(t, func(event string) time.Duration {
		return map[string]time.Duration{"1": 2 * time.Second, "2": time.Second}[event]
	})

	var got []string
	note := func(what string) { got = append(got, fmt.Sprintf("%s %s", b.clock.Now().Sub(epoch), what)) }
	b.createHandler(t, "f", func(_ context.Context, event []byte) ([]byte, error) {
		note("runs " + string(event))
		return event, nil
	})

	for _, event := range []string{"1", "2", "3"} {
		b.StartInvocation(ctx, functionARN, []byte(event), "", func(o mapping.Outcome) { note("done " + string(o.Payload)) })
	}

	if len(got) > 0 {
		t.Errorf("before the clock has advanced: %q", got)
	}

	if err := b.clock.Advance(ctx, 5*time.Second); err != nil {
		t.Fatal(err)
	}

	want := []string{"0s runs 3", "0s done 3", "1s runs 2", "1s done 2", "2s runs 1", "2s done 1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	if work := b.clock.State().Work; work != 0 {
		t.Errorf("%d pieces of work are left", work)
	}
}

func TestSimulatedTimeoutCountsServiceTime(t *testing.T) {
	t.Parallel()

	b := startSimulated(t, func(string) time.Duration { return time.Minute })
	b.createHandler(t, "f", echo)
	var after time.Duration
	var out mapping.Outcome
	b.StartInvocation(ctx, functionARN, []byte(`{}`), "", func(o mapping.Outcome) {
		after = b.clock.Now().Sub(epoch)
		out = o
	})

	if err := b.clock.Advance(ctx, time.Hour); err != nil {
		t.Fatal(err)
	}

	if after != 3*time.Second || !out.FunctionError || !cmp.Equal(decode(t, out.Payload)["errorType"], any("Sandbox.Timedout")) {
		t.Errorf("after %s: %+v %s", after, out, out.Payload)
	}
}

func TestSimulatedInvocationHoldsItsConcurrency(t *testing.T) {
	t.Parallel()

	b := startSimulated(t, func(string) time.Duration { return 2 * time.Second })
	b.createHandler(t, "f", echo)
	if _, err := b.PutFunctionConcurrency(ctx, b.call, &PutFunctionConcurrencyInput{"f", ptr(1)}); err != nil {
		t.Fatal(err)
	}

	outcomes := map[string]error{}
	invoke := func(event string) {
		b.StartInvocation(ctx, functionARN, []byte(event), "", func(o mapping.Outcome) { outcomes[event] = o.Err })
	}

	invoke("1")
	b.clock.After(time.Second, 0, func() { invoke("2") })
	b.clock.After(3*time.Second, 0, func() { invoke("3") })
	if err := b.clock.Advance(ctx, time.Minute); err != nil {
		t.Fatal(err)
	}

	wantError(t, outcomes["2"], "TooManyRequestsException", 429, "Rate Exceeded")
	if len(outcomes) != 3 || outcomes["1"] != nil || outcomes["3"] != nil {
		t.Errorf("%v", outcomes)
	}
}

func TestClosedServiceRunsNoSimulatedInvocation(t *testing.T) {
	t.Parallel()

	b := startSimulated(t, func(string) time.Duration { return time.Second })
	b.createHandler(t, "f", func(context.Context, []byte) ([]byte, error) {
		t.Error("ran after the service was closed")
		return nil, nil
	})

	b.StartInvocation(ctx, functionARN, []byte(`{}`), "", func(mapping.Outcome) { t.Error("done") })
	if err := b.Close(ctx); err != nil {
		t.Fatal(err)
	}

	if err := b.clock.Advance(ctx, time.Minute); err != nil {
		t.Fatal(err)
	}
}

func TestAsynchronousEventsAreSimulated(t *testing.T) {
	t.Parallel()

	b := startSimulated(t, func(string) time.Duration { return 0 })
	var got []string
	b.createHandler(t, "f", func(_ context.Context, event []byte) ([]byte, error) {
		if got = append(got, string(event)); len(got) == 1 {
			return nil, fmt.Errorf("try again")
		}
		return nil, nil
	})

	for _, event := range []string{"1", "2"} {
		if _, err := b.tryInvoke(t, &InvokeInput{
			FunctionName:   "f",
			InvocationType: "Event",
			Payload:        []byte(event),
		}); err != nil {
			t.Fatal(err)
		}
	}

	if err := b.clock.Advance(ctx, time.Hour); err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff([]string{"1", "2", "1"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestHandlerThatCallsGoexitFailsLikeAnExit(t *testing.T) {
	t.Parallel()

	b := start(t)
	b.createHandler(t, "f", func(context.Context, []byte) ([]byte, error) {
		runtime.Goexit()
		return nil, nil
	})
	out := b.invokeTail(t, "f", `{}`)
	if out.FunctionError != "Unhandled" || decode(t, out.Payload)["errorType"] != "Runtime.ExitError" {
		t.Errorf("%+v %s", out, out.Payload)
	}
}

func TestCrashDuringKillsAProgram(t *testing.T) {
	t.Parallel()

	faults := []InjectedFault{{Rule: fault.Rule{Kind: fault.CrashDuring, Delay: 10 * time.Millisecond}}, {}}
	b := start(t, func(o *Options) {
		o.InjectFault = func(string) InjectedFault {
			f := faults[0]
			faults = faults[1:]
			return f
		}
	})

	b.create(t, "f")
	out := b.invokeTail(t, "f", `{}`)
	if out.FunctionError != "Unhandled" || decode(t, out.Payload)["errorType"] != "Runtime.ExitError" {
		t.Errorf("%+v %s", out, out.Payload)
	}

	if out := b.invokeTail(t, "f", `{}`); out.FunctionError != "" {
		t.Errorf("the next environment: %s", out.Payload)
	}
}

func TestCrashDuringEndsAHandlerAtACall(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		calls  int
		served bool
		want   int
	}{{0, false, 0}, {0, true, 1}, {2, false, 2}, {2, true, 3}} {
		t.Run(fmt.Sprintf("call %d, served %t", c.calls, c.served), func(t *testing.T) {
			made := 0
			over := make(chan bool, 1)
			go func() {
				survived := false
				defer func() { over <- survived }()
				crashing := sandbox.WithKillPoint(ctx, c.calls, c.served)
				for range 5 {
					_, _ = sandbox.Call(crashing, func() (int, error) { made++; return made, nil })
				}
				survived = true
			}()

			if survived := <-over; survived || made != c.want {
				t.Errorf("%+v: survived %v, %d calls took effect", c, survived, made)
			}
		})
	}
}
