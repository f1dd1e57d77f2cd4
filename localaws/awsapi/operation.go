package awsapi

import "context"

// Operation is one row of a service's table. Make it with [Op] or [OpNoOutput].
type Operation struct {
	// Name is the operation's name in AWS's model, such as SendMessage.
	Name string
	// New returns an empty input to decode into.
	New func() any
	// Do runs the operation on an input from New. It returns an *Error where AWS
	// has one.
	Do func(ctx context.Context, c *Call, in any) (any, error)
	// Access returns the permissions to check before Do; nil where AWS requires
	// none (GetCallerIdentity). It must not fail: what it cannot name, such as a
	// queue that does not exist, is refused by Do.
	Access func(c *Call, in any) []Access
	// Method and Path are those of a REST operation, such as POST
	// /2015-03-31/functions/{FunctionName}/invocations. A trailing slash in a
	// request is ignored, and a path segment is unescaped after matching.
	Method, Path string
	// Status is the HTTP status of success; 0 means 200.
	Status int
	// NoOutput marks an operation without an output shape: the response has an
	// empty body in JSON, and no Result element in XML (SQS A3, B4).
	NoOutput bool
}

// Op returns an operation that runs a typed function. A nil access means that no
// permission is needed.
func Op[In, Out any](name string, do func(context.Context, *Call, *In) (*Out, error), access func(*Call, *In) []Access) Operation {
	op := Operation{
		Name: name,
		New:  func() any { return new(In) },
		Do: func(ctx context.Context, c *Call, in any) (any, error) {
			out, err := do(ctx, c, in.(*In))
			if err != nil {
				return nil, err // not a typed nil
			}
			return out, nil
		},
	}

	// A nil function must stay nil: the dispatcher then checks no permission.
	if access != nil {
		op.Access = func(c *Call, in any) []Access { return access(c, in.(*In)) }
	}
	return op
}

// OpNoOutput is like [Op] for an operation without an output shape. To callers of
// the [Dispatcher] its output is a *[None].
func OpNoOutput[In any](name string, do func(context.Context, *Call, *In) error, access func(*Call, *In) []Access) Operation {
	op := Op(name, func(ctx context.Context, c *Call, in *In) (*None, error) {
		return &None{}, do(ctx, c, in)
	}, access)

	op.NoOutput = true
	return op
}

// AtPath returns the operation with its method, path and status of success in
// REST-JSON.
func (op Operation) AtPath(method, path string, status int) Operation {
	op.Method = method
	op.Path = path
	op.Status = status
	return op
}

// None is the input or output of an operation that has none.
type None struct{}
