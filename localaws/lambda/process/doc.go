// Package process runs the program of a Lambda function as a child process that
// cannot outlive its server.
//
// How far the program is separated from the machine is its [Isolation]. On Linux a
// supervisor (package supervisor) runs between the server and the program, so that
// killing a [Child] kills all of its descendants, whatever process group or session
// they are in. The end of the server kills them as well. On other systems a child is a
// process group, which a descendant can leave.
//
// Standard output and standard error are one stream, as in Lambda's logs. The
// program's environment is exactly Spec.Env.
//
// Memory is measured and not limited: [Child.Memory] returns how much was used, and
// the caller kills a program that exceeds its limit. The figures come from /proc. On
// systems without it, they are zero.
package process

import "github.com/reliableq/reliableq/localaws/lambda/process/supervisor"

// Isolation is how far a program is separated from the machine and from other
// programs.
type Isolation uint8

const (
	// Shared is no isolation: the program runs as the server's user, can read and
	// write whatever this user can, and shares /tmp.
	Shared Isolation = iota
	// UserNamespace gives the program user, PID, mount and IPC namespaces of its
	// own: it sees the system's directories, its code, a private /tmp, and only its
	// own processes.
	UserNamespace
	// OwnUser gives the program PID, mount and IPC namespaces, and a user id that
	// nothing else on the machine has. The server must be root.
	OwnUser
	// OwnUserSharedFiles gives the program a user id that nothing else on the
	// machine has, and no namespace: it sees the machine's files and processes as
	// any other user does, and shares /tmp. It is for a server that runs as root
	// without the permission to make namespaces, as in most containers.
	OwnUserSharedFiles
)

// String returns the isolation as `reliableq local status` shows it.
func (i Isolation) String() string {
	switch i {
	case UserNamespace:
		return "user namespace"
	case OwnUser:
		return "own user"
	case OwnUserSharedFiles:
		return "own user, shared files"
	}
	return "shared"
}

// Private reports whether the program has a file system and process ids of its
// own.
func (i Isolation) Private() bool { return i == UserNamespace || i == OwnUser }

// HasOwnUser reports whether the program has a user id of its own.
func (i Isolation) HasOwnUser() bool { return i == OwnUser || i == OwnUserSharedFiles }

// TaskRoot and TempRoot are the paths at which a program with a file system of its own
// finds its code and its temporary files, as on Lambda.
const (
	TaskRoot = supervisor.TaskRoot
	TempRoot = supervisor.TempRoot
)

// Spec describes a program to run.
type Spec struct {
	// Path is the executable, a file in Dir.
	Path string
	// Dir is the directory with the code, and the working directory.
	Dir string
	// Temp is the directory for temporary files. A program with a file system of its
	// own sees it as /tmp. With OwnUserSharedFiles, every user must be able to reach
	// Dir and Temp.
	Temp string
	// Env is the whole environment, NAME=VALUE.
	Env []string
	// Output is called with what the program writes, in order and in pieces of any
	// length. It is called by one goroutine at a time, and must not retain the
	// slice.
	Output func(p []byte)
	// Isolation is the kind of isolation, which the system must provide; see
	// [Detect].
	Isolation Isolation
	// Number distinguishes the execution environments that exist on this machine at
	// the same time. It is less than MaxNumber. With an isolation that has its own
	// user, the user id is derived from it.
	Number uint32
	// Readable lists directories that the program may read in addition to the
	// system's, such as those with interpreters. Ignored without isolation.
	Readable []string
	// Hidden lists directories that the program must not see. Ignored without
	// isolation.
	Hidden []string
}

// MaxNumber is the upper bound of Spec.Number.
const MaxNumber = 1 << 30

// Limits of one execution environment (LAM C65).
const (
	// OpenFiles is the number of file descriptors that a process may have.
	OpenFiles = 1024
	// Processes is the number of processes and threads.
	Processes = 1024
)

// Child is a program that runs or has ended.
type Child struct {
	system    system // the part that depends on the operating system
	output    *output
	done      chan struct{}
	how       string // how the program ended; set before done is closed
	cleanExit bool   // exit status 0; set before done is closed
}

// Done returns a channel that is closed when the program and, on Linux, all its
// descendants have ended, and all their output has been passed to Spec.Output.
func (c *Child) Done() <-chan struct{} { return c.done }

// Exit returns how the program ended, such as "exit status 1" or "signal: killed", and
// whether that was an exit with status 0. It must not be called before Done is closed.
func (c *Child) Exit() (how string, cleanExit bool) { return c.how, c.cleanExit }

// Drain passes everything that the program has written so far to Spec.Output.
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
