package sqs

import (
	"context"
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// ReceiveMessageInput is the input of ReceiveMessage.
type ReceiveMessageInput struct {
	// QueueURL names the queue.
	QueueURL string `json:"QueueUrl,omitempty"`
	// AttributeNames are the system attributes wanted (the older name).
	AttributeNames []string `json:"AttributeNames,omitempty" query:"AttributeName"`
	// MessageSystemAttributeNames are the system attributes wanted; All is
	// all. The union of both lists counts (SQS B12).
	MessageSystemAttributeNames []string `json:"MessageSystemAttributeNames,omitempty" query:"MessageSystemAttributeName"`
	// MessageAttributeNames are the message attributes wanted: names, prefixes
	// such as bar.*, or All (SQS I11).
	MessageAttributeNames []string `json:"MessageAttributeNames,omitempty" query:"MessageAttributeName"`
	// MaxNumberOfMessages is the most to receive, 1 to 10; nil means 1.
	MaxNumberOfMessages *int `json:"MaxNumberOfMessages,omitempty"`
	// VisibilityTimeout is for how long they are hidden, 0 to 43200 s; nil
	// takes the queue's.
	VisibilityTimeout *int `json:"VisibilityTimeout,omitempty"`
	// WaitTimeSeconds is how long to wait for a first one, 0 to 20 s; nil takes
	// the queue's.
	WaitTimeSeconds *int `json:"WaitTimeSeconds,omitempty"`
	// ReceiveRequestAttemptID makes a FIFO receive repeatable (SQS N13).
	ReceiveRequestAttemptID *string `json:"ReceiveRequestAttemptId,omitempty"`
}

// ReceiveMessageOutput is the output of ReceiveMessage.
type ReceiveMessageOutput struct {
	// Messages are those received; nil without any.
	Messages []Message `json:"Messages,omitempty" query:"Message"`
}

// Message is a message as it was received.
type Message struct {
	// MessageID is the message's id, kept through redrives.
	MessageID string `json:"MessageId"`
	// ReceiptHandle is this receive's.
	ReceiptHandle string `json:"ReceiptHandle"`
	// MD5OfBody is the MD5 of the body in hex.
	MD5OfBody string `json:"MD5OfBody"`
	// Body is the body, byte for byte.
	Body string `json:"Body"`
	// Attributes are the system attributes asked for.
	Attributes map[string]string `json:"Attributes,omitempty" query:"Attribute,Name,Value"`
	// MD5OfMessageAttributes covers the attributes returned (SQS I12).
	MD5OfMessageAttributes string `json:"MD5OfMessageAttributes,omitempty"`
	// MessageAttributes are the message attributes asked for.
	MessageAttributes map[string]MessageAttributeValue `json:"MessageAttributes,omitempty" query:"MessageAttribute,Name,Value"`
}

// ReceiveMessage hands out messages and hides them. While it waits for one its
// caller's piece of work on the clock is ended, and begun again before it returns.
func (s *Service) ReceiveMessage(ctx context.Context, c *awsapi.Call, in *ReceiveMessageInput) (*ReceiveMessageOutput, error) {
	q, err := s.findQueue(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	show, err := newAttributeSelection(in)
	if err != nil {
		return nil, err
	}
	req, wait, err := q.parseReceive(in)
	if err != nil {
		return nil, err
	}
	got, commit, err := q.receiveOrWait(ctx, c, req, wait)
	if err != nil {
		return nil, err
	}
	if err := commit.Wait(); err != nil {
		return nil, notStored(err)
	}
	out := &ReceiveMessageOutput{}
	if len(got) > 0 {
		out.Messages = make([]Message, len(got))
		for i := range got {
			show.fillMessage(&out.Messages[i], q, &got[i])
		}
	}
	return out, nil
}

// readWant checks the numbers of a receive (SQS I1, I3).
func (q *queue) parseReceive(in *ReceiveMessageInput) (receiveRequest, time.Duration, error) {
	set := q.attributes.Load()
	req, wait := receiveRequest{limit: 1, visibility: set.visibilityTimeout}, set.receiveWait
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
		req.visibility = seconds(*n)
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
		if q.fifo {
			req.attempt = *id
		}
	}
	return req, wait, nil
}

// obtain takes messages, waiting for a first one as long as it may.
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
		case len(tx.toDeadLetter) > 0: // look again once they are gone: there may be others behind
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

// tooManyInFlight refuses a short poll of a standard queue that has too much in
// flight (SQS I16).
func (q *queue) tooManyInFlight() error {
	if q.fifo || q.counts[inFlight] < maxInFlight {
		return nil
	}
	return errOverLimit.With("Too many messages have been received without being deleted. " +
		"Please delete your received messages or let them timeout before receiving more.")
}

// fill writes a delivery as the answer has it.
func (sel *attributeSelection) fillMessage(out *Message, q *queue, d *delivery) {
	out.MessageID = d.message.id.String()
	out.ReceiptHandle = d.handle
	out.MD5OfBody = hex.EncodeToString(d.message.md5[:])
	out.Body = d.message.body
	sel.fillSystem(out, q, d)
	sel.fillAttributes(out, d.message.attrs)
}

// fillSystem adds the system attributes that are asked for and apply (SQS I7-I10).
func (sel *attributeSelection) fillSystem(out *Message, q *queue, d *delivery) {
	if sel.system == 0 {
		return
	}
	all := make(map[string]string, 4)
	add := func(a systemAttribute, v string) {
		if sel.system&(1<<a) != 0 && v != "" {
			all[systemNames[a]] = v
		}
	}
	add(sysSenderID, d.message.sender)
	add(sysSentTimestamp, millis(d.message.sent))
	add(sysReceiveCount, strconv.FormatUint(uint64(d.receives), 10))
	add(sysFirstReceive, millis(d.firstReceived))
	add(sysTraceHeader, d.optional.traceHeader)
	add(sysGroupID, d.optional.groupID)
	add(sysDeadLetterSource, d.optional.deadLetterSource)
	if q.fifo {
		add(sysDedupID, d.optional.dedupID)
		add(sysSequenceNumber, sequenceNumber(d.number))
	}
	if len(all) > 0 {
		out.Attributes = all
	}
}
