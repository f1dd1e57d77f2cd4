// Package outbox sends messages to one queue, in batches as full as SQS takes
// them, and says of each message what became of it.
package outbox

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/reliableq/reliableq/backoff"
)

// Limits of SendMessageBatch (SQS H1, H3) and of a delay (SQS F6).
const (
	maxEntries = 10
	maxBytes   = 1 << 20
	maxDelay   = 900 * time.Second
)

// API is what an outbox needs of *sqs.Client.
type API interface {
	// GetQueueUrl turns the queue's name into its URL.
	GetQueueUrl(context.Context, *sqs.GetQueueUrlInput, ...func(*sqs.Options)) (*sqs.GetQueueUrlOutput, error)
	// SendMessageBatch sends up to ten messages.
	SendMessageBatch(context.Context, *sqs.SendMessageBatchInput, ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error)
}

// Message is one message to send.
type Message struct {
	// Body is the message's, 1 byte to 1 MiB together with the attributes.
	Body string
	// Attributes are at most ten.
	Attributes map[string]types.MessageAttributeValue
	// Delay is how long SQS hides the message, up to 15 minutes. SQS counts
	// whole seconds: a fraction is rounded up. Zero leaves it to the queue's own
	// delay.
	Delay time.Duration
}

// Result is what became of one message.
type Result struct {
	// ID is the id that SQS gave the message; empty if it was not accepted.
	ID string
	// Err is why it was not accepted; nil if it was.
	Err error
}

// Outbox sends to one queue. It is safe for concurrent use.
type Outbox struct {
	api    API
	url    string
	resend backoff.Policy
}

// Open finds the queue by name, asking again for a few seconds: one made a
// moment ago may not be known everywhere yet.
func Open(ctx context.Context, api API, name string) (*Outbox, error) {
	var url string
	policy := backoff.Policy{Base: 200 * time.Millisecond, Cap: time.Second, Budget: 3 * time.Second}
	err := backoff.Retry(ctx, policy, func(ctx context.Context) error {
		out, err := api.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
		if err != nil {
			return err
		}
		url = aws.ToString(out.QueueUrl)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find queue %s: %w", name, err)
	}
	return &Outbox{api: api, url: url, resend: backoff.Policy{Base: 50 * time.Millisecond, Cap: time.Second, MaxAttempts: 8}}, nil
}

// Send sends the messages in order and answers a result for each, in the same
// order. Entries that SQS refused for reasons of its own are sent again, with
// backoff, while ctx lasts; what SQS calls the sender's fault is not.
func (o *Outbox) Send(ctx context.Context, messages []Message) []Result {
	results := make([]Result, len(messages))
	for start := 0; start < len(messages); {
		end := fill(messages, start)
		o.sendBatch(ctx, messages, results, start, end)
		start = end
	}
	return results
}

// fill finds the end of the batch that begins at start: ten messages or 1 MiB,
// and always one, whatever its size, so that SQS can say what is wrong with it.
func fill(messages []Message, start int) int {
	bytes := 0
	for i := start; i < len(messages); i++ {
		bytes += messages[i].size()
		if i > start && (bytes > maxBytes || i-start == maxEntries) {
			return i
		}
	}
	return len(messages)
}

var errRefused = errors.New("entry refused")

func (o *Outbox) sendBatch(ctx context.Context, messages []Message, results []Result, start, end int) {
	open := make([]int, 0, end-start)
	for i := start; i < end; i++ {
		open = append(open, i)
		results[i].Err = errRefused
	}
	_ = backoff.Retry(ctx, o.resend, func(ctx context.Context) error {
		again, err := o.sendOnce(ctx, messages, results, open)
		if open = again; len(open) == 0 || err != nil {
			return backoff.Stop(err)
		}
		return errRefused
	})
	for _, i := range open {
		if errors.Is(results[i].Err, errRefused) && ctx.Err() != nil {
			results[i].Err = fmt.Errorf("%w: %w", ctx.Err(), results[i].Err)
		}
	}
}

// sendOnce makes one request of the open messages and writes down their
// results. It answers those that are worth another try. The error is the whole
// request's, which the SDK has already retried.
func (o *Outbox) sendOnce(ctx context.Context, messages []Message, results []Result, open []int) ([]int, error) {
	in := &sqs.SendMessageBatchInput{QueueUrl: &o.url}
	for _, i := range open {
		in.Entries = append(in.Entries, messages[i].entry(strconv.Itoa(i)))
	}
	out, err := o.api.SendMessageBatch(ctx, in)
	if err != nil {
		for _, i := range open {
			results[i].Err = fmt.Errorf("send message batch: %w", err)
		}
		return open, err
	}
	for _, ok := range out.Successful {
		if i, known := index(ok.Id, len(results)); known {
			results[i] = Result{ID: aws.ToString(ok.MessageId)}
		}
	}
	var again []int
	for _, failed := range out.Failed {
		i, known := index(failed.Id, len(results))
		if !known {
			continue
		}
		results[i].Err = fmt.Errorf("%w: %s: %s", errRefused, aws.ToString(failed.Code), aws.ToString(failed.Message))
		if !failed.SenderFault {
			again = append(again, i)
		}
	}
	return again, nil
}

func index(id *string, n int) (int, bool) {
	i, err := strconv.Atoi(aws.ToString(id))
	return i, err == nil && i >= 0 && i < n
}

func (m Message) entry(id string) types.SendMessageBatchRequestEntry {
	delay := min(max(m.Delay, 0), maxDelay)
	return types.SendMessageBatchRequestEntry{
		Id:                &id,
		MessageBody:       &m.Body,
		MessageAttributes: m.Attributes,
		DelaySeconds:      int32(math.Ceil(delay.Seconds())),
	}
}

// size is what SQS counts (SQS F4).
func (m Message) size() int {
	n := len(m.Body)
	for name, a := range m.Attributes {
		n += len(name) + len(aws.ToString(a.DataType)) + len(aws.ToString(a.StringValue)) + len(a.BinaryValue)
	}
	return n
}
