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
	defaultInit = 10 * time.Second       // LAM C66
	warning     = 300 * time.Millisecond // from SIGTERM to SIGKILL (LAM C67)
	watchEvery  = 10 * time.Millisecond  // memory is looked at while a function runs
)

// Process is an environment that runs bootstrap as a child process.
type Process struct {
	fn      *Function
	host    *Host
	journal *journal
	api     *runtimeapi.Server

	used    bool // the init phase has been, well or badly
	child   *process.Child
	session *runtimeapi.Session
	peak    int64 // bytes that the program has held at most
	leaked  int64 // bytes that a fault has it hold beside those
	closing sync.Once
}

// NewProcess makes an environment for fn. Its program starts with the first
// invocation.
func NewProcess(fn *Function, host *Host) (*Process, error) {
	api, err := runtimeapi.Listen(runtimeapi.About{Name: fn.Name, Version: fn.Version, Handler: fn.Handler})
	if err != nil {
		return nil, err
	}
	return &Process{fn: fn, host: host, journal: newJournal(fn, host), api: api}, nil
}

// Close ends the program, with a warning if it asked for one (LAM C61), and
// deletes its temporary files.
func (p *Process) Close() {
	p.closing.Do(func() {
		p.stop()
		_ = p.api.Close() // it has ended, whatever its socket says
		p.journal.close()
		os.RemoveAll(p.host.TempDir)
	})
}

// stop ends the program, if there is one, and keeps the environment.
func (p *Process) stop() {
	if p.child == nil {
		return
	}
	if p.session.WantsSIGTERM() {
		p.child.Resume()
		p.child.Terminate()
		timer := time.NewTimer(warning)
		select {
		case <-p.child.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
	p.child.Kill()
	p.session.End()
	p.child, p.session = nil, nil
}

// fault is why a process did not start or did not live to answer.
type fault struct {
	kind    string // Runtime.ExitError and the like
	message string // without the request id
	body    []byte // what the runtime itself posted about it, or nil
	status  Status
}

// problem is the fault as the invoker sees it (LAM C42).
func (f *fault) payload(id string) []byte {
	if f.body != nil {
		return f.body
	}
	return runtimeapi.Problem{Message: "RequestId: " + id + " Error: " + f.message, Type: f.kind}.JSON()
}

func exitFault(c *process.Child) *fault {
	how, orderly := c.Exit()
	f := &fault{kind: "Runtime.ExitError", message: "Runtime exited with error: " + how, status: Error}
	if orderly {
		f.message = "Runtime exited without providing a reason"
	}
	return f
}

// timeoutFault is the end of the function's timeout (LAM C42, C43).
func (p *Process) timeoutFault() *fault {
	return &fault{kind: "Sandbox.Timedout", message: timedOut(p.fn.Timeout), status: Timeout}
}

func timedOut(d time.Duration) string {
	return fmt.Sprintf("Task timed out after %.2f seconds", d.Seconds())
}

// launch starts the program and waits until it asks for work, for at most limit.
// When it answers a fault there is no process.
func (p *Process) launch(ctx context.Context, limit time.Duration) *fault {
	if p.fn.Refusal != "" {
		return &fault{kind: "Runtime.InvalidEntrypoint", message: p.fn.Refusal, status: Error}
	}
	if err := os.MkdirAll(p.host.TempDir, 0o700); err != nil {
		return &fault{kind: "Runtime.Unknown", message: err.Error(), status: Error}
	}
	entry := &door{open: make(chan struct{})}
	p.session = p.api.Begin(entry.admit)
	p.peak, p.leaked = 0, 0
	child, err := p.host.start(process.Spec{
		Path:      filepath.Join(p.fn.Dir, "bootstrap"),
		Dir:       p.fn.Dir,
		Temp:      p.host.TempDir,
		Env:       list(variables(p.fn, p.host, p.api.Addr())),
		Output:    p.journal.output,
		Isolation: p.host.Isolation,
		Number:    p.host.Number,
		Readable:  interpreters(p.host.Path),
		Hidden:    p.host.Hidden,
	})
	entry.child = child
	close(entry.open)
	if err != nil {
		p.session.End()
		return &fault{kind: "Runtime.InvalidEntrypoint", message: startError(err), status: Error}
	}
	p.child = child
	f := p.awaitReady(ctx, limit)
	if f != nil {
		p.stop()
	}
	return f
}

// startError names the program as it would be on Lambda (LAM C19).
func startError(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return fmt.Sprintf("%s /var/task/bootstrap: %s", path.Op, path.Err)
	}
	return err.Error()
}

func (p *Process) awaitReady(ctx context.Context, limit time.Duration) *fault {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-p.session.Asked():
		p.child.Drain()
		p.measure()
		return nil
	case a := <-p.session.InitFailed():
		kind := a.ErrorType
		if kind == "" {
			kind = "Runtime.Unknown"
		}
		return &fault{kind: kind, body: a.Payload, status: Error}
	case <-p.child.Done():
		return exitFault(p.child)
	case <-timer.C:
		return &fault{kind: "Sandbox.Timedout", message: timedOut(limit), status: Timeout}
	case <-ctx.Done():
		return shutdownFault()
	}
}

// shutdownFault ends an invocation that the server's own end cut short.
func shutdownFault() *fault {
	return &fault{kind: "Sandbox.Failure", message: "The embedded Lambda was shut down", status: Error}
}

// start runs a program.
func (h *Host) start(spec process.Spec) (*process.Child, error) {
	if h.Children == nil {
		return process.Start(spec)
	}
	return h.Children.Start(spec)
}

// measure notes how much memory the program holds, and reports whether that is
// more than it may.
func (p *Process) measure() (over bool) {
	if p.child == nil {
		return false
	}
	p.peak = max(p.peak, p.child.Memory()+p.leaked)
	return p.peak > int64(p.fn.MemoryMB)<<20
}
