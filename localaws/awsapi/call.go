package awsapi

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
)

// Caller is who makes a call: the operator, a user, a role's session or an AWS
// service.
type Caller struct {
	// Account is the 12-digit account id that the caller belongs to.
	Account string
	// ARN is the caller as it is named in messages: a user's ARN or an
	// assumed-role session's (LAM D24).
	ARN string
	// UserID is the unique id: AIDA… of a user, AROA…:SESSION of a role
	// session, the account id of root. SQS calls it SenderId (SQS I9).
	UserID string
	// PrincipalARN is aws:PrincipalArn: the role's ARN for a session, else ARN
	// (LAM D21).
	PrincipalARN string
	// AccessKey is the access key id of the request's signature.
	AccessKey string
	// Administrator marks the operator's own credentials: allowed everything
	// that no resource policy denies.
	Administrator bool
	// Anonymous marks a call that nobody signed. It is let through only where
	// authentication is switched off.
	Anonymous bool
	// SessionPolicy is the JSON policy passed to AssumeRole, or empty.
	SessionPolicy string
	// ServicePrincipal is set when an AWS service calls in its own name, such
	// as lambda.amazonaws.com; SourceARN and SourceAccount then say for whom.
	ServicePrincipal string
	// SourceARN is aws:SourceArn of a service's call.
	SourceARN string
	// SourceAccount is aws:SourceAccount of a service's call.
	SourceAccount string
}

// Call is one request to one operation, as far as every operation needs it.
type Call struct {
	// Caller is who asks.
	Caller Caller
	// Account is the account whose resources are meant: the caller's, unless
	// an operation names another.
	Account string
	// Region is the region whose resources are meant, from the signature's
	// scope or the server's own.
	Region string
	// RequestID is the id that answer and logs bear, a UUID.
	RequestID string
	// Endpoint is the base of URLs in answers, such as http://127.0.0.1:4566.
	Endpoint string
	// Protocol is how the call came in.
	Protocol Protocol
	// Trace is the header X-Amzn-Trace-Id, or empty (SQS F12).
	Trace string
	// SourceIP is the client's address without port, or empty.
	SourceIP string
	// UserAgent is the client's User-Agent.
	UserAgent string
	// Secure is aws:SecureTransport. The embedded endpoint speaks plain HTTP on
	// loopback and counts as secure, so that TLS-only policies let it in.
	Secure bool
	// Path is the request's path, for the operations that read it (SQS B1).
	Path string
	// Header holds the request's headers; nil in direct calls.
	Header http.Header
}

// Protocol is the wire form of a call.
type Protocol uint8

const (
	// Direct is a Go call without a wire.
	Direct Protocol = iota
	// JSON is AWS JSON 1.0 or 1.1, chosen by X-Amz-Target.
	JSON
	// Query is form encoding in, XML out.
	Query
	// REST is REST-JSON.
	REST
	// CBOR is Smithy RPC v2 CBOR.
	CBOR
)

// Access is a permission that a call needs.
type Access struct {
	// Action is the IAM action, such as sqs:SendMessage.
	Action string
	// Resource is the ARN asked for, or "*" where the action has none.
	Resource string
	// ResourcePolicy is the JSON policy on that resource, or empty.
	ResourcePolicy string
	// Alternative is an action that is enough in place of Action, as
	// logs:TagLogGroup is for logs:TagResource; empty where there is none. An
	// explicit deny of either refuses the call.
	Alternative string
	// ResourceTags are the tags that the resource has: aws:ResourceTag/KEY. They
	// must not change after the call.
	ResourceTags map[string]string
	// RequestTags are the tags that the request sets: aws:RequestTag/KEY, and
	// their keys are aws:TagKeys.
	RequestTags map[string]string
	// TagKeys are further values of aws:TagKeys: the keys of tags to remove.
	TagKeys []string
	// Refusal is the error that refuses the call; without a message it gets the
	// usual one. Nil means AccessDenied in the form of the service.
	Refusal *Error
	// Keys are further condition keys of the request, such as
	// lambda:FunctionArn. Keys are compared without case.
	Keys map[string][]string
}

// Operation is one row of a service's table. Make it with [Op].
type Operation struct {
	// Name is the operation's name in AWS's model, such as SendMessage.
	Name string
	// New makes an empty input to decode into.
	New func() any
	// Do runs the operation on an input that New made. Its errors are *Error
	// where AWS has one.
	Do func(ctx context.Context, c *Call, in any) (any, error)
	// Access lists the permissions to check before Do; nil where AWS asks for
	// none (GetCallerIdentity). It must not fail: what cannot be named, such
	// as a queue that is not there, is left for Do to refuse.
	Access func(c *Call, in any) []Access
	// Method and Path bind a REST operation: POST
	// /2015-03-31/functions/{FunctionName}/invocations. A trailing slash in a
	// request is ignored, and a path segment is unescaped after matching.
	Method, Path string
	// Status is the HTTP status of success; 0 means 200.
	Status int
	// NoOutput marks an operation without an output shape: JSON answers an
	// empty body, XML no Result element (SQS A3, B4).
	NoOutput bool
}

