package sqs

import (
	"context"
	"errors"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// ReceiveMessageInput is the input of ReceiveMessage.
type ReceiveMessageInput struct {
	// QueueURL is the URL of the queue, or its name.
	QueueURL string `json:"QueueUrl,omitempty"`
	// AttributeNames are the requested system attributes (the older name).
	AttributeNames []string `json:"AttributeNames,omitempty" query:"AttributeName"`
	// MessageSystemAttributeNames are the requested system attributes, or All. The
	// union of both lists counts (SQS B12).
	MessageSystemAttributeNames []string `json:"MessageSystemAttributeNames,omitempty" query:"MessageSystemAttributeName"`
	// MessageAttributeNames are the requested message attributes: names, prefixes
	// such as bar.*, or All (SQS I11).
	MessageAttributeNames []string `json:"MessageAttributeNames,omitempty" query:"MessageAttributeName"`
	// MaxNumberOfMessages is the limit, 1 to 10; nil means 1.
	MaxNumberOfMessages *int `json:"MaxNumberOfMessages,omitempty"`
	// VisibilityTimeout is the visibility timeout, 0 to 43200 s; nil means that of
	// the queue.
	VisibilityTimeout *int `json:"VisibilityTimeout,omitempty"`
	// WaitTimeSeconds is how long to wait for a first message, 0 to 20 s; nil means
	// the receive wait time of the queue.
	WaitTimeSeconds *int `json:"WaitTimeSeconds,omitempty"`
	// ReceiveRequestAttemptID makes a FIFO receive repeatable (SQS N13).
	ReceiveRequestAttemptID *string `json:"ReceiveRequestAttemptId,omitempty"`
}

// ReceiveMessageOutput is the output of ReceiveMessage.
type ReceiveMessageOutput struct {
	// Messages are the received messages; nil without any.
	Messages []Message `json:"Messages,omitempty" query:"Message"`
}

// Message is a received message.
type Message struct {
	// MessageID is the message's id. A redrive does not change it.
	MessageID string `json:"MessageId"`
	// ReceiptHandle identifies this receive of the message.
	ReceiptHandle string `json:"ReceiptHandle"`
	// MD5OfBody is the MD5 of the body in hex.
	MD5OfBody string `json:"MD5OfBody"`
	// Body is the body, byte for byte.
	Body string `json:"Body"`
	// Attributes are the requested system attributes by name.
	Attributes map[string]string `json:"Attributes,omitempty" query:"Attribute,Name,Value"`
	// MD5OfMessageAttributes is the MD5 of the returned attributes (SQS I12).
	MD5OfMessageAttributes string `json:"MD5OfMessageAttributes,omitempty"`
	// MessageAttributes are the requested message attributes by name.
	MessageAttributes map[string]MessageAttributeValue `json:"MessageAttributes,omitempty" query:"MessageAttribute,Name,Value"`
}

// ReceiveMessage receives messages and starts their visibility timeout. While it
// waits for a first message its work on the clock is ended; it begins again before
// the method returns.
func (s *Service) ReceiveMessage(ctx context.Context, c *awsapi.Call, in *ReceiveMessageInput) (*ReceiveMessageOutput, error) {
	q, err := s.findQueue(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	selection, err := newAttributeSelection(in)
	if err != nil {
		return nil, err
	}
	req, wait, err := q.parseReceive(in)
	if err != nil {
		return nil, err
	}

	// The receive must be durable before the client sees a message.
	got, commit, err := q.receiveOrWait(ctx, c, req, wait)
	if err != nil {
		return nil, err
	}
	if err := commit.Wait(); err != nil {
		return nil, notStored(err)
	}

	// A delivery can be read without the lock.
	out := &ReceiveMessageOutput{}
	if len(got) > 0 {
		out.Messages = make([]Message, len(got))
		for i := range got {
			selection.fillMessage(&out.Messages[i], q, &got[i])
		}
	}
	return out, nil
}

// parseReceive validates the parameters of a receive (SQS I1, I3). It also returns
// the time to wait for a first message.
func (q *queue) parseReceive(in *ReceiveMessageInput) (receiveRequest, time.Duration, error) {
	attrs := q.attributes.Load()
	req := receiveRequest{limit: 1, visibilityTimeout: attrs.visibilityTimeout}
	wait := attrs.receiveWait

	if n := in.MaxNumberOfMessages; n != nil {
		if *n < 1 || *n > maxEntries {
			return req, 0, invalidParameter(*n, "MaxNumberOfMessages", "Must be between 1 and 10, if provided.")
		}
		req.limit = *n
	}
	if n := in.VisibilityTimeout; n != nil {
		if *n < 0 || *n > maxVisibility {
			return req, 0, invalidParameter(*n, "VisibilityTimeout", "Must be >= 0 and <= 43200, if provided.")
		}
		req.visibilityTimeout = seconds(*n)
	}
	if n := in.WaitTimeSeconds; n != nil {
		if *n < 0 || *n > 20 {
			return req, 0, invalidParameter(*n, "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided.")
		}
		wait = seconds(*n)
	}
	if id := in.ReceiveRequestAttemptID; id != nil {
		if err := checkToken("ReceiveRequestAttemptId", *id); err != nil {
			return req, 0, err
		}
		if q.fifo { // a standard queue ignores it (SQS I15)
			req.attempt = *id
		}
	}
	return req, wait, nil
}

// receiveOrWait receives messages. If there are none it waits for the first.
func (q *queue) receiveOrWait(ctx context.Context, c *awsapi.Call, req receiveRequest, wait time.Duration) ([]delivery, store.Commit, error) {
	until := q.service.now() + int64(wait)
	for {
		tx := q.begin()
		if q.deleted {
			return nil, tx.end(), queueDoesNotExist(c)
		}
		got := tx.receive(req)
		switch {
		case len(got) > 0:
			return got, tx.end(), nil
		case len(tx.toDeadLetter) > 0:
			// The limit of dead letters per receive was reached; there may be
			// messages to receive behind them.
			tx.end()
			continue
		case wait == 0 || tx.now >= until || !q.service.waiting.Load():
			q.counters.emptyReceives++
			err := q.tooManyInFlight()
			return nil, tx.end(), err
		}

		p := tx.addPoll(req, until)
		tx.end()
		got, commit, err := q.awaitPoll(ctx, p)
		if errors.Is(err, errQueueDeleted) {
			err = queueDoesNotExist(c)
		}
		return got, commit, err
	}
}

// tooManyInFlight returns the error of a short poll of a standard queue with too
// many messages in flight (SQS I16).
func (q *queue) tooManyInFlight() error {
	if q.fifo || q.counts[inFlight] < maxInFlight {
		return nil
	}
	return errOverLimit.With("Too many messages have been received without being deleted. " +
		"Please delete your received messages or let them timeout before receiving more.")
}
