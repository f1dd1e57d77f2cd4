package sqsbatch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Errors of messages for which the handler was not called.
var (
	// ErrNoTime is the error of a message that was not started because it might
	// not finish before the function's deadline.
	ErrNoTime = errors.New("not started: too little time before the deadline")
	// ErrBreaker is the error of a message that was not started because too many
	// messages of the batch had failed. See [WithBreaker].
	ErrBreaker = errors.New("not started: too many messages of the batch failed")
	// ErrGroup is the error of a message of a FIFO queue that was not started
	// because one before it in its group failed.
	ErrGroup = errors.New("not started: an earlier message of its group failed")
	// ErrRepeats is the error of a message that was not started because another
	// message of the batch with the same idempotency key did not succeed.
	ErrRepeats = errors.New("not started: the message with the same idempotency key in this batch did not succeed")
	// ErrClaimed is the error of a message that another invocation is processing,
	// according to the idempotency store.
	ErrClaimed = errors.New("not started: claimed by another invocation")
)

// ErrTimeLimit is wrapped by the error of a message whose context ended before that of
// the work: it used up its share of the invocation's time, or the time of
// [WithMessageTimeout].
var ErrTimeLimit = errors.New("exceeded its time limit")

// Permanent returns an error that wraps err and marks the message as one that will
// never succeed. It returns nil if err is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

// IsPermanent reports whether err, or an error that it wraps, is from [Permanent].
func IsPermanent(err error) bool {
	var p *permanentError
	return errors.As(err, &p)
}

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// RetryAfter returns an error that wraps err and asks for a retry after d, for example
// because another service throttles. It needs [WithBackoff]. The delay is random
// between d and one and a half times d, so that throttled messages do not come back
// together; it is d if the policy has no jitter. RetryAfter returns nil if err is nil.
func RetryAfter(d time.Duration, err error) error {
	if err == nil {
		return nil
	}
	return &throttledError{err: err, after: d}
}

// RetryAfterOf returns the time of [RetryAfter] if err, or an error that it wraps, is
// from that function, and whether it is. The time of the outermost one counts.
func RetryAfterOf(err error) (d time.Duration, ok bool) {
	var t *throttledError
	if !errors.As(err, &t) {
		return 0, false
	}
	return max(t.after, 0), true
}

type throttledError struct {
	err   error
	after time.Duration
}

func (e *throttledError) Error() string { return e.err.Error() }
func (e *throttledError) Unwrap() error { return e.err }

// DecodeError is the error of a message that cannot be decoded. It is permanent, unless
// the decoder's error may pass; see [WithDecoder].
type DecodeError struct {
	// Err is the error of the decoder.
	Err error
}

// Error returns the text of the decoder's error.
func (e *DecodeError) Error() string { return "decode body: " + e.Err.Error() }

// Unwrap returns the decoder's error.
func (e *DecodeError) Unwrap() error { return e.Err }

// decodeError returns the error of a message for the error of its decoder.
func decodeError(ctx context.Context, err error) error {
	failed := &DecodeError{Err: err}
	_, throttled := RetryAfterOf(err)
	var timeout interface{ Timeout() bool }
	switch {
	case throttled,
		errors.As(err, &timeout) && timeout.Timeout(),
		errors.Is(err, context.Canceled),
		ctx.Err() != nil:
		return failed
	}
	return Permanent(failed)
}

// PanicError is the error of a message on which the handler panicked.
type PanicError struct {
	// Value is the value of the panic.
	Value any
	// Stack is the stack of the goroutine at the panic.
	Stack []byte
}

// Error returns the value of the panic as text.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the value of the panic if it is an error, else nil.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error) // nil if it is another type
	return err
}

// BatchError is the error of an invocation that fails as a whole; see [WithFailures].
type BatchError struct {
	// Failed are the ids of the messages that failed.
	Failed []string
	// Total is the number of messages of the batch.
	Total int
	// Errs are their errors, in the same order.
	Errs []error
}

// maxErrorTexts is the largest number of different texts in the text of a BatchError.
const maxErrorTexts = 10

// Error returns the number of failed messages, their ids and their different errors.
func (e *BatchError) Error() string {
	counts := make(map[string]int)
	var texts []string // in the order of the batch
	for _, err := range e.Errs {
		s := text(err)
		if counts[s]++; counts[s] == 1 {
			texts = append(texts, s)
		}
	}

	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d messages failed %v: ", len(e.Failed), e.Total, e.Failed)
	for i, s := range texts {
		if i == maxErrorTexts {
			fmt.Fprintf(&b, "; and %d other errors", len(texts)-i)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(s)
		if n := counts[s]; n > 1 {
			fmt.Fprintf(&b, " (%d times)", n)
		}
	}
	return b.String()
}

// Unwrap returns the errors of the failed messages.
func (e *BatchError) Unwrap() []error { return e.Errs }
