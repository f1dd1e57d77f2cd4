// Package outbox sends messages to a queue in batches as large as SQS allows, and
// returns a result for each message.
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

// API is the part of *sqs.Client that an outbox uses.
type API interface {
	// GetQueueUrl returns the URL of the queue of a name.
	GetQueueUrl(context.Context, *sqs.GetQueueUrlInput, ...func(*sqs.Options)) (*sqs.GetQueueUrlOutput, error)
	// SendMessageBatch sends up to ten messages.
	SendMessageBatch(context.Context, *sqs.SendMessageBatchInput, ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error)
}

// Message is one message to send.
type Message struct {
	// Body is the body, 1 byte to 1 MiB including the attributes.
	Body string
	// Attributes are the message attributes, at most ten.
	Attributes map[string]types.MessageAttributeValue
	// Delay is the delivery delay, up to 15 minutes, rounded up to whole seconds.
	// Zero means the delay of the queue.
	Delay time.Duration
}

// Result is the result of sending one message.
type Result struct {
	// ID is the message id; empty if the message was not accepted.
	ID string
	// Err is why the message was not accepted; nil if it was.
	Err error
}

// Outbox sends messages to a queue. It is safe for concurrent use.
type Outbox struct {
	api    API
	url    string
	resend backoff.Policy
}

// Open returns an outbox for the queue of the given name. It retries for a few
// seconds, because a new queue may not be visible everywhere yet.
func Open(ctx context.Context, api API, name string) (*Outbox, error) {
	var url string
	policy := backoff.Policy{
		Base:        200 * time.Millisecond,
		Cap:         time.Second,
		Jitter:      backoff.Full,
		MaxAttempts: backoff.Unlimited,
		Budget:      3 * time.Second,
	}

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

	return &Outbox{
		api: api,
		url: url,
		resend: backoff.Policy{
			Base:        50 * time.Millisecond,
			Cap:         time.Second,
			Jitter:      backoff.Full,
			MaxAttempts: 9,
		},
	}, nil
}

// Send sends the messages in order and returns a result for each, in the same order.
// Entries that failed with a server error are sent again, with backoff, until ctx
// ends. Entries that failed with a client error are not.
func (o *Outbox) Send(ctx context.Context, messages []Message) []Result {
	results := make([]Result, len(messages))
	for start := 0; start < len(messages); {
		end := batchEnd(messages, start)
		o.sendBatch(ctx, messages, results, start, end)
		start = end
	}
	return results
}

// batchEnd returns the end of the batch that begins at start: ten messages or 1 MiB.
// A larger message is a batch by itself, so that SQS reports what is wrong with it.
func batchEnd(messages []Message, start int) int {
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

// sendBatch sends messages[start:end] until all are accepted or refused, or retries
// are used up.
func (o *Outbox) sendBatch(ctx context.Context, messages []Message, results []Result, start, end int) {
	// Messages without a result count as refused.
	pending := make([]int, 0, end-start)
	for i := start; i < end; i++ {
		pending = append(pending, i)
		results[i].Err = errRefused
	}

	// The error is that of the last attempt, which the results have for each message.
	_ = backoff.Retry(ctx, o.resend, func(ctx context.Context) error {
		again, err := o.sendOnce(ctx, messages, results, pending)
		if pending = again; len(pending) == 0 || err != nil {
			return backoff.Stop(err)
		}
		return errRefused
	})

	// Report that time ran out, not only the last refusal.
	for _, i := range pending {
		if errors.Is(results[i].Err, errRefused) && ctx.Err() != nil {
			results[i].Err = fmt.Errorf("%w: %w", ctx.Err(), results[i].Err)
		}
	}
}

// sendOnce sends the pending messages in one request and records their results. It
// returns the indices of those to send again. The error is that of the whole
// request, which the SDK has retried already.
func (o *Outbox) sendOnce(ctx context.Context, messages []Message, results []Result, pending []int) ([]int, error) {
	in := &sqs.SendMessageBatchInput{QueueUrl: &o.url}
	for _, i := range pending {
		in.Entries = append(in.Entries, messages[i].entry(strconv.Itoa(i)))
	}

	// An error of the whole request is the error of each of its messages.
	out, err := o.api.SendMessageBatch(ctx, in)
	if err != nil {
		for _, i := range pending {
			results[i].Err = fmt.Errorf("send message batch: %w", err)
		}
		return pending, err
	}

	for _, ok := range out.Successful {
		if i, known := index(ok.Id, len(results)); known {
			results[i] = Result{ID: aws.ToString(ok.MessageId)}
		}
	}

	// A client error would be the same the next time.
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

// index returns the index in an entry's id, and false if it is not below n.
func index(id *string, n int) (int, bool) {
	i, err := strconv.Atoi(aws.ToString(id))
	return i, err == nil && i >= 0 && i < n
}

// entry returns the message as an entry of a request.
func (m Message) entry(id string) types.SendMessageBatchRequestEntry {
	delay := min(max(m.Delay, 0), maxDelay)
	return types.SendMessageBatchRequestEntry{
		Id:                &id,
		MessageBody:       &m.Body,
		MessageAttributes: m.Attributes,
		DelaySeconds:      int32(math.Ceil(delay.Seconds())),
	}
}

// size returns the size of the message as SQS counts it (SQS F4).
func (m Message) size() int {
	n := len(m.Body)
	for name, a := range m.Attributes {
		n += len(name) + len(aws.ToString(a.DataType)) + len(aws.ToString(a.StringValue)) + len(a.BinaryValue)
	}
	return n
}
