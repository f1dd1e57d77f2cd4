package localaws

import "context"

// RegisterHandler makes every function of the given name, in any account and
// region, run handler in this process in place of its program: for tests and for
// simulation. Such a function may be created without a zip file. The handler has
// the shape of lambda.Handler's Invoke in aws-lambda-go, and its context carries
// what that would give it.
//
// Calls may overlap. Where handler is that of lambda.NewHandler, make one for each
// call: what its Invoke answers lies in a buffer that its next call may write to.
func (s *Server) RegisterHandler(name string, handler func(ctx context.Context, event []byte) ([]byte, error)) {
	s.parts.lambda.RegisterHandler(name, handler)
}
