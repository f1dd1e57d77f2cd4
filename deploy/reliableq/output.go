package main

import (
	"fmt"
	"io"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/terminal"
)

// output writes results. It escapes control sequences for terminals, which text from
// outside may contain. Callers need not check each write: output stores the first error,
// and the command then fails with it.
type output struct {
	clean *terminal.Writer
	// exact writes without escapes, for output that only other programs read.
	exact io.Writer
	err   error // of the first write that failed
}

func newOutput(w io.Writer) *output {
	o := &output{}
	o.exact = firstError{w, &o.err}
	o.clean = terminal.NewWriter(o.exact)
	return o
}

// Write writes text for people, or JSON.
func (o *output) Write(p []byte) (int, error) { return o.clean.Write(p) }

// flush writes what is buffered, and returns the first error of any write, or nil.
func (o *output) flush() error {
	if err := o.clean.Flush(); err != nil && o.err == nil {
		o.err = err
	}
	if o.err == nil {
		return nil
	}
	return hint.With(fmt.Errorf("write the result: %w", o.err), "write it to a disk with free space; the work itself is done")
}

// firstError is a writer that stores the first error.
type firstError struct {
	w   io.Writer
	err *error
}

// Write writes p.
func (f firstError) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if err != nil && *f.err == nil {
		*f.err = err
	}
	return n, err
}
