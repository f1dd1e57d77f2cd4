// Package process runs the program of a Lambda function as a child process that
// cannot outlive its server.
//
// How far the program is kept apart from the machine is its [Isolation]. On Linux
// a supervisor (package supervisor) stands between the server and the program, so
// that killing a [Child] kills all of its descendants, whatever process group or
// session they are in, and so does the end of the server. Elsewhere a child is a
// process group, which a descendant can leave.
//
// Standard output and standard error are one stream, as in Lambda's logs. The
// environment holds what it was given and nothing else.
//
// Memory is watched and not bounded: [Child.Memory] returns how much was used, and
// the owner kills what is over its limit. It is read from /proc; where there is
// none it is zero.
package process

import "github.com/reliableq/reliableq/localaws/lambda/process/supervisor"

// Isolation is how far a program is kept apart from the machine and from other
// programs.
type Isolation uint8

const (
	// Shared is no isolation: the program runs as the server's user, sees all that
	// this user sees, and shares /tmp.
	Shared Isolation = iota
	// UserNamespace gives the program user, PID, mount and IPC namespaces of its
	// own: it sees the system's directories, its code and a private /tmp, and no
	// process but its own.
	UserNamespace
	// OwnUser gives the program PID, mount and IPC namespaces, and a user id that
	// nothing else on the machine has. The server must be root.
	OwnUser
)

// String names the isolation.
func (i Isolation) String() string {
	switch i {
	case UserNamespace:
		return "user namespace"
	case OwnUser:
		return "own user"
	}
	return "shared"
}

// Private reports whether the program has a file system and process ids of its
// own.
func (i Isolation) Private() bool { return i != Shared }

// TaskRoot and TempRoot are where a program with a file system of its own finds
// its code and its temporary files, as on Lambda.
const (
	TaskRoot = supervisor.TaskRoot
	TempRoot = supervisor.TempRoot
)

// Spec says what to run.
type Spec struct {
	// Path is the executable, a file within Dir.
	Path string
	// Dir is the directory with the code, and the working directory.
	Dir string
	// Temp is the directory for temporary files. With isolation the program sees
	// it as /tmp.
	Temp string
	// Env holds the whole environment, NAME=VALUE.
	Env []string
	// Output gets what the program writes, in order and in pieces that end
	// anywhere. It is called by one goroutine at a time and must not keep the
	// slice.
	Output func(p []byte)
	// Isolation is the kind that the system must provide; see [Detect].
	Isolation Isolation
	// Number identifies the execution environment in its server; with OwnUser it
	// decides the user id.
	Number uint32
	// Readable lists directories that the program may read beside the system's,
	// such as those with interpreters. Hidden lists those that it must not see.
	// They count with isolation only.
	Readable, Hidden []string
}

// Limits of one execution environment (LAM C65).
const (
	// OpenFiles is the number of file descriptors that a process may hold.
	OpenFiles = 1024
	// Processes is the number of processes and threads.
	Processes = 1024
)

// Child is a running or ended program.
type Child struct {
	system system // what belongs to the operating system
	output *output
	done   chan struct{}
	how    string // set before done is closed
	ok     bool   // set before done is closed
}

// Done is closed when the program and, on Linux, all its descendants have ended,
// and all that they wrote has been passed to Output.
func (c *Child) Done() <-chan struct{} { return c.done }

// Exit describes how the program ended, such as "exit status 1" or "signal:
// killed", and reports whether that was an orderly exit with status 0. It must
// not be called before Done is closed.
func (c *Child) Exit() (how string, orderly bool) { return c.how, c.ok }

// Drain passes to Output whatever the program has written so far.
func (c *Child) Drain() { c.output.drain() }

// ended reports whether Done is closed.
func (c *Child) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}
