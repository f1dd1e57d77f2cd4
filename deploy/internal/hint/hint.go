// Package hint adds to an error what to do next. The command prints the error and the
// hint on separate lines.
package hint

import "errors"

// Error is an error with a hint for the user.
type Error struct {
	// Err is what failed, and on which object.
	Err error
	// Next is what to do, without a full stop.
	Next string
}

// Error returns the text of Err, without the hint.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// With adds a hint to err. It returns nil if err is nil, and err itself if it already has
// a hint: code nearer to the failure knows more about it.
func With(err error, next string) error {
	if err == nil || next == "" || Of(err) != "" {
		return err
	}
	return &Error{Err: err, Next: next}
}

// New returns an error with a hint.
func New(text, next string) error { return &Error{Err: errors.New(text), Next: next} }

// Of returns the hint of err, or "".
func Of(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Next
	}
	return ""
}
