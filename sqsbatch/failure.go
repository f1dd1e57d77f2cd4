package sqsbatch

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// fail writes down that the handler failed with err, and takes a permanent
// error to the dead-letter queue if there is one.
func (r *run) fail(ctx context.Context, result *Result, err error) {
	if err == ErrGroup { // NewBulk held it back behind one that does not decode
		result.Err, result.Started = err, time.Time{}
		return
	}
	result.Outcome, result.Err = Failed, err
	result.permanent = IsPermanent(err)
	if throttled := (*throttledError)(nil); errors.As(err, &throttled) {
		result.throttled, result.hiddenFor = true, max(throttled.after, 0)
	}
	if result.permanent && r.deadLetter != nil && r.bury(ctx, result) {
		result.Outcome = DeadLettered
	}
}

// guard, deferred, keeps a panic of what users hand in (a store, a sender, the
// methods of an error) from costing more than its own message. What is done
// stays done.
func (r *run) guard(ctx context.Context, result *Result) {
	v := recover()
	if v == nil {
		return
	}
	err := panicked(v)
	r.finished.Add(1)
	if result.Outcome.Done() {
		r.warn(ctx, "panic after the work", result, err)
		return
	}
	result.Outcome, result.Err = Failed, err
	r.failures.Add(1)
}

// recovered, deferred, turns a panic into an error.
func recovered(err *error) {
	if v := recover(); v != nil {
		*err = panicked(v)
	}
}

func panicked(v any) error { return &PanicError{Value: v, Stack: debug.Stack()} }

// text is an error's text. A handler may answer a nil pointer as an error, whose
// Error method panics: package fmt knows how to take that.
func text(err error) string { return fmt.Sprint(err) }
