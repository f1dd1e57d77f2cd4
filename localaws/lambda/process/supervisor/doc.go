// Package supervisor is the small process between the server and the program of a
// function, on Linux.
//
// The server starts its own executable again under the name [Name]. The init function
// of this package sees that name and does not let the rest of the program start. It
// reads one [Request], isolates itself from the machine as the request says, starts the
// program, and follows commands until the program ends. The package imports little, so
// that its init function runs before those of larger packages.
//
// With [Request.Namespaces] the supervisor is process 1 of a PID namespace: when it
// ends, for any reason, the kernel kills every process of the function. Without, it is
// the subreaper of all descendants of the program, and kills them itself. With
// [Request.UID] the program cannot kill the supervisor first.
//
// The supervisor also ends when the server's end of its socket is closed, which the
// kernel does when the server ends.
package supervisor

// Name is the name (argument 0) that makes this executable a supervisor.
const Name = "localaws-function-supervisor"

// TaskRoot and TempRoot are the paths at which a program in namespaces finds its code
// and its temporary files, as on Lambda.
const (
	TaskRoot = "/var/task"
	TempRoot = "/tmp"
)

// Request describes the program that a supervisor runs.
type Request struct {
	// Probe makes the supervisor isolate itself, report, and end without a program.
	Probe bool
	// Namespaces reports that the supervisor was started in new PID, mount and IPC
	// namespaces, and makes it give the program a file system of its own.
	Namespaces bool
	// UID is the user and group that the program runs as; 0 means the
	// supervisor's own.
	UID uint32
	// Path is the executable.
	Path string
	// Dir is the working directory.
	Dir string
	// Temp is a directory that the supervisor gives to UID. With Namespaces, the
	// program sees it as /tmp.
	Temp string
	// OpenFiles is the limit of open files.
	OpenFiles uint32
	// Processes is the limit of processes and threads; 0 means none.
	Processes uint32
	// Env is the whole environment, NAME=VALUE.
	Env []string
	// Readable lists directories that the program sees read-only in addition to those
	// of the system. Those that do not exist are ignored. With Namespaces only.
	Readable []string
	// Hidden lists directories that the program must not see, even if they are in a
	// readable one. With Namespaces only.
	Hidden []string
}

// Commands that the server sends, one byte each.
const (
	// Stop stops every process of the function.
	Stop byte = 's'
	// Continue continues stopped processes.
	Continue byte = 'c'
	// Terminate sends SIGTERM to the program's process group.
	Terminate byte = 't'
	// Kill kills every process of the function, and ends the supervisor.
	Kill byte = 'k'
)

// Kinds of reports that the supervisor sends.
const (
	// Running reports that the program was started, or that a probe succeeded.
	Running byte = 'r'
	// Refused reports that the program cannot be executed. Value is the error number.
	Refused byte = 'e'
	// Failed reports that the program could not be isolated. Value is the error
	// number, Text the step that failed.
	Failed byte = 'f'
	// Exited reports that the program has ended. Value is its wait status.
	Exited byte = 'x'
)

// Report is a message from a supervisor to the server.
type Report struct {
	// Kind is one of Running, Refused, Failed and Exited.
	Kind byte
	// Value depends on Kind.
	Value uint32
	// Text depends on Kind.
	Text string
}
