package sandbox

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/lambda/runtimeapi"
)

// run is one invocation on its way through a process.
type run struct {
	*Process
	inv      Invocation
	start    time.Time
	timer    *time.Timer // the function's timeout
	report   Report
	answered func(Outcome)
}

// Invoke runs one invocation, starting the program first where there is none.
func (p *Process) Invoke(ctx context.Context, inv Invocation, answered func(Outcome)) Report {
	p.journal.begin()
	r := &run{Process: p, inv: inv, answered: answered}
	r.report = Report{RequestID: inv.RequestID, MemoryMB: p.fn.MemoryMB}
	if !p.used {
		p.used = true
		r.initPhase(ctx)
	}
	r.start = time.Now()
	r.timer = time.NewTimer(p.fn.Timeout)
	defer r.timer.Stop()
	if f := r.ready(ctx); f != nil {
		r.log(startEvent(inv.RequestID, p.fn.Version))
		return r.end(f)
	}
	p.child.Resume()
	p.leaked += int64(inv.LeakMB) << 20
	r.log(startEvent(inv.RequestID, p.fn.Version))
	f := r.exchange(ctx)
	return r.end(f)
}

func (r *run) log(e event) { r.journal.platform(e) }

// initPhase is the first start of the program, outside of the invocation and of
// its timeout. Its failure is only logged: init is tried once more inside
// (LAM C66, C70a).
func (r *run) initPhase(ctx context.Context) {
	limit := r.fn.InitTimeout
	if limit == 0 {
		limit = defaultInit
	}
	r.log(initStartEvent(r.fn))
	begun := time.Now()
	f := r.launch(ctx, limit)
	took := time.Since(begun)
	if f == nil {
		r.report.Init = took
		return
	}
	r.log(failedInit("init", took, f))
}

func failedInit(phase string, took time.Duration, f *fault) event {
	kind := f.kind
	if f.status == Timeout {
		kind = ""
	}
	return initReportEvent(phase, took, f.status, kind)
}

// ready makes sure that a program waits for work, starting it within the
// invocation where a reset or a failed init has left none.
func (r *run) ready(ctx context.Context) *fault {
	if r.child != nil {
		select {
		case <-r.child.Done(): // died while it was idle
			r.stop()
		default:
			return nil
		}
	}
	f := r.launch(ctx, r.fn.Timeout)
	if f == nil {
		return nil
	}
	r.log(failedInit("invoke", time.Since(r.start), f))
	if f.status == Timeout {
		return r.timeoutFault()
	}
	return f
}

// exchange hands over the event and waits for the answer, then for the program
// to ask for more (LAM C59). A fault after the answer changes the report, not
// the outcome.
func (r *run) exchange(ctx context.Context) *fault {
	err := r.session.Deliver(runtimeapi.Invocation{
		RequestID:     r.inv.RequestID,
		DeadlineMS:    r.start.Add(r.fn.Timeout).UnixMilli(),
		FunctionARN:   r.inv.FunctionARN,
		Trace:         r.inv.Trace,
		ClientContext: r.inv.ClientContext,
		Payload:       r.inv.Payload,
	})
	if err != nil {
		r.stop()
		return &fault{kind: "Runtime.Unknown", message: err.Error(), status: Error}
	}
	a, f := r.wait(ctx, r.session.Answered(), nil)
	if f == nil && r.leaked > 0 && r.measure() {
		f = r.outOfMemory() // between two looks
	}
	if f != nil {
		return f
	}
	r.report.Status = Success
	if a.Failed {
		r.report.Status = Failure
	}
	r.answer(Outcome{Payload: a.Payload, Failed: a.Failed})
	_, f = r.wait(ctx, nil, r.session.Asked())
	if f != nil && a.Failed && f.status == Error {
		f = afterError(a)
	}
	return f
}

// afterError is the end of a program that told of an error first, as Go's does
// after a panic (LAM C60) and after an answer that was too large.
func afterError(a runtimeapi.Answer) *fault {
	if a.ErrorType != "" {
		return &fault{kind: a.ErrorType, body: a.Payload, status: Error}
	}
	return &fault{kind: "Runtime.Unknown", message: "Unknown application error occurred", status: Error}
}

// wait watches the program until it answers or asks for work, whichever channel
// is given. When it answers a fault, the program is gone.
func (r *run) wait(ctx context.Context, answers <-chan runtimeapi.Answer, asked <-chan struct{}) (runtimeapi.Answer, *fault) {
	watch := time.NewTicker(watchEvery)
	defer watch.Stop()
	for {
		select {
		case a := <-answers:
			return a, nil
		case <-asked:
			return runtimeapi.Answer{}, nil
		case <-r.child.Done():
			select {
			case a := <-answers:
				return a, nil
			default:
			}
			f := exitFault(r.child)
			r.stop()
			return runtimeapi.Answer{}, f
		case <-r.timer.C:
			r.stop()
			return runtimeapi.Answer{}, r.timeoutFault()
		case <-watch.C:
			if r.measure() {
				r.child.Kill() // out of memory: seen as Done (LAM C42)
			}
		case <-ctx.Done():
			r.stop()
			return runtimeapi.Answer{}, shutdownFault()
		}
	}
}

// outOfMemory kills a program that holds more than it may, before its answer
// counts (LAM C42).
func (r *run) outOfMemory() *fault {
	r.child.Kill()
	f := exitFault(r.child)
	r.stop()
	return f
}

// answer tells the caller, once.
func (r *run) answer(o Outcome) {
	if r.answered != nil {
		r.answered(o)
		r.answered = nil
	}
}

// end writes the last lines of the invocation's log and lets the program stand
// still.
func (r *run) end(f *fault) Report {
	rep := &r.report
	rep.Duration = time.Since(r.start)
	r.measure()
	if f != nil {
		r.answer(Outcome{Payload: f.payload(rep.RequestID), Failed: true})
		rep.Status = f.status
		if f.status == Timeout {
			rep.Duration = r.fn.Timeout // LAM C70
		} else {
			rep.ErrorType = f.kind
			r.logCrash(f)
		}
	}
	if r.child != nil {
		r.child.Drain()
		r.child.Pause()
	}
	rep.PeakMB = min(int((r.peak+1<<20-1)>>20), rep.MemoryMB)
	r.log(endEvent(*rep))
	r.log(reportEvent(*rep))
	rep.Tail = r.journal.last()
	r.journal.flush()
	return *rep
}

func (r *run) logCrash(f *fault) {
	if f.body == nil {
		r.log(crashEvent("RequestId: "+r.inv.RequestID+" Error: "+f.message, f.kind))
	}
}
