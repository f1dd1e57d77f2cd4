package flow

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// DeadLetter is a message in the dead-letter queue.
type DeadLetter struct {
	// ID is the message id.
	ID string
	// Origin is the message id from the first send, before any replay.
	Origin string
	// Replays is how often the message was replayed.
	Replays int
}

// readTimeout is the visibility timeout with which the queue is read, in seconds.
const readTimeout = 60

// releaseTimeout is the timeout for releasing the clock after an interrupt.
const releaseTimeout = 10 * time.Second

// DeadLetters returns the messages of the dead-letter queue, and leaves them there: it
// receives them and then makes them visible again. That increases their receive
// counts. It cannot receive messages that another consumer has in flight; unseen is
// the number of messages that it did not receive.
func (c *Client) DeadLetters(ctx context.Context, d Deployment) (letters []DeadLetter, unseen int, err error) {
	release, err := c.hold(ctx)
	if err != nil {
		return nil, 0, err
	}
	letters, unseen, err = c.read(ctx, d)
	if err := errors.Join(err, release()); err != nil {
		return nil, 0, err
	}
	return letters, unseen, nil
}

// hold holds the clock, if it can be held, and returns the function that releases it.
// With a clock that skips, the messages of one receive would be visible again before
// the next. A clock that is already held stays held.
func (c *Client) hold(ctx context.Context) (release func() error, err error) {
	noop := func() error { return nil }
	if c.clock == nil {
		return noop, nil
	}

	// Do not release a clock that somebody else holds.
	now, err := c.clock.Clock(ctx)
	if err != nil {
		return nil, fmt.Errorf("hold the clock to read the dead-letter queue: %w", err)
	}
	if now.Held {
		return noop, nil
	}
	if _, err := c.clock.Hold(ctx); err != nil {
		return nil, fmt.Errorf("hold the clock to read the dead-letter queue: %w", err)
	}

	return func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout) // an interrupt must not leave the clock held
		defer cancel()
		if _, err := c.clock.Release(ctx); err != nil {
			return fmt.Errorf("release the clock: %w", err)
		}
		return nil
	}, nil
}

// read is DeadLetters without holding the clock.
func (c *Client) read(ctx context.Context, d Deployment) (letters []DeadLetter, unseen int, err error) {
	depth, err := c.depth(ctx, "dlq", d.DLQ())
	if err != nil {
		return nil, 0, err
	}

	// Use the message id as key, because SQS may deliver a message twice.
	found := map[string]DeadLetter{}
	receipts := map[string]string{}
	// SQS may return no message although there are some: stop after two receives in a row
	// without a new one.
	for empty := 0; empty < 2 && len(found) < depth.Total(); {
		batch, err := c.receive(ctx, d.DLQ())
		if err != nil {
			return nil, 0, errors.Join(err, c.makeVisible(ctx, d.DLQ(), receipts))
		}

		before := len(found)
		for _, m := range batch {
			found[aws.ToString(m.MessageId)] = deadLetter(m)
			receipts[aws.ToString(m.MessageId)] = aws.ToString(m.ReceiptHandle)
		}

		if len(found) == before {
			empty++
		} else {
			empty = 0
		}
	}

	if err := c.makeVisible(ctx, d.DLQ(), receipts); err != nil {
		return nil, 0, err
	}

	for _, l := range found {
		letters = append(letters, l)
	}
	return letters, max(0, depth.Total()-len(found)), nil
}

// receive receives up to ten messages.
func (c *Client) receive(ctx context.Context, url string) ([]sqstypes.Message, error) {
	in := &sqs.ReceiveMessageInput{
		QueueUrl:              &url,
		MaxNumberOfMessages:   10,
		VisibilityTimeout:     readTimeout,
		MessageAttributeNames: []string{"All"},
	}
	if c.clock == nil {
		// Only a long poll asks all servers of SQS. It needs a clock that moves.
		in.WaitTimeSeconds = 1
	}

	out, err := c.sqs.ReceiveMessage(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("read the dead-letter queue: %w", err)
	}
	return out.Messages, nil
}

// makeVisible makes messages visible again, by a visibility timeout of zero. Entries that
// fail are ignored: the visibility timeouts of those messages have ended.
func (c *Client) makeVisible(ctx context.Context, url string, receipts map[string]string) error {
	ctx = context.WithoutCancel(ctx) // an interrupt must not leave them in flight
	var entries []sqstypes.ChangeMessageVisibilityBatchRequestEntry
	flush := func() error {
		if len(entries) == 0 {
			return nil
		}

		_, err := c.sqs.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &url, Entries: entries})
		entries = entries[:0]
		if err != nil {
			return fmt.Errorf("make the messages of the dead-letter queue visible again: %w", err)
		}
		return nil
	}

	for _, receipt := range receipts {
		entries = append(entries, sqstypes.ChangeMessageVisibilityBatchRequestEntry{
			Id:            aws.String(strconv.Itoa(len(entries))),
			ReceiptHandle: &receipt,
		})
		if len(entries) == 10 {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// deadLetter returns the message, with its origin and replay count from its attributes.
func deadLetter(m sqstypes.Message) DeadLetter {
	l := DeadLetter{ID: aws.ToString(m.MessageId), Origin: aws.ToString(m.MessageId)}
	if a, ok := m.MessageAttributes["origin_message_id"]; ok && aws.ToString(a.StringValue) != "" {
		l.Origin = aws.ToString(a.StringValue)
	}
	if a, ok := m.MessageAttributes["sqs-dlq-replay-cnt"]; ok {
		if n, err := strconv.Atoi(aws.ToString(a.StringValue)); err == nil {
			l.Replays = n
		}
	}
	return l
}
