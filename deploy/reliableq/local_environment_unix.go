//go:build unix

package main

import (
	"fmt"
	"os"
	"slices"
	"syscall"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
)

// reduceEnvironment replaces this process by the same program without the variables
// that the embedded AWS does not need, such as keys and tokens. Unsetting them is
// not enough: the system shows the environment with which a process was started.
func reduceEnvironment() error {
	if len(os.Args) < 3 || os.Args[1] != "local" || os.Args[2] != "run" {
		return nil // a test calls the verb within its own process
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

	return fmt.Errorf("restart with a reduced environment: %w", syscall.Exec(exe, os.Args, needed))
}
