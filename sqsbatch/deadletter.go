package sqsbatch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Names of the attributes that [WithDeadLetter] adds, in addition to
// origin_message_id with the id with which the message was first sent.
const (
	// ReasonAttribute (String) is the kind of failure: permanent, invalid_body or
	// gave_up.
	ReasonAttribute = "dlq_reason"
	// ErrorAttribute (String) is the error's text, at most 1024 bytes.
	ErrorAttribute = "dlq_error"
	// ReceiveCountAttribute (Number) is how often the message was received.
	ReceiveCountAttribute = "dlq_receive_count"
	// FunctionAttribute (String) is the name of the function.
	FunctionAttribute = "dlq_function"
)

// Limits of SQS on attributes (SQS G1), and our own on the error's text.
const (
	maxAttributes = 10
	maxErrorText  = 1024
)

// DeadLetterSender sends messages to a dead-letter queue. Package sqsclient has one
// for the AWS SDK.
type DeadLetterSender interface {
	// SendDeadLetter returns nil only if SQS has accepted the message.
	SendDeadLetter(ctx context.Context, m DeadLetter) error
}

// DeadLetter is the copy of a message for the dead-letter queue.
type DeadLetter struct {
	// Body is the body of the message.
	Body string
	// Attributes are the attributes of the message and those of WithDeadLetter.
	Attributes map[string]events.SQSMessageAttribute
	// Group is the message group id; empty if there is none. A FIFO queue requires
	// one.
	Group string
	// DeduplicationID is the message id. A FIFO queue ignores a second copy within
	// five minutes.
	DeduplicationID string
	// TraceHeader is the message's AWSTraceHeader, which the copy must have as its
	// message system attribute of that name; empty if there is none.
	TraceHeader string
}

// WithDeadLetter dead-letters a message with a permanent error at once, instead of
// after the receives that the redrive policy allows. It sends a copy with the
// reason, the error's text, the receive count, the function and the origin id as
// attributes, and the trace header of the message. When SQS has accepted the copy, the original is reported as done.
//
// No message is lost: if the copy is not accepted, or would have more than the ten
// attributes that SQS allows, the message fails, and SQS redrives it in the end.
func WithDeadLetter(sender DeadLetterSender) Option {
	return func(c *config) {
		if isNil(sender) {
			c.refuse("WithDeadLetter: no sender, or one without a client or queue URL")
		}
		c.deadLetter = sender
	}
}

// GiveUpAt dead-letters a message that fails at its nth receive or a later one, with
// the reason gave_up, as if its error were permanent. It needs [WithDeadLetter]. In a
// FIFO queue, the group then goes on, in the same batch. Without it, SQS dead-letters
// the messages behind a failed one with it: they use up their receives together.
//
// Choose n below the queue's maxReceiveCount. Messages of the group that come after
// the failed one have been received as often, and need receives for their own failures.
func GiveUpAt(n int) Option {
	return func(c *config) {
		if n < 1 {
			c.refuse("GiveUpAt: %d is less than 1", n)
		}
		c.giveUpAt = n
	}
}

// finalAttempt reports whether the message is dead-lettered if it fails.
func (c *config) finalAttempt(m *events.SQSMessage) bool {
	return c.giveUpAt > 0 && receiveCount(m) >= c.giveUpAt
}

var errTooManyAttributes = errors.New("too many attributes for a dead letter: SQS allows 10")

// sendDeadLetter sends a copy of the message to the dead-letter queue, and reports whether
// SQS has accepted it. If not, it adds the reason to result.Err.
func (r *run) sendDeadLetter(ctx context.Context, result *Result) bool {
	m := result.Message
	letter := DeadLetter{
		Body:            m.Body,
		Attributes:      deadLetterAttributes(ctx, result),
		Group:           m.Attributes[groupAttribute],
		DeduplicationID: m.MessageId,
		TraceHeader:     m.Attributes[traceAttribute],
	}

	// SQS would refuse a copy with too many attributes. The message then fails, and
	// is dead-lettered by SQS without them.
	err := errTooManyAttributes
	if len(letter.Attributes) <= maxAttributes {
		ctx, cancel := r.sendContext(ctx, result)
		defer cancel()
		err = r.callSender(ctx, letter)
	}
	if err != nil {
		result.Err = fmt.Errorf("%w (and not dead-lettered: %w)", result.Err, err)
	}
	return err == nil
}

// callSender calls the user's sender. It returns a panic as an error, so that the error of
// the message is not lost.
func (r *run) callSender(ctx context.Context, letter DeadLetter) (err error) {
	defer recovered(&err)
	return r.deadLetter.SendDeadLetter(ctx, letter)
}

// sendContext returns the context for sending a message to the dead-letter queue. If
// other messages wait, a queue that does not respond costs them no more than a message
// that hangs. Else it has half of the time for requests after the work, so that a
// message that used up all time for the work can be dead-lettered.
func (r *run) sendContext(ctx context.Context, result *Result) (context.Context, context.CancelFunc) {
	if r.deadline.IsZero() {
		return ctx, func() {}
	}
	by := r.deadline.Add(r.settleBy.Sub(r.deadline) / 2)
	if r.contexts != nil && r.after(result) > 0 {
		now := time.Now()
		by = now.Add(r.limit(now, result))
	}
	return context.WithDeadline(r.parent, by)
}

// deadLetterAttributes returns the attributes of the copy.
func deadLetterAttributes(ctx context.Context, result *Result) map[string]events.SQSMessageAttribute {
	m := result.Message
	attributes := make(map[string]events.SQSMessageAttribute, len(m.MessageAttributes)+5)
	maps.Copy(attributes, m.MessageAttributes)
	add := func(name, kind, value string) {
		attributes[name] = events.SQSMessageAttribute{DataType: kind, StringValue: &value}
	}
	// A copy of a copy keeps the first id.
	add(originAttribute, "String", originID(m))
	add(ReasonAttribute, "String", reasonOf(result.Err))
	add(ErrorAttribute, "String", printable(text(result.Err)))
	add(ReceiveCountAttribute, "Number", strconv.Itoa(receiveCount(m)))
	if name := functionName(ctx); name != "" {
		add(FunctionAttribute, "String", name)
	}

	return attributes
}

// functionName returns the name of the running function; empty outside of Lambda.
func functionName(ctx context.Context) string {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		// arn:aws:lambda:REGION:ACCOUNT:function:NAME, and perhaps :ALIAS
		if parts := strings.Split(lc.InvokedFunctionArn, ":"); len(parts) > 6 {
			return parts[6]
		}
	}
	return lambdacontext.FunctionName
}

// reasonOf returns the value of ReasonAttribute.
func reasonOf(err error) string {
	var decode *DecodeError
	switch {
	case !IsPermanent(err):
		return "gave_up"
	case errors.As(err, &decode):
		return "invalid_body"
	}
	return "permanent"
}

// printable returns the text as a value that SQS accepts (SQS F3): without control
// characters, not empty, and not too long.
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
