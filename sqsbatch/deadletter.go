package sqsbatch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Names of the attributes that WithDeadLetter adds. Beside them stands
// origin_message_id, with the id that the message was first sent with.
const (
	// ReasonAttribute (String) is what kind of failure it was: permanent or
	// invalid_body.
	ReasonAttribute = "dlq_reason"
	// ErrorAttribute (String) is the error's text, up to 1024 bytes of it.
	ErrorAttribute = "dlq_error"
	// ReceiveCountAttribute (Number) is how often the message was received.
	ReceiveCountAttribute = "dlq_receive_count"
	// FunctionAttribute (String) is the function that gave it up.
	FunctionAttribute = "dlq_function"
)

// Limits of SQS on attributes (SQS G1), and ours on the error's text.
const (
	maxAttributes = 10
	maxErrorText  = 1024
)

// DeadLetterSender sends messages to a dead-letter queue. Package sqsclient
// makes one of the AWS SDK's client.
type DeadLetterSender interface {
	// SendDeadLetter answers nil only when SQS has accepted the message.
	SendDeadLetter(ctx context.Context, m DeadLetter) error
}

// DeadLetter is the copy of a message for the dead-letter queue.
type DeadLetter struct {
	// Body is the message's own.
	Body string
	// Attributes are the message's own and what WithDeadLetter adds.
	Attributes map[string]events.SQSMessageAttribute
	// Group is the message's group id; empty if it has none. A FIFO queue needs
	// one.
	Group string
	// DeduplicationID is the message's id: a copy sent twice within five minutes
	// arrives once in a FIFO queue.
	DeduplicationID string
}

// WithDeadLetter takes a message with a permanent error to the dead-letter
// queue at once, instead of letting SQS deliver it again as often as its
// redrive policy says. A copy is sent with the reason, the error's text, the
// receive count, the function and the origin id as attributes; when SQS has
// accepted it the original is reported as done.
//
// Nothing is lost on the way: if the copy is not accepted, or the attributes
// together would exceed the ten that SQS allows, the message is one that
// failed, and SQS itself moves it on in the end.
func WithDeadLetter(sender DeadLetterSender) Option {
	return func(c *config) {
		if sender == nil {
			c.refuse("WithDeadLetter: no sender")
		}
		c.deadLetter = sender
	}
}

var errNoRoom = errors.New("no room for the attributes of a dead letter")

// bury tells whether the dead-letter queue has accepted a copy.
func (r *run) bury(ctx context.Context, result *Result) bool {
	m := result.Message
	letter := DeadLetter{
		Body: m.Body, Attributes: deadLetterAttributes(ctx, result),
		Group: m.Attributes[groupAttribute], DeduplicationID: m.MessageId,
	}
	err := errNoRoom
	if len(letter.Attributes) <= maxAttributes {
		err = r.deadLetter.SendDeadLetter(ctx, letter)
	}
	if err != nil {
		result.Err = fmt.Errorf("%w (and not dead-lettered: %w)", result.Err, err)
	}
	return err == nil
}

func deadLetterAttributes(ctx context.Context, result *Result) map[string]events.SQSMessageAttribute {
	m := result.Message
	attributes := make(map[string]events.SQSMessageAttribute, len(m.MessageAttributes)+5)
	maps.Copy(attributes, m.MessageAttributes)
	add := func(name, kind, value string) {
		attributes[name] = events.SQSMessageAttribute{DataType: kind, StringValue: &value}
	}
	add(originAttribute, "String", originID(m))
	add(ReasonAttribute, "String", reasonOf(result.Err))
	add(ErrorAttribute, "String", printable(text(result.Err)))
	add(ReceiveCountAttribute, "Number", strconv.Itoa(receiveCount(m)))
	if name := functionName(ctx); name != "" {
		add(FunctionAttribute, "String", name)
	}
	return attributes
}

// functionName is the name of the function that runs, as its invocation says it;
// empty outside of Lambda.
func functionName(ctx context.Context) string {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		// arn:aws:lambda:REGION:ACCOUNT:function:NAME, and perhaps :ALIAS
		if parts := strings.Split(lc.InvokedFunctionArn, ":"); len(parts) > 6 {
			return parts[6]
		}
	}
	return lambdacontext.FunctionName
}

func reasonOf(err error) string {
	var decode *DecodeError
	if errors.As(err, &decode) {
		return "invalid_body"
	}
	return "permanent"
}

// printable is the text as SQS takes it (SQS F3): without control characters,
// not empty and not long.
func printable(s string) string {
	s = strings.Map(func(c rune) rune {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == utf8.RuneError || c == 0xFFFE || c == 0xFFFF {
			return ' '
		}
		return c
	}, s)
	if len(s) > maxErrorText {
		s = strings.ToValidUTF8(s[:maxErrorText], "") // the cut may go through a character
	}
	if s == "" {
		return "unknown"
	}
	return s
}
