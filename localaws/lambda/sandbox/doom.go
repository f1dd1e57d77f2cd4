package sandbox

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"
)

// Crashed is what the caller of a function learns whose process has ended in the
// middle of an invocation. how is its end, such as "exit status 1" or "signal:
// killed" (LAM C42).
func Crashed(requestID, how string) Outcome {
	f := &fault{kind: "Runtime.ExitError", message: "Runtime exited with error: " + how, status: Error}
	return Outcome{Payload: f.payload(requestID), Failed: true}
}

// TimedOut is what the caller of a function learns that has run into its timeout.
func TimedOut(requestID string, limit time.Duration) Outcome {
	f := &fault{kind: "Sandbox.Timedout", message: timedOut(limit), status: Timeout}
	return Outcome{Payload: f.payload(requestID), Failed: true}
}

// doom is the end that awaits a handler in this process at one of its calls of
// the embedded AWS.
type doom struct {
	calls  atomic.Int64 // left before the last one
	served bool         // the last call still takes effect
}

// Exit ends the goroutine of a handler in this process whose context is ctx, as the
// end of its process would. It returns to anybody else.
func Exit(ctx context.Context) {
	if ctx.Value(variablesKey) != nil {
		runtime.Goexit()
	}
}

const doomKey contextKey = "doom"

// WithDoom makes a context for a handler in this process that is to die during
// its work: at its call of the embedded AWS after so many others, once that has
// taken effect or before it does.
func WithDoom(ctx context.Context, calls int, served bool) context.Context {
	d := &doom{served: served}
	d.calls.Store(int64(calls))
	return context.WithValue(ctx, doomKey, d)
}

// Meet carries out one call of the embedded AWS that a handler makes with ctx. If
// it is to be the handler's last, the handler's goroutine ends here, as its
// process would.
func Meet[T any](ctx context.Context, call func() (T, error)) (T, error) {
	d, _ := ctx.Value(doomKey).(*doom)
	if d == nil || d.calls.Add(-1) >= 0 {
		return call()
	}
	if d.served {
		_, _ = call()
	}
	runtime.Goexit()
	panic("unreachable")
}
