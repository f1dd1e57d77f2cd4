package localaws

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/fault"
	"github.com/reliableq/reliableq/localaws/lambda"
	"github.com/reliableq/reliableq/localaws/lambda/mapping"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
	"github.com/reliableq/reliableq/localaws/sqs"
)

// Faults is what is to go wrong in this server; a new one has no rule.
func (s *Server) Faults() *fault.Set { return s.faults }

// faultChance draws faults, apart from ids: a rule changes no id.
func (s *Server) faultChance() *chance.Source {
	if s.opts.Seed == 0 {
		return chance.New()
	}
	return chance.Seeded(s.opts.Seed ^ 0xfa017)
}

// intercept stands around every operation: it lets calls fail that are to fail,
// and a handler die at the call at which it is to die.
func (s *Server) intercept(ctx context.Context, c *awsapi.Call, service string, op *awsapi.Operation, in any, next func() (any, error)) (any, error) {
	return sandbox.Call(ctx, func() (any, error) {
		if s.opts.ObserveCall != nil {
			s.opts.ObserveCall(service, op.Name)
		}
		if s.opts.Kill == nil {
			return s.strike(ctx, c, service, op, in, next)
		}
		return s.mortal(ctx, func() (any, error) { return s.strike(ctx, c, service, op, in, next) })
	})
}

// strike carries a call out, well or badly.
func (s *Server) strike(ctx context.Context, c *awsapi.Call, service string, op *awsapi.Operation, in any, next func() (any, error)) (any, error) {
	if !s.faults.Some() {
		return next()
	}
	o := fault.Occasion{Service: service, Operation: op.Name, Resource: resource(c, op, in)}
	if r, struck := s.faults.Call(o); struck {
		return s.fail(ctx, r, c, service, next)
	}
	if receive, ok := in.(*sqs.ReceiveMessageInput); ok {
		return s.disorder(o, c, receive, next)
	}
	return next()
}

// resource is the name of the queue or function that a call is about.
func resource(c *awsapi.Call, op *awsapi.Operation, in any) string {
	if op.Access == nil {
		return ""
	}
	needs := op.Access(c, in)
	if len(needs) == 0 {
		return ""
	}
	arn, ok := awsapi.ParseARN(needs[0].Resource)
	if !ok {
		return ""
	}
	return strings.TrimPrefix(arn.Resource, "function:")
}

