package localaws

import (
	"context"
	"fmt"

	"github.com/reliableq/reliableq/localaws/sqs"
)

// Do performs one operation as the operator, without HTTP. The input and the result
// are pointers to types of the service's package, such as sqs.SendMessageInput and
// sqs.SendMessageOutput. Faults are injected as into a request. Inside a registered
// handler, pass the handler's context, so that an injected crash can end it at the
// call.
//
// A simulated clock stands still during the call: an operation that waits for service
// time, as a long poll does, must not be called from a handler or a callback.
func (s *Server) Do(ctx context.Context, service, operation string, in any) (any, error) {
	// Work, as a request is: service time must not skip ahead during the call.
	s.clock.Begin()
	defer s.clock.End()

	c := s.newCall(s.operator.Caller, s.operator.Caller.Account, s.opts.Region)
	c.UserAgent = "localaws"
	out, err := s.parts.dispatcher.Do(ctx, c, service, operation, in)
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", operation, service, err)
	}
	return out, nil
}

// Queues returns the operator's queues in the server's own region, sorted by name.
func (s *Server) Queues() []sqs.QueueState {
	return s.parts.sqs.Queues(s.opts.Account, s.opts.Region)
}

// Peek returns the messages of one of the operator's queues, in the sequence in which
// they were sent, without receiving them.
func (s *Server) Peek(queue string) ([]sqs.PeekedMessage, error) {
	return s.parts.sqs.Peek(s.opts.Account, s.opts.Region, queue)
}

// RegisterHandler makes every function of the given name, in any account and region,
// run handler in this process instead of its program, for tests and simulation. Such
// a function can be created without a zip file. The handler has the signature of
// lambda.Handler's Invoke in aws-lambda-go, and its context has the same values.
//
// Calls may overlap. The result of the Invoke of lambda.NewHandler is in a buffer that
// its next call may overwrite: create a new one for each call.
func (s *Server) RegisterHandler(name string, handler func(ctx context.Context, event []byte) ([]byte, error)) {
	s.parts.lambda.RegisterHandler(name, handler)
}
