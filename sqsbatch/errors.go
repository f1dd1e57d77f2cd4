package sqsbatch

import (
	"errors"
	"fmt"
	"time"
)

// Errors of messages that the handler did not see.
var (
	// ErrNoTime is the error of a message that was not started because it could
	// not have finished before the function's deadline.
	ErrNoTime = errors.New("not started: too little time before the deadline")
	// ErrBreaker is the error of a message that was not started because too many
	// before it had failed.
	ErrBreaker = errors.New("not started: too many messages of the batch failed")
	// ErrGroup is the error of a message of a FIFO queue that was not started
	// because one before it in its group failed.
	ErrGroup = errors.New("not started: an earlier message of its group failed")
	// ErrRepeats is the error of a message that was not started because another
	// of the batch with its idempotency key was, and did not succeed.
	ErrRepeats = errors.New("not started: another message of the batch with its key did not succeed")
	// ErrClaimed is the error of a message that another invocation is working
	// on, as the idempotency store says.
	ErrClaimed = errors.New("not started: claimed by another invocation")
)

// Permanent marks an error that another try would meet again. Permanent of nil
// is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

// IsPermanent tells whether Permanent marked err or one that it wraps.
func IsPermanent(err error) bool {
	var p *permanentError
	return errors.As(err, &p)
}

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// RetryAfter marks an error after which the message is not worth another try
// before d has passed, as when a service downstream throttles. It takes effect
// where [WithBackoff] is given. RetryAfter of nil is nil.
func RetryAfter(d time.Duration, err error) error {
	if err == nil {
		return nil
	}
	return &throttledError{err: err, after: d}
}

type throttledError struct {
	err   error
	after time.Duration
}

func (e *throttledError) Error() string { return e.err.Error() }
func (e *throttledError) Unwrap() error { return e.err }

// DecodeError says that a message's body is not what the handler expects. It is
// permanent.
type DecodeError struct {
	// Err is the decoder's.
	Err error
}

// Error is the decoder's text, and that it was the body.
func (e *DecodeError) Error() string { return "decode body: " + e.Err.Error() }

// Unwrap is the decoder's error.
func (e *DecodeError) Unwrap() error { return e.Err }

// PanicError says that the handler panicked on a message.
type PanicError struct {
	// Value is what it panicked with.
	Value any
	// Stack is the goroutine's stack at that moment.
	Stack []byte
}

// Error is the panic's value.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap is the panic's value if that was an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// BatchError fails a whole invocation, as [WithFailures] may ask for.
type BatchError struct {
	// Failed are the ids of the messages that failed.
	Failed []string
	// Total is how many messages the batch had.
	Total int
	// First is the error of the first of them.
	First error
}

// Error names how many failed, and the first error.
func (e *BatchError) Error() string {
	return fmt.Sprintf("%d of %d messages failed %v, the first with: %v", len(e.Failed), e.Total, e.Failed, e.First)
}

// Unwrap is the first message's error.
func (e *BatchError) Unwrap() error { return e.First }
