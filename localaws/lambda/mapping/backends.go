package mapping

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// Queues is SQS as mappings use it. Each call is made as the given caller, a
// session of the function's execution role, and is refused as SQS would refuse
// it: errors are *awsapi.Error as SQS answers them.
type Queues interface {
	// Check answers nil when the caller may use the SQS action (ReceiveMessage,
	// DeleteMessage, GetQueueAttributes) on the queue and the queue is there,
	// else what SQS would answer. It changes nothing: a trial receive would
	// take a message (LAM B16, B17).
	Check(ctx context.Context, as awsapi.Caller, queueARN, action string) error
	// Describe reads what a mapping checks about its queue.
	Describe(ctx context.Context, as awsapi.Caller, queueARN string) (Queue, error)
	// Receive takes up to limit messages, 1 to 10, without waiting. With none
	// to be had it answers an empty slice.
	Receive(ctx context.Context, as awsapi.Caller, queueARN string, limit int) ([]Message, error)
	// Delete deletes up to 10 messages. It answers the receipt handles that
	// were not deleted.
	Delete(ctx context.Context, as awsapi.Caller, queueARN string, receiptHandles []string) (failed []string, err error)
	// Watch has f called whenever a message may be had: after a send, the end
	// of a delay or visibility timeout, a redrive into the queue, the unlocking
	// of a FIFO group. f is called without any lock, must not block, and may be
	// called more often than there are messages. The queue need not exist: a
	// queue of that ARN that is made later counts as well.
	Watch(queueARN string, f func()) (stop func())
}

// Queue is what a mapping checks about its queue.
type Queue struct {
	// VisibilityTimeout is the queue's own (LAM B18, B30).
	VisibilityTimeout time.Duration
}

// Message is a message as it was received, with all its attributes.
type Message struct {
	// ID is the message id.
	ID string
	// ReceiptHandle is this receive's.
	ReceiptHandle string
	// Body is the body, byte for byte.
	Body string
	// MD5OfBody is the body's MD5 in hex.
	MD5OfBody string
	// MD5OfAttributes is the MD5 of the message attributes, empty without any.
	MD5OfAttributes string
	// System holds the message system attributes by name (LAM B47).
	System map[string]string
	// Attributes holds the message attributes by name.
	Attributes map[string]Attribute
}

// Attribute is one message attribute.
type Attribute struct {
	// DataType is String, Number or Binary, perhaps with a label.
	DataType string
	// Text is the value of a String or Number.
	Text string
	// Binary is the value of a Binary.
	Binary []byte
}

// Functions is Lambda as mappings use it.
type Functions interface {
	// Resolve finds a function by name, partial or full ARN, qualified or not
	// (LAM B6, C2). It answers an *awsapi.Error when there is none.
	Resolve(c *awsapi.Call, name string) (Function, error)
	// StartInvocation starts an invocation with the event and returns. done is called
	// once with the outcome, without any lock. The clock is kept busy from the
	// call until done returns.
	StartInvocation(ctx context.Context, functionARN string, event []byte, trace string, done func(Outcome))
}

// Function is what a mapping checks about its function.
type Function struct {
	// ARN is the function's, qualified as it was asked for (LAM B6).
	ARN string
	// Name is the bare name.
	Name string
	// Timeout is the function's own.
	Timeout time.Duration
	// Role is the execution role's ARN.
	Role string
	// Reserved is the reserved concurrency, or -1 without one.
	Reserved int
}

// Outcome is how an invocation ended.
type Outcome struct {
	// Payload is the function's answer.
	Payload []byte
	// FunctionError is set when the function failed: handled or not, crash,
	// timeout or failed init.
	FunctionError bool
	// Err is set when the function was not run: throttled (code
	// TooManyRequestsException), gone, or dropped by the recursive-loop guard
	// (RecursiveInvocationException).
	Err error
}

// Roles gives sessions of execution roles.
type Roles interface {
	// Session answers the caller that stands for a session of role, assumed by
	// Lambda under the name of the function whose unqualified ARN is given, or why
	// it cannot be had.
	Session(ctx context.Context, role, functionARN string) (awsapi.Caller, error)
}

// Metrics takes the opt-in event counts (LAM E32). name is one of
// PolledEventCount, InvokedEventCount, FilteredOutEventCount,
// FailedInvokeEventCount, DeletedEventCount, DroppedEventCount.
type Metrics interface {
	// Count adds n to a count of the mapping with the given UUID.
	Count(account, region, uuid, name string, n int)
}
