//go:build !unix

package process

import (
	"errors"
	"syscall"
)

// osProcess stands for a process on systems where none is run.
type osProcess struct{}

// output stands for a process's output where none is run.
type output struct{}

func (*output) drain() {}

// Start refuses: without process groups a child could outlive its server.
func Start(Spec) (*Child, error) {
	return nil, errors.New("functions run as child processes only on Linux, macOS and other Unix systems")
}

func (c *Child) signal(syscall.Signal) {}
