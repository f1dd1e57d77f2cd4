package sqsbatch

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"
)

// fail records that the handler failed with err. If there is a dead-letter queue, it
// dead-letters a message with a permanent error or at its final attempt. A message that
// follows a failed one in its group is not dead-lettered: it would overtake that one.
func (r *run) fail(ctx context.Context, result *Result, err error) {
	if err == ErrGroup { // NewBulk: an earlier message of the group cannot be decoded
		result.Err = err
		result.Started = time.Time{}
		return
	}

	result.Outcome = Failed
	defer func() {
		// A method of the handler's error has panicked. The key must still be released.
		if v := recover(); v != nil {
			result.Err = panicked(v)
		}
	}()
	err = r.classified(ctx, result.Message, err)
	result.Err = err
	result.permanent = IsPermanent(err)
	result.hiddenFor, result.throttled = RetryAfterOf(err)

	if r.deadLetter == nil || result.behind || !result.permanent && !r.finalAttempt(result.Message) {
		return
	}
	if r.sendDeadLetter(ctx, result) {
		result.Outcome = DeadLettered
	}
}

// giveUp dead-letters a message that failed before its handler was called, such as one
// whose key function panics, at its final attempt. Otherwise it would block its group
// until SQS dead-letters the group with it. A message behind a failed one would overtake
// that one.
func (r *run) giveUp(ctx context.Context, result *Result) {
	if result.Outcome != Failed || result.blocked != nil || !r.finalAttempt(result.Message) {
		return
	}
	if r.sendDeadLetter(ctx, result) {
		result.Outcome = DeadLettered
	}
}

// guard must be deferred. It limits a panic in the user's code, such as a store, to its
// message. A message that is done stays done.
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

	result.Outcome = Failed
	result.Err = err
	r.failures.Add(1)
}

// recovered must be deferred. It turns a panic into an error.
func recovered(err *error) {
	if v := recover(); v != nil {
		*err = panicked(v)
	}
}

// panicked returns the error of a panic with v. It is called by deferred functions.
func panicked(v any) error { return &PanicError{Value: v, Stack: debug.Stack()} }

// stackOf returns the stack of a panic of the handler, or nil if err is another error. It
// calls no methods of the user's errors, which may panic.
func stackOf(err error) []byte {
	switch e := err.(type) {
	case *PanicError:
		return e.Stack
	case *permanentError: // from WithClassify
		return stackOf(e.err)
	case *throttledError:
		return stackOf(e.err)
	}
	return nil
}

// text returns an error's text. A handler may return a nil pointer as an error, whose
// Error method panics; package fmt handles that.
func text(err error) string { return fmt.Sprint(err) }
