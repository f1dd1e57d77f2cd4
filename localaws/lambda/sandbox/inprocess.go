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

// Handler is a function in Go: it takes an event and returns a response. It has the
// signature of lambda.Handler's Invoke in aws-lambda-go.
type Handler func(ctx context.Context, event []byte) ([]byte, error)

// InProcess is an environment that calls a Go function. It uses no socket, child process
// or file, and only the clock of package time, so that it works in a testing/synctest
// bubble.
//
// The handler's context has the same values as with aws-lambda-go: the deadline, a
// [lambdacontext.LambdaContext] and the trace id. [Variables] returns the variables that
// would be in its process's environment. A handler that ends its goroutine with
// runtime.Goexit counts as a process that exits.
//
// Not supported in process: a limit on memory, except for injected leaks; the handler's
// standard output in the log; and an end for a handler that ignores its context. After
// its timeout, such a handler continues in its goroutine.
type InProcess struct {
	fn      *Function
	host    *Host
	logs    *logStream
	handler Handler
	used    bool // there was an invocation
	leaked  int  // megabytes of injected leaks
}

// NewInProcess makes an environment that calls handler.
func NewInProcess(fn *Function, host *Host, handler Handler) *InProcess {
	return &InProcess{
		fn:      fn,
		host:    host,
		logs:    newLogStream(fn, host),
		handler: handler,
	}
}

type contextKey string

// traceKey is the key under which aws-lambda-go stores the trace id, and X-Ray's SDK
// reads it.
const traceKey = "x-amzn-trace-id"

const variablesKey contextKey = "variables"

// Variables returns the environment variables that the function of a handler's context
// would have as a process: credentials of its role, endpoint, region and those of its
// configuration. It returns nil for any other context. The caller owns the map.
func Variables(ctx context.Context) map[string]string {
	p, _ := ctx.Value(variablesKey).(*InProcess)
	if p == nil {
		return nil
	}
	return variables(p.fn, p.host, "")
}

// Close writes the rest of the log.
func (p *InProcess) Close() { p.logs.close() }

// Invoke calls the handler.
func (p *InProcess) Invoke(ctx context.Context, inv Invocation, respond func(Outcome)) Report {
	// The first invocation of an environment includes the init phase.
	p.logs.begin()
	if !p.used {
		p.used = true
		p.logs.platform(initStartEvent(p.fn))
	}

	if p.logs.enabled() {
		p.logs.platform(startEvent(inv.RequestID, p.fn.Version))
	}

	// Run the handler, and measure.
	start := time.Now()
	p.leaked += inv.LeakMB
	out, status := p.call(ctx, inv, start)
	rep := Report{
		RequestID: inv.RequestID,
		Status:    status,
		Duration:  time.Since(start),
		MemoryMB:  p.fn.MemoryMB,
		PeakMB:    min(p.leaked, p.fn.MemoryMB),
	}
	if status == Timeout {
		rep.Duration = p.fn.Timeout
	}

	// A process that exceeds its memory is killed before it can respond.
	if p.leaked > p.fn.MemoryMB {
		rep.Status = Error
		rep.ErrorType = outOfMemory.kind
		out = Outcome{Payload: outOfMemory.payload(rep.RequestID), Failed: true}
		p.leaked = 0
	}

	respond(out)

	if !p.logs.enabled() {
		return rep
	}

	// Only a process that was killed for its memory logs a crash here.
	if rep.ErrorType != "" {
		p.logs.platform(crashEvent("RequestId: "+inv.RequestID+" Error: "+outOfMemory.message, rep.ErrorType))
	}

	rep.Tail = p.logs.end(rep)
	return rep
}

// outOfMemory is the failure of a process that was killed because it exceeded its
// memory (LAM C42).
var outOfMemory = failure{
	kind:    "Runtime.ExitError",
	message: "Runtime exited with error: signal: killed",
	status:  Error,
}

// call runs the handler in a goroutine of its own, and returns when the handler does or
// the function's timeout is over.
func (p *InProcess) call(ctx context.Context, inv Invocation, start time.Time) (Outcome, Status) {
	// The handler's context ends at the function's timeout.
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

	done := make(chan result, 1) // with room for a result that comes after the timeout
	go func() {
		// The result unless the handler returns: it has called runtime.Goexit.
		r := result{out: Crashed(inv.RequestID, "exit status 1"), status: Error}
		defer func() { done <- r }()
		r.out, r.status = callHandler(ctx, p.handler, inv.Payload)
	}()

	select {
	case r := <-done:
		return r.out, r.status
	case <-ctx.Done():
	}

	// The handler is still running: either its time is over or the server ends.
	f := shutdownFailure()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		f = timeoutFailure(p.fn.Timeout)
	}
	return Outcome{Payload: f.payload(inv.RequestID), Failed: true}, f.status
}

// context returns the context that the handler is called with.
func (p *InProcess) context(ctx context.Context, inv Invocation) context.Context {
	lc := &lambdacontext.LambdaContext{AwsRequestID: inv.RequestID, InvokedFunctionArn: inv.FunctionARN}
	if inv.ClientContext != "" {
		// As in aws-lambda-go, a client context of another type is an empty one.
		_ = json.Unmarshal([]byte(inv.ClientContext), &lc.ClientContext)
	}
	ctx = lambdacontext.NewContext(ctx, lc)
	//lint:ignore SA1029 the key is aws-lambda-go's
	ctx = context.WithValue(ctx, traceKey, inv.Trace)
	return context.WithValue(ctx, variablesKey, p)
}

// callHandler calls the handler, and converts its error or panic as aws-lambda-go does
// (LAM C42).
func callHandler(ctx context.Context, h Handler, event []byte) (out Outcome, status Status) {
	defer func() {
		if v := recover(); v != nil {
			out = panicOutcome(v)
			status = Failure
		}
	}()

	body, err := h(ctx, event)
	switch {
	case err != nil:
		e := runtimeapi.ErrorBody{Message: err.Error(), Type: typeName(err)}
		return Outcome{Payload: e.JSON(), Failed: true}, Failure
	case len(body) > runtimeapi.MaxResponse:
		return Outcome{Payload: runtimeapi.TooLarge().JSON(), Failed: true}, Failure
	}

	return Outcome{Payload: body}, Success
}

// panicOutcome returns the outcome of a handler that has panicked with v.
func panicOutcome(v any) Outcome {
	body, _ := json.Marshal(struct { // cannot fail for strings
		runtimeapi.ErrorBody
		Stack []string `json:"stackTrace"`
	}{
		ErrorBody: runtimeapi.ErrorBody{Message: fmt.Sprint(v), Type: typeName(v)},
		Stack:     []string{string(debug.Stack())},
	})
	return Outcome{Payload: body, Failed: true}
}

// typeName returns the name of a value's type without pointer and package.
func typeName(v any) string {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}
