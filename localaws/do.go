package localaws

import (
	"context"
	"fmt"
	"github.com/reliableq/reliableq/localaws/sqs"
)

// Do runs one operation as the operator, without a wire: in and the answer are
// pointers to the types of the service's package, such as sqs.SendMessageInput and
// sqs.SendMessageOutput. Faults strike it as they do a request. A context that a
// registered handler was given belongs to it in a handler, so that it can die at
// the call.
//
// A simulated clock stands still meanwhile: an operation that waits for service
// time, as a long poll does, must not be called from a handler or a callback.
func (s *Server) Do(ctx context.Context, service, operation string, in any) (any, error) {
	s.clock.Begin()
	defer s.clock.End()
	c := s.call(s.operator.Caller, s.operator.Caller.Account, s.opts.Region)
	c.UserAgent = "localaws"
	out, err := s.parts.dispatcher.Do(ctx, c, service, operation, in)
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", operation, service, err)
	}
	return out, nil
}

// Queues are the operator's queues in the server's own region, in order of name.
func (s *Server) Queues() []sqs.QueueState {
	return s.parts.sqs.Queues(s.opts.Account, s.opts.Region)
}

// Peek reads the messages of one of the operator's queues in the order in which
// they came to it, without receiving them.
func (s *Server) Peek(queue string) ([]sqs.PeekedMessage, error) {
	return s.parts.sqs.Peek(s.opts.Account, s.opts.Region, queue)
}
