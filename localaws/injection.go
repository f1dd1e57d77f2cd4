package localaws

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/fault"
	"github.com/reliableq/reliableq/localaws/lambda"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
	"github.com/reliableq/reliableq/localaws/sqs"
)

// Faults returns the rules by which this server injects faults; a new server has none.
func (s *Server) Faults() *fault.Set { return s.faults }

// faultRandom returns the random source for faults. It is not the one for ids: a rule
// changes no id.
func (s *Server) faultRandom() *chance.Source {
	if s.opts.Seed == 0 {
		return chance.New()
	}
	// Any constant will do, so long as the sequence differs from that of ids.
	return chance.Seeded(s.opts.Seed ^ 0xfa017)
}

// intercept wraps every operation of the dispatcher: it injects faults into calls, and
// ends a handler at the call at which it is to crash.
func (s *Server) intercept(ctx context.Context, c *awsapi.Call, service string, op *awsapi.Operation, in any, next func() (any, error)) (any, error) {
	return sandbox.Call(ctx, func() (any, error) {
		if s.opts.ObserveCall != nil {
			s.opts.ObserveCall(service, op.Name)
		}
		call := func() (any, error) { return s.inject(ctx, c, service, op, in, next) }
		if s.opts.Kill == nil {
			return call()
		}
		return s.killable(ctx, call)
	})
}

// inject performs a call, with a fault where a rule applies to it.
func (s *Server) inject(ctx context.Context, c *awsapi.Call, service string, op *awsapi.Operation, in any, next func() (any, error)) (any, error) {
	if s.faults.Empty() {
		return next()
	}

	p := fault.Point{
		Service:   publicName(service),
		Operation: op.Name,
		Resource:  resource(c, op, in),
	}
	if r, ok := s.faults.ChooseForCall(p); ok {
		return s.injectCall(ctx, r, c, service, next)
	}
	if receive, ok := in.(*sqs.ReceiveMessageInput); ok {
		return s.injectReceive(p, c, receive, next)
	}
	return next()
}

// resource returns the name of the queue or function of a call, or an empty string.
// Other resources have the last part of their ARN.
func resource(c *awsapi.Call, op *awsapi.Operation, in any) string {
	if op.Access == nil {
		return ""
	}

	needs := op.Access(c, in)
	if len(needs) == 0 {
		return ""
	}

	// The first permission is the operation's own; others may be for a role to pass.
	arn, ok := awsapi.ParseARN(needs[0].Resource)
	if !ok {
		return ""
	}
	return strings.TrimPrefix(arn.Resource, "function:")
}

// injectCall performs a call with the fault of a rule.
func (s *Server) injectCall(ctx context.Context, r fault.Rule, c *awsapi.Call, service string, next func() (any, error)) (any, error) {
	// Faults before the call takes effect.
	if err := refusal(r, service); err != nil {
		return nil, &fault.Error{Err: err}
	}
	if r.Kind == fault.Kill {
		s.killAt(r, next)
		return nil, awsapi.ErrResponseLost
	}

	// Faults of the response.
	out, err := next()
	if err != nil {
		return nil, err
	}

	switch r.Kind {
	case fault.LoseReply:
		return nil, awsapi.ErrResponseLost
	case fault.Slow:
		if c.Protocol == awsapi.Direct { // a call from Go has no response that travels
			return out, nil
		}
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

// refusal returns the error of a fault that refuses a call, or nil for other faults.
func refusal(r fault.Rule, service string) error {
	switch r.Kind {
	case fault.Throttle:
		return throttleError(service)
	case fault.Unavailable:
		return errUnavailable.With("Service is unavailable: fault %s", r.ID)
	case fault.ExpiredCredential:
		return awsapi.ErrExpiredCredential
	}
	return nil
}

// errUnavailable is the error of a service that is not available.
var errUnavailable = awsapi.Error{Code: "ServiceUnavailable", Status: 503}

// throttleError returns the error with which a service refuses too many requests.
func throttleError(service string) error {
	switch service {
	case "sqs":
		return (awsapi.Error{Code: "RequestThrottled", Status: 400}).With("Request is throttled.")
	case "lambda":
		return errFunctionThrottled
	}
	return (awsapi.Error{Code: "ThrottlingException", QueryCode: "Throttling", Status: 400}).With("Rate exceeded")
}

// errFunctionThrottled is Lambda's error 429 for an invocation (LAM C44).
var errFunctionThrottled = &awsapi.Error{
	Code:    "TooManyRequestsException",
	Status:  429,
	Message: "Rate Exceeded.",
	Members: map[string]string{"Type": "User", "Reason": "ConcurrentInvocationLimitExceeded"},
	Headers: map[string]string{"Retry-After": "1"},
}

// injectReceive performs a receive with the faults of its result. A mapping always
// gets a message if there is one: it receives again when a message becomes visible,
// and not because a receive was empty.
func (s *Server) injectReceive(p fault.Point, c *awsapi.Call, in *sqs.ReceiveMessageInput, next func() (any, error)) (any, error) {
	if _, ok := s.faults.Choose(p, fault.ShortReceive); ok {
		limit := 1
		if in.MaxNumberOfMessages != nil {
			limit = *in.MaxNumberOfMessages
		}
		// A limit of one cannot be shortened: the receive is empty. Limits out of range
		// are for the operation to refuse.
		switch {
		case limit >= 2 && limit <= 10:
			limit = 1 + s.faults.IntN(limit-1)
			in.MaxNumberOfMessages = &limit
		case c.Protocol != awsapi.Direct:
			return &sqs.ReceiveMessageOutput{}, nil
		}
	}

	// Reorder does not apply to FIFO queues.
	out, err := next()
	got, ok := out.(*sqs.ReceiveMessageOutput)
	if err != nil || !ok || strings.HasSuffix(p.Resource, ".fifo") {
		return out, err
	}
	if _, ok := s.faults.Choose(p, fault.Reorder); ok {
		// Reversed first, so that two messages never stay as they were by chance alone.
		slices.Reverse(got.Messages)
		for i := range got.Messages {
			j := i + s.faults.IntN(len(got.Messages)-i)
			got.Messages[i], got.Messages[j] = got.Messages[j], got.Messages[i]
		}
	}
	return got, nil
}

// injectInvocation returns the fault to inject into an invocation.
func (s *Server) injectInvocation(function string) lambda.InjectedFault {
	if s.faults.Empty() {
		return lambda.InjectedFault{}
	}

	r, ok := s.faults.ChooseForInvocation(fault.Point{Service: "lambda", Operation: "Invoke", Resource: function})
	if !ok {
		return lambda.InjectedFault{}
	}

	f := lambda.InjectedFault{Rule: r}
	if r.Kind == fault.CrashDuring {
		// At the first or the second call, before or after it takes effect.
		f.Calls = s.faults.IntN(2)
		f.Served = s.faults.IntN(2) == 0
	}
	return f
}
