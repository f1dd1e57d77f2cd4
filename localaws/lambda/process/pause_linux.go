package process

import "syscall"

// Pause stops the group where it stands, so that work left behind waits for the
// next invocation as on Lambda (LAM C66). It does so on Linux only, where the
// kernel kills the child even in that state when the server dies.
func (c *Child) Pause() { c.signal(syscall.SIGSTOP) }

// Resume lets a paused group go on.
func (c *Child) Resume() { c.signal(syscall.SIGCONT) }
