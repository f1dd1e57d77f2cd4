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
	// ID is the message's id.
	ID string
	// Origin is the id of the first message, before any replay.
	Origin string
	// Replays is how often it was replayed.
	Replays int
}

// hidden is how long messages stay hidden while the queue is read, in seconds.
const hidden = 60

// grace is how long the clock may take to go on again, when the caller is in a
// hurry to end.
const grace = 10 * time.Second

// DeadLetters reads every message of the dead-letter queue and leaves it there:
// each is hidden for the time of reading and then shown again at once. Reading
// raises a message's receive count. Messages that someone else has in flight are
// not seen; unseen tells how many those may be.
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

// hold stops the clock, where it can be stopped, and answers how to let it go on:
// where time skips, what one receive hides would be visible again before the next.
// A clock that somebody else has stopped stays as it is.
func (c *Client) hold(ctx context.Context) (release func() error, err error) {
	nothing := func() error { return nil }
	if c.clock == nil {
		return nothing, nil
	}
	now, err := c.clock.Clock(ctx)
	if err != nil {
		return nil, fmt.Errorf("hold the clock to read the dead-letter queue: %w", err)
	}
	if now.Held {
		return nothing, nil
	}
	if _, err := c.clock.Hold(ctx); err != nil {
		return nil, fmt.Errorf("hold the clock to read the dead-letter queue: %w", err)
	}
	return func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace) // an interrupt must not leave time stopped
		defer cancel()
		if _, err := c.clock.Release(ctx); err != nil {
			return fmt.Errorf("let the clock go on: %w", err)
		}
		return nil
	}, nil
}

// read is DeadLetters, whatever the clock does.
func (c *Client) read(ctx context.Context, d Deployment) (letters []DeadLetter, unseen int, err error) {
	depth, err := c.depth(ctx, "dlq", d.DLQ())
	if err != nil {
		return nil, 0, err
	}
	found := map[string]DeadLetter{}
	receipts := map[string]string{}
	for empty := 0; empty < 2 && len(found) < depth.Total(); {
		batch, err := c.receive(ctx, d.DLQ())
		if err != nil {
			return nil, 0, errors.Join(err, c.show(ctx, d.DLQ(), receipts))
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
	if err := c.show(ctx, d.DLQ(), receipts); err != nil {
		return nil, 0, err
	}
	for _, l := range found {
		letters = append(letters, l)
	}
	return letters, max(0, depth.Total()-len(found)), nil
}

func (c *Client) receive(ctx context.Context, url string) ([]sqstypes.Message, error) {
	in := &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10, VisibilityTimeout: hidden, MessageAttributeNames: []string{"All"}}
	if c.clock == nil {
		in.WaitTimeSeconds = 1 // AWS asks all its servers only then; where time is held, this second would never end
	}
	out, err := c.sqs.ReceiveMessage(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("read the dead-letter queue: %w", err)
	}
	return out.Messages, nil
}

// show makes messages visible again. A message that became visible by itself
// needs nothing.
func (c *Client) show(ctx context.Context, url string, receipts map[string]string) error {
	ctx = context.WithoutCancel(ctx) // an interrupt must not leave them hidden
	var entries []sqstypes.ChangeMessageVisibilityBatchRequestEntry
	flush := func() error {
		if len(entries) == 0 {
			return nil
		}
		_, err := c.sqs.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &url, Entries: entries})
		entries = entries[:0]
		if err != nil {
			return fmt.Errorf("show the messages of the dead-letter queue again: %w", err)
		}
		return nil
	}
	for _, receipt := range receipts {
		entries = append(entries, sqstypes.ChangeMessageVisibilityBatchRequestEntry{Id: aws.String(strconv.Itoa(len(entries))), ReceiptHandle: &receipt})
		if len(entries) == 10 {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

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
