// Package process runs the program of a Lambda function as a child process that
// cannot outlive its server.
//
// A [Child] is the leader of a process group of its own: killing it kills what it
// has started. On Linux the kernel kills it when the server dies, however that
// happens. Standard output and standard error are one stream, as in Lambda's
// logs. Its environment holds what it was given and nothing else.
//
// Memory is watched and not fenced: nothing short of a control group can bound a
// group of processes before the fact, so [Child.Memory] tells how much was used
// and the owner kills what is over its limit. It is read from /proc; where there
// is none, it answers zero.
package process

import (
	"os"
	"syscall"
)

// Spec says what to run.
type Spec struct {
	// Path is the executable.
	Path string
	// Dir is the working directory.
	Dir string
	// Env holds the whole environment, NAME=VALUE.
	Env []string
	// Output gets what the program writes, in order and in pieces that end
	// anywhere. It is called by one goroutine at a time and must not keep the
	// slice.
	Output func(p []byte)
}

// OpenFiles is the number of file descriptors that a function may hold (LAM C65).
const OpenFiles = 1024

// Child is a running or ended program.
type Child struct {
	cmd    *osProcess
	output *output
	done   chan struct{}
	state  *os.ProcessState // set before done is closed
	group  int
}

// Done is closed when the program has ended and all that it wrote has been
// handed to Output.
func (c *Child) Done() <-chan struct{} { return c.done }

// Exit describes how the program ended, such as "exit status 1" or "signal:
// killed", and reports whether that was an orderly exit with status 0. It must
// not be called before Done is closed.
func (c *Child) Exit() (how string, orderly bool) {
	return c.state.String(), c.state.Success()
}

// PID is the process id, which is that of its group as well.
func (c *Child) PID() int { return c.group }

// Drain hands to Output whatever the program has written so far.
func (c *Child) Drain() { c.output.drain() }

// Terminate asks the group to end (SIGTERM).
func (c *Child) Terminate() { c.signal(syscall.SIGTERM) }

// Kill ends the group and waits until its leader is gone.
func (c *Child) Kill() {
	c.signal(syscall.SIGKILL)
	<-c.done
}
