package lambda

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

// Roles returns sessions of execution roles.
type Roles interface {
	// Session assumes role for lambda.amazonaws.com, with the name of the function whose
	// unqualified ARN is given as the session's name (LAM C64). It fails if the role does
	// not exist or its trust policy does not allow Lambda (LAM C12).
	Session(ctx context.Context, role, functionARN string) (Session, error)
}

// Session is a session of an execution role.
type Session struct {
	// Caller is the session, for calls that Lambda makes on behalf of the function.
	Caller awsapi.Caller
	// Credentials are the credentials that the function's process gets.
	Credentials sandbox.Credentials
	// Expires is when the credentials expire, in machine time; zero means never.
	Expires time.Time
}

// Logs takes the functions' logs.
type Logs interface {
	// Write puts lines into a stream of a group and makes both if they do not exist. It
	// acts as the given session and fails if the role has no permission: the lines are
	// then lost, as on AWS (LAM C74).
	Write(ctx context.Context, as awsapi.Caller, region, group, stream string, lines []sandbox.Line) error
}

// Metrics takes data for the namespace AWS/Lambda (LAM E31).
type Metrics interface {
	// Record adds one value to a metric.
	Record(account, region string, d Datum)
}

// Datum is one value of a metric.
type Datum struct {
	// Name is the metric's name, such as Invocations.
	Name string
	// Unit is Count or Milliseconds.
	Unit string
	// Value is the value.
	Value float64
	// Dimensions is one set of dimensions. A value with several sets (LAM E31) is one
	// datum for each set.
	Dimensions map[string]string
}

// Queues sends to SQS for dead-letter queues and destinations.
type Queues interface {
	// Send sends a message as the given session, with trace as its
	// AWSTraceHeader. attributes are message attributes by name.
	Send(ctx context.Context, as awsapi.Caller, queueARN, body string, attributes map[string]Attribute, trace string) error
}

// Attribute is a message attribute of a dead-lettered event (LAM C49).
type Attribute struct {
	// DataType is String or Number.
	DataType string
	// Value is the value as text.
	Value string
}

// MappingTags is the tags of event source mappings, whose ARNs Lambda's operations on tags
// accept too (LAM B22, C33). Methods return an *awsapi.Error if the mapping does not
// exist.
type MappingTags interface {
	// Tags returns a mapping's tags.
	Tags(arn string) (map[string]string, error)
	// SetTags adds or replaces tags.
	SetTags(arn string, tags map[string]string) error
	// RemoveTags removes tags by key.
	RemoveTags(arn string, keys []string) error
}