// fail carries out a fault of a call.
func (s *Server) fail(ctx context.Context, r fault.Rule, c *awsapi.Call, service string, next func() (any, error)) (any, error) {
	switch r.Kind {
	case fault.Throttle:
		return nil, throttled(service)
	case fault.Unavailable:
		return nil, errUnavailable.With("Service is unavailable: fault %s", r.ID)
	case fault.ExpiredCredential:
		return nil, awsapi.ErrExpiredCredential
	case fault.Kill:
		s.killAt(r, next)
		return nil, awsapi.ErrResponseLost
	}
	out, err := next()
	switch {
	case err != nil:
		return nil, err
	case r.Kind == fault.LoseReply:
		return nil, awsapi.ErrResponseLost
	case c.Protocol != awsapi.Direct: // Slow; a Go call has nobody to wait for
		timer := time.NewTimer(r.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return out, nil
}

// errUnavailable is a service that is down.
var errUnavailable = awsapi.Error{Code: "ServiceUnavailable", Status: 503}

// throttled is how each service says that it is asked too much.
func throttled(service string) error {
	switch service {
	case "sqs":
		return (awsapi.Error{Code: "RequestThrottled", Status: 400}).With("Request is throttled.")
	case "lambda":
		return throttledFunction
	}
	return (awsapi.Error{Code: "ThrottlingException", QueryCode: "Throttling", Status: 400}).With("Rate exceeded")
}

// throttledFunction is Lambda's 429 (LAM C44).
var throttledFunction = &awsapi.Error{
	Code: "TooManyRequestsException", Status: 429, Message: "Rate Exceeded.",
	Members: map[string]string{"Type": "User", "Reason": "ConcurrentInvocationLimitExceeded"},
	Headers: map[string]string{"Retry-After": "1"},
}

// disorder carries out faults of a receive. A mapping always gets a message where
// there is one: it asks again when there is news, and not for having got nothing.
func (s *Server) disorder(o fault.Occasion, c *awsapi.Call, in *sqs.ReceiveMessageInput, next func() (any, error)) (any, error) {
	if _, struck := s.faults.Strike(o, fault.ShortReceive); struck {
		limit := 1
		if in.MaxNumberOfMessages != nil {
			limit = *in.MaxNumberOfMessages
		}
		switch {
		case limit >= 2 && limit <= 10:
			limit = 1 + s.faults.IntN(limit-1)
			in.MaxNumberOfMessages = &limit
		case c.Protocol != awsapi.Direct:
			return &sqs.ReceiveMessageOutput{}, nil
		}
	}
	out, err := next()
	got, ok := out.(*sqs.ReceiveMessageOutput)
	if err != nil || !ok || strings.HasSuffix(o.Resource, ".fifo") {
		return out, err
	}
	if _, struck := s.faults.Strike(o, fault.Reorder); struck {
		slices.Reverse(got.Messages)
		for i := range got.Messages {
			j := i + s.faults.IntN(len(got.Messages)-i)
			got.Messages[i], got.Messages[j] = got.Messages[j], got.Messages[i]
		}
	}
	return got, nil
}

// fate says what is to befall an invocation.
func (s *Server) fate(_, _, function string) lambda.InjectedFault {
	if !s.faults.Some() {
		return lambda.InjectedFault{}
	}
	kinds := map[fault.Kind]lambda.FaultKind{
		fault.CrashBefore: lambda.CrashBefore, fault.CrashDuring: lambda.CrashDuring, fault.CrashAfter: lambda.CrashAfter,
		fault.TimeOut: lambda.TimeOut, fault.OutOfMemory: lambda.OutOfMemory, fault.LeakMemory: lambda.LeakMemory,
	}
	o := fault.Occasion{Service: "lambda", Operation: "Invoke", Resource: function}
	r, struck := s.faults.Strike(o, slices.Collect(maps.Keys(kinds))...)
	if !struck {
		return lambda.InjectedFault{}
	}
	f := lambda.InjectedFault{Kind: kinds[r.Kind], After: r.Delay, MB: r.MB}
	if r.Kind == fault.CrashDuring {
		f.Calls, f.Served = s.faults.IntN(2), s.faults.IntN(2) == 0
	}
	return f
}

// functions are functions as mappings use them, with the faults of deliveries.
type functions struct {
	*lambda.Service
	server *Server
}

// StartInvocation implements mapping.Functions.
func (f *functions) StartInvocation(ctx context.Context, functionARN string, event []byte, trace string, done func(mapping.Outcome)) {
	if f.server.killed.Load() {
		return
	}
	name := ""
	if arn, ok := awsapi.ParseARN(functionARN); ok {
		name, _, _ = strings.Cut(strings.TrimPrefix(arn.Resource, "function:"), ":")
	}
	o, faults := fault.Occasion{Service: "lambda", Operation: "Invoke", Resource: name}, f.server.faults
	if r, struck := faults.Strike(o, fault.Throttle, fault.Unavailable, fault.Kill); struck {
		if r.Kind == fault.Kill {
			f.server.killAt(r, func() (any, error) {
				f.Service.StartInvocation(ctx, functionARN, event, trace, func(mapping.Outcome) {})
				return nil, nil
			})
			return
		}
		err := throttledFunction
		if r.Kind == fault.Unavailable {
			err = errUnavailable.With("Service is unavailable: fault %s", r.ID)
		}
		f.RejectInvocation(err, done)
		return
	}
	if _, struck := faults.Strike(o, fault.DeliverTwice); struck {
		f.Service.StartInvocation(ctx, functionARN, event, trace, func(mapping.Outcome) {})
	}
	f.Service.StartInvocation(ctx, functionARN, event, trace, done)
}

// serial is how long invocations take under a simulated clock, where they run in
// turn; nil under any other.
func (o Options) serial() func(string, []byte) time.Duration {
	switch {
	case !o.ClockMode.Serial():
		return nil
	case o.FunctionTime != nil:
		return o.FunctionTime
	}
	return func(string, []byte) time.Duration { return 0 }
}
