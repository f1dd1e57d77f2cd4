package fault

// Error is the error of a call that a fault failed. Faults end by themselves: the same
// call can succeed later, although nothing has changed.
type Error struct {
	// Err is the error in the form of the service.
	Err error
}

// Error returns the text of Err.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }
