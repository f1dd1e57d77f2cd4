package sandbox

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/lambda/runtimeapi"
)

// run is an invocation in progress in a process.
type run struct {
	*Process
	inv     Invocation
	start   time.Time
	timer   *time.Timer // the function's timeout
	report  Report
	respond func(Outcome) // nil once it was called
}

// Invoke runs one invocation. If there is no process, it starts one first.
func (p *Process) Invoke(ctx context.Context, inv Invocation, respond func(Outcome)) Report {
	p.logs.begin()
	r := &run{
		Process: p,
		inv:     inv,
		respond: respond,
		report:  Report{RequestID: inv.RequestID, MemoryMB: p.fn.MemoryMB},
	}
	if !p.initialized {
		p.initialized = true
		r.initPhase(ctx)
	}

	// The function's timeout begins here.
	r.start = time.Now()
	r.timer = time.NewTimer(p.fn.Timeout)
	defer r.timer.Stop()
	if f := r.ensureReady(ctx); f != nil {
		p.logs.platform(startEvent(inv.RequestID, p.fn.Version))
		return r.end(f)
	}

	// Between invocations the program is stopped.
	p.child.Resume()
	p.leaked += int64(inv.LeakMB) << 20
	p.logs.platform(startEvent(inv.RequestID, p.fn.Version))
	f := r.exchange(ctx)
	return r.end(f)
}

// initPhase starts the program for the first time. It is not part of the invocation, nor
// of its timeout. A failure is only logged: the invocation tries again (LAM C66, C70a).
func (r *run) initPhase(ctx context.Context) {
	timeout := r.fn.InitTimeout
	if timeout == 0 {
		timeout = defaultInitTimeout
	}

	r.logs.platform(initStartEvent(r.fn))
	begin := time.Now()
	f := r.launch(ctx, timeout)
	took := time.Since(begin)
	if f == nil {
		r.report.Init = took
		return
	}

	r.logs.platform(failedInitEvent("init", took, f))
}

// failedInitEvent is written when an init fails.
func failedInitEvent(phase string, took time.Duration, f *failure) event {
	kind := f.kind
	if f.status == Timeout {
		kind = ""
	}
	return initReportEvent(phase, took, f.status, kind)
}

// ensureReady makes sure that a program waits for an invocation. After a reset or a
// failed init it starts one, as part of the invocation.
func (r *run) ensureReady(ctx context.Context) *failure {
	if r.child != nil {
		select {
		case <-r.child.Done(): // it ended while it was idle
			r.endProgram()
		default:
			return nil
		}
	}

	f := r.launch(ctx, r.fn.Timeout)
	if f == nil {
		return nil
	}

	r.logs.platform(failedInitEvent("invoke", time.Since(r.start), f))
	if f.status == Timeout {
		return timeoutFailure(r.fn.Timeout)
	}
	return f
}

// exchange delivers the event, waits for the response, and then waits until the program
// requests the next invocation (LAM C59). A failure after the response changes the
// report, but not the outcome.
func (r *run) exchange(ctx context.Context) *failure {
	err := r.session.Deliver(runtimeapi.Invocation{
		RequestID:     r.inv.RequestID,
		DeadlineMS:    r.start.Add(r.fn.Timeout).UnixMilli(),
		FunctionARN:   r.inv.FunctionARN,
		Trace:         r.inv.Trace,
		ClientContext: r.inv.ClientContext,
		Payload:       r.inv.Payload,
	})
	if err != nil {
		r.endProgram()
		return unknownFailure(err)
	}

	// Wait for the response. An injected leak may have exceeded the memory meanwhile.
	response, f := r.wait(ctx, r.session.Responses(), nil)
	if f == nil && r.leaked > 0 && r.measure() {
		f = r.killOutOfMemory()
	}

	if f != nil {
		return f
	}

	// Pass the response on before the program is ready again: it may continue to work.
	r.report.Status = Success
	if response.Failed {
		r.report.Status = Failure
	}

	r.respondOnce(Outcome{Payload: response.Payload, Failed: response.Failed})

	// Wait until the program requests the next invocation.
	_, f = r.wait(ctx, nil, r.session.Ready())
	if f != nil && response.Failed && f.status == Error {
		f = failureAfterError(response)
	}
	return f
}

// failureAfterError is the failure of a program that ended after it had reported an
// error, as Go's does after a panic (LAM C60) and after a response that was too large.
func failureAfterError(response runtimeapi.Response) *failure {
	if response.ErrorType != "" {
		return &failure{
			kind:   response.ErrorType,
			body:   response.Payload,
			status: Error,
		}
	}

	return &failure{
		kind:    "Runtime.Unknown",
		message: "Unknown application error occurred",
		status:  Error,
	}
}

// wait waits until the program responds or requests an invocation, whichever channel is
// not nil. After a failure there is no process.
func (r *run) wait(ctx context.Context, responses <-chan runtimeapi.Response, ready <-chan struct{}) (runtimeapi.Response, *failure) {
	memory := time.NewTicker(measureInterval)
	defer memory.Stop()

	for {
		select {
		case response := <-responses:
			return response, nil
		case <-ready:
			return runtimeapi.Response{}, nil
		case <-r.child.Done():
			// It may have responded just before its end.
			select {
			case response := <-responses:
				return response, nil
			default:
			}
			f := exitFailure(r.child)
			r.endProgram()
			return runtimeapi.Response{}, f
		case <-r.timer.C:
			r.endProgram()
			return runtimeapi.Response{}, timeoutFailure(r.fn.Timeout)
		case <-memory.C:
			if r.measure() {
				r.child.Kill() // the next round finds it Done (LAM C42)
			}
		case <-ctx.Done():
			r.endProgram()
			return runtimeapi.Response{}, shutdownFailure()
		}
	}
}

// killOutOfMemory kills a program that exceeds its memory (LAM C42).
func (r *run) killOutOfMemory() *failure {
	r.child.Kill()
	f := exitFailure(r.child)
	r.endProgram()
	return f
}

// respondOnce passes the outcome to the caller, unless it has one already.
func (r *run) respondOnce(o Outcome) {
	if r.respond != nil {
		r.respond(o)
		r.respond = nil
	}
}

// end completes the report, writes the last lines of the invocation's log, and pauses
// the program.
func (r *run) end(f *failure) Report {
	rep := &r.report
	rep.Duration = time.Since(r.start)
	r.measure()

	// Report the failure, and respond if it came before the response.
	if f != nil {
		r.respondOnce(Outcome{Payload: f.payload(rep.RequestID), Failed: true})
		rep.Status = f.status
		if f.status == Timeout {
			rep.Duration = r.fn.Timeout // LAM C70
		} else {
			rep.ErrorType = f.kind
			r.logCrash(f)
		}
	}

	// Log everything that the program has printed until now, and pause it.
	if r.child != nil {
		r.child.Drain()
		r.child.Pause()
	}

	// Round the memory up to megabytes.
	rep.PeakMB = min(int((r.peak+1<<20-1)>>20), rep.MemoryMB)
	rep.Tail = r.logs.end(*rep)
	return *rep
}

// logCrash writes the line of a crash, unless the runtime has written its own.
func (r *run) logCrash(f *failure) {
	if f.body == nil {
		r.logs.platform(crashEvent("RequestId: "+r.inv.RequestID+" Error: "+f.message, f.kind))
	}
}
