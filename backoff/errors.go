package backoff

import (
	"errors"
	"fmt"
	"slices"
)

// maxErrors is the largest number of errors that Retry returns, so that an unlimited
// number of attempts does not use an unlimited amount of memory.
const maxErrors = 10

// failures are the errors of a Retry's attempts, oldest first.
type failures struct {
	attempts int
	errs     []error
	lastText string
}

// add adds the error of an attempt.
func (f *failures) add(err error) {
	f.attempts++
	text := fmt.Sprint(err) // not err.Error(), which panics for some nil pointers
	if last := len(f.errs) - 1; last >= 0 && text == f.lastText {
		f.errs[last] = err
		return
	}

	if len(f.errs) == maxErrors {
		f.errs = slices.Delete(f.errs, 1, 2)
	}
	f.errs = append(f.errs, err)
	f.lastText = text
}

// err returns an error that wraps them all. The error of a single attempt is returned
// as it is.
func (f *failures) err() error {
	if f.attempts == 1 {
		return f.errs[0]
	}
	return &attemptsError{f.attempts, f.errs}
}

// attemptsError is the error of several attempts. Its text has the latest error and the
// first, because most of those in between differ in a request id only.
type attemptsError struct {
	attempts int
	errs     []error // at least one, oldest first
}

func (e *attemptsError) Error() string {
	text := fmt.Sprintf("after %d attempts: %v", e.attempts, e.errs[len(e.errs)-1])
	if len(e.errs) > 1 {
		text += fmt.Sprintf(" (first attempt: %v)", e.errs[0])
	}
	return text
}

func (e *attemptsError) Unwrap() []error { return e.errs }

// stopped reports whether an error has the mark of Stop.
func stopped(err error) bool {
	var mark *stopError
	return errors.As(err, &mark)
}

// unmark returns the error without the mark of Stop.
func unmark(err error) error {
	for {
		mark, ok := err.(*stopError) //nolint:errorlint // only a mark that nothing wraps can be taken off
		if !ok {
			break
		}
		err = mark.err
	}

	if stopped(err) {
		return &unmarkedError{err}
	}
	return err
}

// unmarkedError hides the marks of Stop inside of an error from errors.As. It has no
// Unwrap method, which would show them; errors.Is and errors.As see everything else.
type unmarkedError struct{ err error }

func (e *unmarkedError) Error() string        { return e.err.Error() }
func (e *unmarkedError) Is(target error) bool { return errors.Is(e.err, target) }

func (e *unmarkedError) As(target any) bool {
	if _, ok := target.(**stopError); ok {
		return false
	}
	return errors.As(e.err, target)
}
