package main

import (
	"fmt"
	"os"
	"slices"
	"syscall"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
)

// shedEnvironment starts this program again, in the same process, without the
// variables that the embedded AWS does not need. Unsetting them would not do: the
// system goes on showing the environment that a process was started with.
func shedEnvironment() error {
	if len(os.Args) < 3 || os.Args[1] != "local" || os.Args[2] != "run" {
		return nil // the verb was not called as a program of its own
	}
	environ := os.Environ()
	needed := daemon.Environment(environ)
	if slices.Equal(needed, environ) {
		return nil
	}
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	return fmt.Errorf("start again with a smaller environment: %w", syscall.Exec(exe, os.Args, needed))
}
