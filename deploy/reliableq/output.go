package main

import (
	"fmt"
	"io"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/terminal"
)

// output writes results. Foreign text in them, such as log lines, cannot
// act upon a terminal. What prints to it need not look at every write: the first
// that fails is kept, and ends the command with an error.
type output struct {
	clean *terminal.Writer
	// exact takes what another program reads and no person: it is written as it is.
	exact io.Writer
	err   error // of the first write that failed
}

func newOutput(w io.Writer) *output {
	o := &output{}
	o.exact = keeping{w, &o.err}
	o.clean = terminal.NewWriter(o.exact)
	return o
}

// Write writes text for people, or JSON.
func (o *output) Write(p []byte) (int, error) { return o.clean.Write(p) }

// lost writes what is buffered, and returns the error of results that could not be
// written, or nil.
func (o *output) lost() error {
	if err := o.clean.Flush(); err != nil && o.err == nil {
		o.err = err
	}
	if o.err == nil {
		return nil
	}
	return hint.With(fmt.Errorf("write the result: %w", o.err), "send it where there is space for it; the work itself is done")
}

// keeping is a writer that keeps the first error.
type keeping struct {
	w   io.Writer
	err *error
}

// Write hands p on.
func (k keeping) Write(p []byte) (int, error) {
	n, err := k.w.Write(p)
	if err != nil && *k.err == nil {
		*k.err = err
	}
	return n, err
}
