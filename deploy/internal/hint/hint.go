// Package hint gives errors a way out: beside what failed and on which object, an
// error can say what to do next. The command prints both, each on a line of its
// own.
package hint

import "errors"

// Error is an error together with the next step for the person who reads it.
type Error struct {
	// Err says what failed and on which object.
	Err error
	// Next says what to do, as a sentence without a full stop.
	Next string
}

// Error is the text of what failed, without the hint.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap answers what failed.
func (e *Error) Unwrap() error { return e.Err }

// With adds the next step to err. It answers nil when err is nil, and leaves an
// error alone that carries a hint already: who is nearer to the fault knows more.
func With(err error, next string) error {
	if err == nil || next == "" || Of(err) != "" {
		return err
	}
	return &Error{Err: err, Next: next}
}

// New is an error with a next step.
func New(text, next string) error { return &Error{Err: errors.New(text), Next: next} }

// Of is the next step that err carries, or empty.
func Of(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Next
	}
	return ""
}
