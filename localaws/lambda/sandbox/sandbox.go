package sandbox

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/lambda/process"
)

// Environment is an execution environment.
type Environment interface {
	// Invoke runs one invocation and returns when the environment is ready for
	// the next. The outcome is passed to answered, once, as soon as it is known:
	// that may be earlier, for a function may go on working after its answer.
	// Invoke must not be called while another runs.
	//
	// ctx ends the invocation from outside, as a shutdown does; a caller that
	// goes away is no reason to.
	Invoke(ctx context.Context, inv Invocation, answered func(Outcome)) Report
	// Close ends the environment and leaves nothing behind. It must not be
	// called while an invocation runs.
	Close()
}

// Function is what an environment knows of the version that it runs.
type Function struct {
	// Name is the function's name.
	Name string
	// Version is $LATEST or a number.
	Version string
	// ARN is the function's unqualified ARN.
	ARN string
	// Region is the function's region.
	Region string
	// Handler is the handler setting.
	Handler string
	// RuntimeVersionARN names the runtime in INIT_START lines.
	RuntimeVersionARN string
	// MemoryMB is the memory setting, 128 to 10240.
	MemoryMB int
	// Timeout is the timeout setting, 1 s to 15 min. A Go value with none, 0,
	// may take as long as it likes.
	Timeout time.Duration
	// InitTimeout is how long the init phase may take; zero means the 10 s of
	// LAM C66.
	InitTimeout time.Duration
	// Variables holds the user's environment variables.
	Variables map[string]string
	// LogGroup is the log group's name.
	LogGroup string
	// Format says how log lines look and which are kept.
	Format Format
	// Dir is the folder that the code was unpacked to.
	Dir string
	// Refusal is set when the code cannot run at all, and says why in the words
	// of a failed start (LAM C19).
	Refusal string
}

// Host is what an environment gets from the machine and the server around it.
type Host struct {
	// Stream is the log stream's name (LAM C74).
	Stream string
	// TempDir is an empty folder for temporary files; the environment deletes
	// it when it closes.
	TempDir string
	// Endpoint is the embedded AWS, for AWS_ENDPOINT_URL.
	Endpoint string
	// Credentials are the session's of the function's role.
	Credentials Credentials
	// Children keeps track of the programs that are started; nil means nobody does.
	Children *process.Children
	// Isolation is how far the program is kept apart from the machine.
	Isolation process.Isolation
	// Number identifies the environment in its server.
	Number uint32
	// Hidden lists directories of the machine that the program must not see.
	Hidden []string
	// Path is PATH of the machine, appended to Lambda's own so that scripts
	// find their interpreters.
	Path string
	// Now is service time.
	Now func() time.Time
	// Write takes log lines in order. It is called by one goroutine at a time.
	// With nil nothing is logged.
	Write func([]Line)
}

// Credentials are a key of a role's session.
type Credentials struct {
	// AccessKeyID begins with ASIA (LAM C64).
	AccessKeyID string
	// SecretAccessKey signs.
	SecretAccessKey string
	// SessionToken goes with the key.
	SessionToken string
}

// Invocation is one call of a function.
type Invocation struct {
	// RequestID is its id, the same on every attempt.
	RequestID string
	// FunctionARN is the ARN that was asked for.
	FunctionARN string
	// Trace is the X-Ray trace header.
	Trace string
	// ClientContext is the caller's client context as JSON, or empty.
	ClientContext string
	// Payload is the event, valid JSON.
	Payload []byte
	// LeakMB is memory, in megabytes, that this invocation leaves behind in its
	// environment on top of what it really uses: a fault.
	LeakMB int
}

// Outcome is what a caller learns.
type Outcome struct {
	// Payload is the function's answer, or the error as JSON.
	Payload []byte
	// Failed says that the function failed, whichever way: X-Amz-Function-Error
	// is then Unhandled (LAM C41).
	Failed bool
}

// Status is how an invocation ended, in the words of a REPORT record (LAM C72).
type Status string

const (
	// Success is an answer.
	Success Status = "success"
	// Failure is an error that the function reported.
	Failure Status = "failure"
	// Error is a crash, or a process that did not start.
	Error Status = "error"
	// Timeout is the end of the function's timeout.
	Timeout Status = "timeout"
)

// Report is what was measured about an invocation.
type Report struct {
	// RequestID is the invocation's.
	RequestID string
	// Status is how it ended.
	Status Status
	// ErrorType is the class of a crash, such as Runtime.ExitError, or empty.
	ErrorType string
	// Duration is the time from the start to the end of the invocation.
	Duration time.Duration
	// Init is how long the init phase before it took; zero when there was none.
	Init time.Duration
	// MemoryMB is the memory setting.
	MemoryMB int
	// PeakMB is the most memory that the environment has used, rounded up.
	PeakMB int
	// Tail is the last 4 KB of the invocation's log.
	Tail []byte
}

// Billed is the time that Lambda would charge: init and duration, in whole
// milliseconds rounded up (LAM C71).
func (r Report) Billed() time.Duration {
	d := r.Duration + r.Init
	return (d + time.Millisecond - 1).Truncate(time.Millisecond)
}
