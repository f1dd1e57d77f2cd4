package mapping

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// Queues is SQS as mappings use it. Each call is made as the given caller, a session of
// the function's execution role, and its errors are the *awsapi.Error that SQS returns.
type Queues interface {
	// Check returns the error that SQS would return for an action (ReceiveMessage,
	// DeleteMessage, GetQueueAttributes) on the queue: without permission, or if the
	// queue does not exist. It has no effect: a trial receive could receive a message
	// (LAM B16, B17).
	Check(ctx context.Context, as awsapi.Caller, queueARN, action string) error
	// Describe returns what a mapping checks about its queue.
	Describe(ctx context.Context, as awsapi.Caller, queueARN string) (Queue, error)
	// Receive receives up to limit messages, 1 to 10, without waiting. If there are none
	// it returns an empty slice.
	Receive(ctx context.Context, as awsapi.Caller, queueARN string, limit int) ([]Message, error)
	// Delete deletes up to 10 messages. It returns the receipt handles that were not
	// deleted.
	Delete(ctx context.Context, as awsapi.Caller, queueARN string, receiptHandles []string) (failed []string, err error)
	// Watch registers f to be called whenever a message may have become visible: after a
	// send, the end of a delay or visibility timeout, a redrive into the queue, the
	// release of a FIFO group. f is called without any lock, must not block, and may be
	// called more often than there are messages. The queue need not exist: f is called
	// for a queue of that ARN that is created later, too.
	Watch(queueARN string, f func()) (stop func())
}

// Queue is what a mapping checks about its queue.
type Queue struct {
	// VisibilityTimeout is the queue's attribute (LAM B18, B30).
	VisibilityTimeout time.Duration
}

// Message is a received message with all its attributes.
type Message struct {
	// ID is the message id.
	ID string
	// ReceiptHandle is the handle of this receive.
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
	// (LAM B6, C2). It returns an *awsapi.Error if there is none.
	Resolve(c *awsapi.Call, name string) (Function, error)
	// StartInvocation starts an invocation with the event and returns. It calls done once
	// with the outcome, without any lock. The clock counts the invocation as work in
	// progress until done returns, or schedules it as an event.
	StartInvocation(ctx context.Context, functionARN string, event []byte, trace string, done func(Outcome))
}

// Function is what a mapping checks about its function.
type Function struct {
	// ARN is the function's ARN, with the qualifier of the request (LAM B6).
	ARN string
	// Name is the function's name without qualifier.
	Name string
	// Timeout is the function's timeout.
	Timeout time.Duration
	// Role is the execution role's ARN.
	Role string
	// Reserved is the reserved concurrency, or -1 without one.
	Reserved int
}

// Outcome is how an invocation ended.
type Outcome struct {
	// Payload is the function's response.
	Payload []byte
	// FunctionError is set if the function failed: handled or not, crash,
	// timeout or failed init.
	FunctionError bool
	// Err is set if the function was not run: throttled (code
	// TooManyRequestsException), gone, or dropped by the recursive-loop guard
	// (RecursiveInvocationException).
	Err error
}

// Roles returns sessions of execution roles.
type Roles interface {
	// Session returns a session of role, assumed by Lambda under the name of the function
	// whose unqualified ARN is given.
	Session(ctx context.Context, role, functionARN string) (awsapi.Caller, error)
}

// Metrics takes the event counts that a mapping can publish (LAM E32). name is one of
// PolledEventCount, InvokedEventCount, FilteredOutEventCount,
// FailedInvokeEventCount, DeletedEventCount, DroppedEventCount.
type Metrics interface {
	// Count adds n to a count of the mapping with the given UUID.
	Count(account, region, uuid, name string, n int)
}
