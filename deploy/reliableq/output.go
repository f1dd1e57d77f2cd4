package main

import (
	"fmt"
	"io"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// output is where results go. What prints to it need not look at every write: the
// first that fails is kept, and ends the command with an error.
type output struct {
	w   io.Writer
	err error // of the first write that failed
}

// Write hands p on.
func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if err != nil && o.err == nil {
		o.err = err
	}
	return n, err
}

// lost is the error of results that could not be written, or nil.
func (o *output) lost() error {
	if o.err == nil {
		return nil
	}
	return hint.With(fmt.Errorf("write the result: %w", o.err), "send it where there is space for it; the work itself is done")
}
