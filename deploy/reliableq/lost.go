package main

import (
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/target"
)

// explainLost explains an error of a lost connection to the embedded AWS of this state
// directory: the text "EOF" helps nobody. It returns other errors unchanged.
func (s stateFlags) explainLost(err error) error {
	if !connectionLost(err) {
		return err
	}

	dir, dirErr := s.stateDir()
	if dirErr != nil {
		return err
	}

	const cause = "the embedded AWS ended the connection without a response, as a fault of kind kill makes it do"
	info, runErr := daemon.In(dir).Running()
	if runErr != nil {
		return hint.With(fmt.Errorf("%s; it is no longer running: %w", cause, err), "start it with reliableq local start")
	}

	return hint.With(fmt.Errorf("%s: %w", cause, err),
		fmt.Sprintf("it starts again by itself at %s: run the command again; if it does not, use reliableq local stop and reliableq local start", info.URL))
}

// explainCall is explainLost for a verb that may also call another target.
func (f targetFlags) explainCall(err error) error {
	if target.Kind(f.Target) != target.Embedded {
		return err
	}
	return f.explainLost(err)
}

// connectionLost reports whether the server went away before it responded.
func connectionLost(err error) bool {
	for _, lost := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.EPIPE} {
		if errors.Is(err, lost) {
			return true
		}
	}
	return false
}
