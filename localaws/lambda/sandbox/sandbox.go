package sandbox

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/lambda/process"
)

// Environment is an execution environment.
type Environment interface {
	// Invoke runs one invocation and returns when the environment is ready for the
	// next. It calls respond once, as soon as the outcome is known. That may be
	// before Invoke returns, because a function may continue after its response.
	// Invoke must not be called while another invocation runs.
	//
	// Cancel ctx to end the invocation when the server shuts down. The end of a
	// caller's request must not cancel it.
	Invoke(ctx context.Context, inv Invocation, respond func(Outcome)) Report
	// Close ends the environment and deletes its files. It must not be called while
	// an invocation runs.
	Close()
}

// Function is the version of a function that an environment runs.
type Function struct {
	// Name is the function's name.
	Name string
	// Version is $LATEST or a number.
	Version string
	// ARN is the function's unqualified ARN.
	ARN string
	// Region is the function's region.
	Region string
	// Handler is the handler in the function's configuration.
	Handler string
	// RuntimeVersionARN is the ARN of the runtime in INIT_START lines.
	RuntimeVersionARN string
	// MemoryMB is the configured memory, 128 to 10240.
	MemoryMB int
	// Timeout is the configured timeout, 1 s to 15 min. For NewInProcess, 0 means no
	// timeout.
	Timeout time.Duration
	// InitTimeout is the timeout of the init phase; 0 means the 10 s of LAM C66.
	InitTimeout time.Duration
	// Variables are the configured environment variables.
	Variables map[string]string
	// LogGroup is the log group's name.
	LogGroup string
	// Format is the logging configuration.
	Format Format
	// Dir is the directory that the code was unpacked to.
	Dir string
	// StartError is the reason why the code cannot run at all, in the words of a
	// failed start on Lambda (LAM C19), or empty.
	StartError string
}

// Host is what the machine and the server provide to an environment.
type Host struct {
	// Stream is the log stream's name (LAM C74).
	Stream string
	// TempDir is a directory for temporary files that does not exist yet. The
	// environment makes it, and deletes it when it closes.
	TempDir string
	// Endpoint is the URL of the embedded AWS, for AWS_ENDPOINT_URL.
	Endpoint string
	// Credentials are those of a session of the function's role.
	Credentials Credentials
	// Children keeps track of the programs that are started. It may be nil.
	Children *process.Children
	// Isolation is how far the program is separated from the machine.
	Isolation process.Isolation
	// Number identifies the environment; see process.Spec.
	Number uint32
	// Hidden lists directories of the machine that the program must not see.
	Hidden []string
	// Path is the machine's PATH. It is appended to Lambda's own so that scripts find
	// their interpreters.
	Path string
	// Now returns the service time.
	Now func() time.Time
	// Write writes log lines. It is called by one goroutine at a time, with the lines
	// in order. If it is nil, nothing is logged.
	Write func([]Line)
}

// Credentials are the credentials of a role's session.
type Credentials struct {
	// AccessKeyID begins with ASIA (LAM C64).
	AccessKeyID string
	// SecretAccessKey is the key that signs requests.
	SecretAccessKey string
	// SessionToken belongs to the key.
	SessionToken string
}

// Invocation is one attempt to invoke a function.
type Invocation struct {
	// RequestID is its id, the same for every attempt.
	RequestID string
	// FunctionARN is the ARN that was invoked.
	FunctionARN string
	// Trace is the X-Ray trace header.
	Trace string
	// ClientContext is the caller's client context as JSON, or empty.
	ClientContext string
	// Payload is the event, valid JSON.
	Payload []byte
	// LeakMB is an injected fault: memory, in megabytes, that counts from this
	// invocation on as used by the environment's process, in addition to what it
	// really uses.
	LeakMB int
}

// Outcome is what the caller of a function receives.
type Outcome struct {
	// Payload is the function's response, or the error as JSON.
	Payload []byte
	// Failed reports that the function failed, in any way: X-Amz-Function-Error is
	// then Unhandled (LAM C41).
	Failed bool
}

// Status is how an invocation ended, as in a REPORT record (LAM C72).
type Status string

const (
	// Success means that the function responded.
	Success Status = "success"
	// Failure means that the function ran and returned an error.
	Failure Status = "failure"
	// Error means that the function could not return: its process crashed or did not start.
	Error Status = "error"
	// Timeout means that the function reached its timeout.
	Timeout Status = "timeout"
)

// Report is the measurements of an invocation.
type Report struct {
	// RequestID is the invocation's.
	RequestID string
	// Status is how it ended.
	Status Status
	// ErrorType is the class of a crash, such as Runtime.ExitError, or empty.
	ErrorType string
	// Duration is the time from the start to the end of the invocation.
	Duration time.Duration
	// Init is the duration of the init phase before it; 0 if there was none.
	Init time.Duration
	// MemoryMB is the configured memory.
	MemoryMB int
	// PeakMB is the most memory that the environment has used, rounded up.
	PeakMB int
	// Tail is the last 4 KB of the invocation's log.
	Tail []byte
}

// Billed returns the time that Lambda would charge: init and duration, rounded up to
// whole milliseconds (LAM C71).
func (r Report) Billed() time.Duration {
	d := r.Duration + r.Init
	return (d + time.Millisecond - 1).Truncate(time.Millisecond)
}
