package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/reliableq/reliableq/localaws/lambda/process"
	"github.com/reliableq/reliableq/localaws/lambda/runtimeapi"
)

const (
	defaultInitTimeout = 10 * time.Second       // LAM C66
	gracePeriod        = 300 * time.Millisecond // from SIGTERM to SIGKILL (LAM C67)
	measureInterval    = 10 * time.Millisecond  // between measurements of a running function's memory
)

// Process is an environment that runs bootstrap as a child process.
type Process struct {
	fn   *Function
	host *Host
	logs *logStream
	api  *runtimeapi.Server

	initialized bool                // the init phase is over, successful or not
	child       *process.Child      // nil if there is no process
	session     *runtimeapi.Session // of child
	peak        int64               // bytes: the most that child has used, with leaked
	leaked      int64               // bytes of injected leaks in child
	closing     sync.Once
}

// NewProcess makes an environment for fn. Its program starts with the first
// invocation.
func NewProcess(fn *Function, host *Host) (*Process, error) {
	api, err := runtimeapi.Listen(runtimeapi.About{
		Name:    fn.Name,
		Version: fn.Version,
		Handler: fn.Handler,
	})
	if err != nil {
		return nil, err
	}
	return &Process{
		fn:   fn,
		host: host,
		logs: newLogStream(fn, host),
		api:  api,
	}, nil
}

// Close ends the program, after SIGTERM and a grace period if it registered for that
// (LAM C61), and deletes its temporary files.
func (p *Process) Close() {
	p.closing.Do(func() {
		p.endProgram()
		_ = p.api.Close() // it has ended even if its socket failed
		p.logs.close()
		_ = os.RemoveAll(p.host.TempDir) // the server removes the directory above it when it ends
	})
}

// endProgram ends the program, if there is one. The environment remains.
func (p *Process) endProgram() {
	if p.child == nil {
		return
	}

	// A paused process would not handle SIGTERM, so resume it first.
	if p.session.WantsSIGTERM() {
		p.child.Resume()
		p.child.Terminate()
		timer := time.NewTimer(gracePeriod)
		select {
		case <-p.child.Done():
		case <-timer.C:
		}
		timer.Stop()
	}

	p.child.Kill()
	p.session.End()
	p.child = nil
	p.session = nil
}

// failure is the reason why a process did not start or ended before it responded.
type failure struct {
	kind    string // Runtime.ExitError and the like
	message string // without the request id
	body    []byte // the error that the runtime posted, or nil
	status  Status
}

// payload returns the error that the caller of the function gets (LAM C42).
func (f *failure) payload(requestID string) []byte {
	if f.body != nil {
		return f.body
	}
	e := runtimeapi.ErrorBody{
		Message: "RequestId: " + requestID + " Error: " + f.message,
		Type:    f.kind,
	}
	return e.JSON()
}

// exitFailure is the failure of a process that has ended.
func exitFailure(c *process.Child) *failure {
	how, cleanExit := c.Exit()
	f := &failure{
		kind:    "Runtime.ExitError",
		message: "Runtime exited with error: " + how,
		status:  Error,
	}
	if cleanExit {
		f.message = "Runtime exited without providing a reason"
	}
	return f
}

// timeoutFailure is the failure of a function that has reached its timeout (LAM C42,
// C43).
func timeoutFailure(timeout time.Duration) *failure {
	return &failure{
		kind:    "Sandbox.Timedout",
		message: fmt.Sprintf("Task timed out after %.2f seconds", timeout.Seconds()),
		status:  Timeout,
	}
}

// shutdownFailure is the failure of an invocation that the end of the server has
// canceled.
func shutdownFailure() *failure {
	return &failure{
		kind:    "Sandbox.Failure",
		message: "The embedded Lambda was shut down",
		status:  Error,
	}
}

// unknownFailure is a failure of this server.
func unknownFailure(err error) *failure {
	return &failure{
		kind:    "Runtime.Unknown",
		message: err.Error(),
		status:  Error,
	}
}

// entrypointFailure is the failure of a program that cannot be executed.
func entrypointFailure(message string) *failure {
	return &failure{
		kind:    "Runtime.InvalidEntrypoint",
		message: message,
		status:  Error,
	}
}

// launch starts the program and waits until it requests an invocation, for at most
// timeout. After a failure there is no process.
func (p *Process) launch(ctx context.Context, timeout time.Duration) *failure {
	if p.fn.StartError != "" {
		return entrypointFailure(p.fn.StartError)
	}

	if err := os.MkdirAll(p.host.TempDir, 0o700); err != nil {
		return unknownFailure(err)
	}

	// Begin a session that only this program may use.
	admission := &admission{started: make(chan struct{})}
	p.session = p.api.Begin(admission.admit)
	p.peak = 0
	p.leaked = 0

	// Start the program. It may connect before start returns.
	child, err := p.host.start(process.Spec{
		Path:      filepath.Join(p.fn.Dir, "bootstrap"),
		Dir:       p.fn.Dir,
		Temp:      p.host.TempDir,
		Env:       environ(variables(p.fn, p.host, p.api.Addr())),
		Output:    p.logs.output,
		Isolation: p.host.Isolation,
		Number:    p.host.Number,
		Readable:  interpreterDirs(p.host.Path),
		Hidden:    p.host.Hidden,
	})

	admission.child = child
	close(admission.started)
	if err != nil {
		p.session.End()
		return entrypointFailure(startError(err))
	}

	p.child = child
	f := p.awaitReady(ctx, timeout)
	if f != nil {
		p.endProgram()
	}
	return f
}

// startError returns an error of process.Start with the path that the program has on
// Lambda (LAM C19).
func startError(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return fmt.Sprintf("%s /var/task/bootstrap: %s", path.Op, path.Err)
	}
	return err.Error()
}

// awaitReady waits until the program requests an invocation.
func (p *Process) awaitReady(ctx context.Context, timeout time.Duration) *failure {
	timer := time.NewTimer(timeout)
	defer timer.Stop()

	select {
	case <-p.session.Ready():
		// Log what the init phase has printed before the first invocation starts.
		p.child.Drain()
		p.measure()
		return nil
	case r := <-p.session.InitErrors():
		// The runtime has reported why it cannot start.
		kind := r.ErrorType
		if kind == "" {
			kind = "Runtime.Unknown"
		}
		return &failure{
			kind:   kind,
			body:   r.Payload,
			status: Error,
		}
	case <-p.child.Done():
		return exitFailure(p.child)
	case <-timer.C:
		return timeoutFailure(timeout)
	case <-ctx.Done():
		return shutdownFailure()
	}
}

// start runs a program.
func (h *Host) start(spec process.Spec) (*process.Child, error) {
	if h.Children == nil {
		return process.Start(spec)
	}
	return h.Children.Start(spec)
}

// measure updates peak, and reports whether the program exceeds its memory.
func (p *Process) measure() (exceeded bool) {
	if p.child == nil {
		return false
	}
	p.peak = max(p.peak, p.child.Memory()+p.leaked)
	return p.peak > int64(p.fn.MemoryMB)<<20
}
