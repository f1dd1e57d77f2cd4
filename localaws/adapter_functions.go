package localaws

import (
	"context"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/fault"
	"github.com/reliableq/reliableq/localaws/lambda"
	"github.com/reliableq/reliableq/localaws/lambda/mapping"
)

// functions are functions for mappings, with the faults of deliveries.
type functions struct {
	*lambda.Service
	server *Server
}

// StartInvocation implements mapping.Functions.
func (f *functions) StartInvocation(ctx context.Context, functionARN string, event []byte, trace string, done func(mapping.Outcome)) {
	// done is not called: a process that was killed returns no result.
	if f.server.killed.Load() {
		return
	}

	name := ""
	if arn, ok := awsapi.ParseARN(functionARN); ok {
		name, _, _ = strings.Cut(strings.TrimPrefix(arn.Resource, "function:"), ":")
	}

	// Faults in place of the invocation.
	faults := f.server.faults
	p := fault.Point{Service: "lambda", Operation: "Invoke", Resource: name}
	discard := func(mapping.Outcome) {}
	if r, ok := faults.Choose(p, fault.Throttle, fault.Unavailable, fault.Kill); ok {
		switch r.Kind {
		case fault.Kill:
			f.server.killAt(r, func() (any, error) {
				f.Service.StartInvocation(ctx, functionARN, event, trace, discard)
				return nil, nil
			})
		case fault.Unavailable:
			f.RejectInvocation(errUnavailable.With("Service is unavailable: fault %s", r.ID), done)
		default:
			f.RejectInvocation(errFunctionThrottled, done)
		}
		return
	}

	// The mapping gets only the result of the second delivery.
	if _, ok := faults.Choose(p, fault.DeliverTwice); ok {
		f.Service.StartInvocation(ctx, functionARN, event, trace, discard)
	}

	f.Service.StartInvocation(ctx, functionARN, event, trace, done)
}

// serialTime returns how long invocations take under a simulated clock, where they run
// one after the other as events of the clock; nil under any other.
func (o Options) serialTime() func(function string, event []byte) time.Duration {
	switch {
	case !o.ClockMode.Serial():
		return nil
	case o.FunctionTime != nil:
		return o.FunctionTime
	}
	return func(string, []byte) time.Duration { return 0 }
}
