//go:build !unix

package process

import (
	"errors"
	"net/netip"
)

// system is empty: no program is run on this system.
type system struct{}

// output is empty: no program is run on this system.
type output struct{}

func (*output) drain() {}

var errUnsupported = errors.New("functions run as child processes only on Linux, macOS and other Unix systems")

// Detect returns Shared and an error.
func Detect() (Isolation, error) { return Shared, errUnsupported }

// Start returns an error: without process groups a child could outlive its server.
func Start(Spec) (*Child, error) { return nil, errUnsupported }

// PID returns 0.
func (c *Child) PID() int { return 0 }

// Terminate does nothing.
func (c *Child) Terminate() {}

// Kill does nothing.
func (c *Child) Kill() {}

// Pause does nothing.
func (c *Child) Pause() {}

// Resume does nothing.
func (c *Child) Resume() {}

// Memory returns 0.
func (c *Child) Memory() int64 { return 0 }

// Connected returns true.
func (c *Child) Connected(_, _ netip.AddrPort) (bool, error) { return true, nil }
