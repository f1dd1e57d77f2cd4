package sandbox

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"
)

// Crashed returns the outcome of an invocation whose process has ended before it
// responded. how is the way it ended, such as "exit status 1" or "signal: killed"
// (LAM C42).
func Crashed(requestID, how string) Outcome {
	f := &failure{
		kind:    "Runtime.ExitError",
		message: "Runtime exited with error: " + how,
		status:  Error,
	}
	return Outcome{Payload: f.payload(requestID), Failed: true}
}

// TimedOut returns the outcome of an invocation that has reached its timeout.
func TimedOut(requestID string, timeout time.Duration) Outcome {
	return Outcome{Payload: timeoutFailure(timeout).payload(requestID), Failed: true}
}

// killPoint is the call of the embedded AWS at which a handler in this process is
// killed.
type killPoint struct {
	calls       atomic.Int64 // calls left before it
	afterEffect bool         // the call still takes effect
}

// Exit ends the goroutine of a handler in this process whose context is ctx, as the
// end of its process would. In any other context it does nothing.
func Exit(ctx context.Context) {
	if ctx.Value(variablesKey) != nil {
		runtime.Goexit()
	}
}

const killPointKey contextKey = "kill point"

// WithKillPoint returns a context for a handler in this process that is to be killed
// while it works: at its call of the embedded AWS that follows the given number of
// calls, after that call takes effect or before.
func WithKillPoint(ctx context.Context, calls int, afterEffect bool) context.Context {
	k := &killPoint{afterEffect: afterEffect}
	k.calls.Store(int64(calls))
	return context.WithValue(ctx, killPointKey, k)
}

// Call carries out a call of the embedded AWS that a handler makes with ctx. At the
// handler's kill point it ends the handler's goroutine, as the end of its process
// would.
func Call[T any](ctx context.Context, call func() (T, error)) (T, error) {
	k, _ := ctx.Value(killPointKey).(*killPoint)
	if k == nil || k.calls.Add(-1) >= 0 {
		return call()
	}

	if k.afterEffect {
		_, _ = call() // the handler has ended and cannot receive the response
	}
	runtime.Goexit()
	panic("unreachable")
}
