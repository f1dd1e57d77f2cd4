package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/reliableq/reliableq/localaws/lambda/runtimeapi"
)

// Handler is a function as a Go value: an event in, an answer out. It has the
// shape of lambda.Handler's Invoke in aws-lambda-go.
type Handler func(ctx context.Context, event []byte) ([]byte, error)

// InProcess is an environment that calls a Go value. It uses no socket, child or
// file, and its only clocks are those of package time, so that it runs inside a
// testing/synctest bubble.
//
// The handler's context carries what aws-lambda-go would give it: the deadline,
// a [lambdacontext.LambdaContext] and the trace id; [Variables] has what would be
// its process's environment. What cannot be had in process: a limit on memory, but
// for what a fault leaks; its standard output in the log; and an end for a handler
// that does not heed its context. Such a handler is left to itself after its
// timeout, in a goroutine. A handler that ends its goroutine with runtime.Goexit is
// a process that exits.
type InProcess struct {
	fn      *Function
	host    *Host
	journal *journal
	handler Handler
	used    bool
	leaked  int // megabytes that faults have it hold
}

// NewInProcess makes an environment that runs handler.
func NewInProcess(fn *Function, host *Host, handler Handler) *InProcess {
	return &InProcess{fn: fn, host: host, journal: newJournal(fn, host), handler: handler}
}

type contextKey string

// traceKey is where aws-lambda-go keeps the trace id, and X-Ray's SDK looks for
// it.
const traceKey = "x-amzn-trace-id"

const variablesKey contextKey = "variables"

// Variables answers the environment variables that the function would have as a
// process: credentials of its role, endpoint, region and the user's own. The map
// is the caller's.
func Variables(ctx context.Context) map[string]string {
	p, _ := ctx.Value(variablesKey).(*InProcess)
	if p == nil {
		return nil
	}
	return variables(p.fn, p.host, "")
}

// Close does nothing but write what is left of the log.
func (p *InProcess) Close() { p.journal.close() }

// Invoke calls the handler.
func (p *InProcess) Invoke(ctx context.Context, inv Invocation, answered func(Outcome)) Report {
	j := p.journal
	j.begin()
	if !p.used {
		p.used = true
		j.platform(initStartEvent(p.fn))
	}
	if j.write != nil {
		j.platform(startEvent(inv.RequestID, p.fn.Version))
	}
	start := time.Now()
	p.leaked += inv.LeakMB
	out, status := p.call(ctx, inv, start)
	rep := Report{RequestID: inv.RequestID, Status: status, Duration: time.Since(start), MemoryMB: p.fn.MemoryMB}
	rep.PeakMB = min(p.leaked, p.fn.MemoryMB)
	if status == Timeout {
		rep.Duration = p.fn.Timeout
	}
	if p.leaked > p.fn.MemoryMB {
		out, p.leaked = p.outOfMemory(&rep), 0
	}
	answered(out)
	if j.write == nil {
		return rep
	}
	if rep.ErrorType != "" {
		j.platform(crashEvent("RequestId: "+inv.RequestID+" Error: "+killedFault.message, rep.ErrorType))
	}
	j.platform(endEvent(rep))
	j.platform(reportEvent(rep))
	rep.Tail = j.last()
	j.flush()
	return rep
}

// killedFault is the end of a process that used more memory than it may (LAM C42).
var killedFault = fault{kind: "Runtime.ExitError", message: "Runtime exited with error: signal: killed", status: Error}

// outOfMemory is what a caller learns of a function whose process, if it were one,
// would have been killed before it answered.
func (p *InProcess) outOfMemory(rep *Report) Outcome {
	rep.Status, rep.ErrorType = Error, killedFault.kind
	return Outcome{Payload: killedFault.payload(rep.RequestID), Failed: true}
}

// call runs the handler in a goroutine of its own and gives up on it when its
// time is over.
func (p *InProcess) call(ctx context.Context, inv Invocation, start time.Time) (Outcome, Status) {
	if p.fn.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, start.Add(p.fn.Timeout))
		defer cancel()
	}
	ctx = p.context(ctx, inv)
	type result struct {
		out    Outcome
		status Status
	}
	done := make(chan result, 1)
	go func() {
		// A handler that ends its goroutine has ended its process.
		r := result{Crashed(inv.RequestID, "exit status 1"), Error}
		defer func() { done <- r }()
		r.out, r.status = guarded(ctx, p.handler, inv.Payload)
	}()
	select {
	case r := <-done:
		return r.out, r.status
	case <-ctx.Done():
	}
	f := shutdownFault()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		f = &fault{kind: "Sandbox.Timedout", message: timedOut(p.fn.Timeout), status: Timeout}
	}
	return Outcome{Payload: f.payload(inv.RequestID), Failed: true}, f.status
}

func (p *InProcess) context(ctx context.Context, inv Invocation) context.Context {
	lc := &lambdacontext.LambdaContext{AwsRequestID: inv.RequestID, InvokedFunctionArn: inv.FunctionARN}
	if inv.ClientContext != "" {
		// As in aws-lambda-go, a client context that does not fit its type is
		// an empty one.
		_ = json.Unmarshal([]byte(inv.ClientContext), &lc.ClientContext)
	}
	ctx = lambdacontext.NewContext(ctx, lc)
	//lint:ignore SA1029 the key is aws-lambda-go's
	ctx = context.WithValue(ctx, traceKey, inv.Trace)
	return context.WithValue(ctx, variablesKey, p)
}

// guarded calls the handler and shapes its error or panic as aws-lambda-go does
// (LAM C42).
func guarded(ctx context.Context, h Handler, event []byte) (out Outcome, status Status) {
	defer func() {
		if v := recover(); v != nil {
			out, status = panicked(v), Failure
		}
	}()
	body, err := h(ctx, event)
	switch {
	case err != nil:
		return Outcome{Payload: runtimeapi.Problem{Message: err.Error(), Type: typeName(err)}.JSON(), Failed: true}, Failure
	case len(body) > runtimeapi.MaxResponse:
		return Outcome{Payload: runtimeapi.TooLarge().JSON(), Failed: true}, Failure
	}
	return Outcome{Payload: body}, Success
}

func panicked(v any) Outcome {
	body, _ := json.Marshal(struct { // three strings and a list of strings always encode
		runtimeapi.Problem
		Stack []string `json:"stackTrace"`
	}{runtimeapi.Problem{Message: fmt.Sprint(v), Type: typeName(v)}, []string{string(debug.Stack())}})
	return Outcome{Payload: body, Failed: true}
}

// typeName is a value's type without pointer and package.
func typeName(v any) string {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}
