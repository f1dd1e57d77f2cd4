package lambda

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

// Roles gives sessions of execution roles.
type Roles interface {
	// Session assumes role for lambda.amazonaws.com under the name of the function
	// whose unqualified ARN is given (LAM C64), or says why it cannot be had: the
	// role is missing, or its trust policy does not let Lambda in (LAM C12).
	Session(ctx context.Context, role, functionARN string) (Session, error)
}

// Session is a session of an execution role.
type Session struct {
	// Caller stands for the session where Lambda acts for the function.
	Caller awsapi.Caller
	// Credentials are the key that the function's process gets.
	Credentials sandbox.Credentials
	// Expires is when the key ends, in machine time; zero means never.
	Expires time.Time
}

// Logs takes the functions' logs.
type Logs interface {
	// Write puts lines into a stream of a group, both made first where they are
	// missing. It acts as the given session and fails where the role may not:
	// the lines are then lost, as on AWS (LAM C74).
	Write(ctx context.Context, as awsapi.Caller, region, group, stream string, lines []sandbox.Line) error
}

// Metrics takes data for the namespace AWS/Lambda (LAM E31).
type Metrics interface {
	// Record adds one value to a metric.
	Record(account, region string, d Datum)
}

// Datum is one value of a metric.
type Datum struct {
	// Name is the metric's, such as Invocations.
	Name string
	// Unit is Count or Milliseconds.
	Unit string
	// Value is the value.
	Value float64
	// Dimensions is one set of dimensions; each set of LAM E31 comes as a datum
	// of its own.
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

// MappingTags keeps the tags of event source mappings, whose ARNs the tag
// operations of Lambda take as well (LAM B22, C33). A mapping that is missing is
// an *awsapi.Error.
type MappingTags interface {
	// Tags answers a mapping's tags.
	Tags(arn string) (map[string]string, error)
	// SetTags adds or replaces tags.
	SetTags(arn string, tags map[string]string) error
	// RemoveTags removes tags by key.
	RemoveTags(arn string, keys []string) error
}