// Op makes an operation from a typed function.
func Op[In, Out any](name string, do func(context.Context, *Call, *In) (*Out, error), access func(*Call, *In) []Access) Operation {
	op := Operation{
		Name: name,
		New:  func() any { return new(In) },
		Do: func(ctx context.Context, c *Call, in any) (any, error) {
			out, err := do(ctx, c, in.(*In))
			if err != nil {
				return nil, err
			}
			return out, nil
		},
	}
	if access != nil {
		op.Access = func(c *Call, in any) []Access { return access(c, in.(*In)) }
	}
	return op
}

// None is the output of an operation that has none.
type None struct{}

// Service is one embedded service: how its requests are known, and what it can
// do. Whatever is not in Operations is refused by name.
type Service struct {
	// Name is the service in a signature's scope and in IAM actions: sqs,
	// lambda, iam, sts, logs, monitoring.
	Name string
	// Target is the prefix of X-Amz-Target before the dot, such as AmazonSQS
	// or Logs_20140328; empty where the service has no JSON protocol.
	Target string
	// JSONVersion is "1.0" or "1.1".
	JSONVersion string
	// QueryVersion is the API version in Query requests, such as 2012-11-05;
	// empty where the service has no Query protocol.
	QueryVersion string
	// Namespace is the XML namespace of Query answers.
	Namespace string
	// Flattened says that lists in Query are Name.1 and not Name.member.1, and
	// that XML lists repeat the element (SQS B3, B5).
	Flattened bool
	// CBORService is the service's name in /service/NAME/operation/OP, or
	// empty.
	CBORService string
	// ErrorNamespace is the namespace of __type for model errors.
	ErrorNamespace string
	// Operations is the table, by name.
	Operations map[string]Operation
	// Refused are further REST operations of AWS's model, by Name, Method and Path
	// alone, so that what is asked for can be refused by its name. Other
	// protocols carry the name in the request.
	Refused []Operation
}

// Table makes a Service's table, and panics on a name that stands twice: that
// is a fault of the program, found by the first test.
func Table(ops ...Operation) map[string]Operation {
	table := make(map[string]Operation, len(ops))
	for _, op := range ops {
		if _, twice := table[op.Name]; twice {
			panic("operation " + op.Name + " stands twice in the table")
		}
		table[op.Name] = op
	}
	return table
}

// Dispatcher runs operations for callers, permission check first. The edge uses
// it for requests, and services that act for a role use it for theirs.
type Dispatcher struct {
	// Services by Name.
	Services map[string]*Service
	// Authorize decides on one permission, and answers nil or the refusal. A
	// nil Authorize allows everything (authentication is switched off).
	Authorize func(ctx context.Context, c *Call, a Access) error
	// Intercept stands around every operation that is permitted: it calls next,
	// or answers in its place. Nil lets all operations run.
	Intercept func(ctx context.Context, c *Call, service string, op *Operation, in any, next func() (any, error)) (any, error)
	// Logger gets what goes wrong inside; nil discards.
	Logger *slog.Logger
}

// Do runs one operation: permissions, then the operation itself.
func (d *Dispatcher) Do(ctx context.Context, c *Call, service, operation string, in any) (any, error) {
	svc, ok := d.Services[service]
	if !ok {
		return nil, fmt.Errorf("service %s is not embedded", service)
	}
	op, ok := svc.Operations[operation]
	if !ok {
		return nil, fmt.Errorf("operation %s of %s is not embedded", operation, service)
	}
	if err := d.Allow(ctx, c, &op, in); err != nil {
		return nil, err
	}
	return d.Perform(ctx, c, service, &op, in)
}

// Perform runs an operation that is permitted.
func (d *Dispatcher) Perform(ctx context.Context, c *Call, service string, op *Operation, in any) (any, error) {
	if d.Intercept == nil {
		return op.Do(ctx, c, in)
	}
	return d.Intercept(ctx, c, service, op, in, func() (any, error) { return op.Do(ctx, c, in) })
}

// Allow checks the permissions that op needs for in.
func (d *Dispatcher) Allow(ctx context.Context, c *Call, op *Operation, in any) error {
	if d.Authorize == nil || op.Access == nil {
		return nil
	}
	for _, a := range op.Access(c, in) {
		if err := d.Authorize(ctx, c, a); err != nil {
			return err
		}
	}
	return nil
}
