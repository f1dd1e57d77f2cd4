// Package supervise runs a program so that neither it nor its descendants outlive
// this process, however this process ends.
//
// The program is a child of a supervisor, which is this binary, started again. The
// supervisor reads from a pipe, the lifeline. When the lifeline closes, even because
// this process was killed with SIGKILL, the supervisor interrupts the program, gives
// it time to end by itself, and then kills its process group and every other
// descendant. The program runs in a process group of its own, so that a terminal's
// Ctrl-C and hangup reach only this process.
//
// On Linux the supervisor is also a child subreaper: descendants that left the
// process group are found and killed too. Other systems have no such call: there, a
// descendant that starts a session of its own is not found. Windows has no process
// groups of this kind: there, nothing is run.
package supervise

import (
	"io"
	"os"
	"time"
)

// Command is a program to run.
type Command struct {
	// Path is the program.
	Path string
	// Args are its arguments, without its name.
	Args []string
	// Dir is its working directory.
	Dir string
	// Env is its whole environment.
	Env []string
	// Stdout and Stderr receive what it prints; nil discards it.
	Stdout, Stderr io.Writer
	// EndTimeout is how long it may take to end after an interrupt, before it is killed.
	EndTimeout time.Duration
	// KeepOpen is a file, such as a locked one, that the supervisor inherits: it stays
	// open until the program and all its descendants have ended. It may be nil.
	KeepOpen *os.File
}
