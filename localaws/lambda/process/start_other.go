//go:build !unix

package process

import (
	"errors"
	"net/netip"
)

// system stands for a process on systems where none is run.
type system struct{}

// output stands for a process's output where none is run.
type output struct{}

func (*output) drain() {}

var errSystem = errors.New("functions run as child processes only on Linux, macOS and other Unix systems")

// Detect returns Shared.
func Detect() (Isolation, error) { return Shared, errSystem }

// Start refuses: without process groups a child could outlive its server.
func Start(Spec) (*Child, error) { return nil, errSystem }

// PID is 0.
func (c *Child) PID() int { return 0 }

// Terminate does nothing.
func (c *Child) Terminate() {}

// Kill does nothing.
func (c *Child) Kill() {}

// Pause does nothing.
func (c *Child) Pause() {}

// Resume does nothing.
func (c *Child) Resume() {}

// Memory is zero.
func (c *Child) Memory() int64 { return 0 }

// Connected reports true: this system does not tell whose a socket is.
func (c *Child) Connected(_, _ netip.AddrPort) (bool, error) { return true, nil }
