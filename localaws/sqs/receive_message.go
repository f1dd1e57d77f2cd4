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
	q, err := s.queue(c, in.QueueURL)
	if err != nil {
		return nil, err
	}
	show, err := newSelection(in)
	if err != nil {
		return nil, err
	}
	w, wait, err := q.readWant(in)
	if err != nil {
		return nil, err
	}
	got, commit, err := q.obtain(ctx, c, w, wait)
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
			show.fill(&out.Messages[i], q, &got[i])
		}
	}
	return out, nil
}

// readWant checks the numbers of a receive (SQS I1, I3).
func (q *queue) readWant(in *ReceiveMessageInput) (want, time.Duration, error) {
	set := q.settings.Load()
	w, wait := want{limit: 1, visibility: set.visibility}, set.wait
	if n := in.MaxNumberOfMessages; n != nil {
		if *n < 1 || *n > maxEntries {
			return w, 0, invalid(*n, "MaxNumberOfMessages", "Must be between 1 and 10, if provided.")
		}
		w.limit = *n
	}
	if n := in.VisibilityTimeout; n != nil {
		if *n < 0 || *n > maxVisibility {
			return w, 0, invalid(*n, "VisibilityTimeout", "Must be >= 0 and <= 43200, if provided.")
		}
		w.visibility = seconds(*n)
	}
	if n := in.WaitTimeSeconds; n != nil {
		if *n < 0 || *n > 20 {
			return w, 0, invalid(*n, "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided.")
		}
		wait = seconds(*n)
	}
	if id := in.ReceiveRequestAttemptID; id != nil {
		if err := checkToken("ReceiveRequestAttemptId", *id); err != nil {
			return w, 0, err
		}
		if q.fifo {
			w.attempt = *id
		}
	}
	return w, wait, nil
}

// obtain takes messages, waiting for a first one as long as it may.
func (q *queue) obtain(ctx context.Context, c *awsapi.Call, w want, wait time.Duration) ([]delivery, store.Commit, error) {
	until := q.service.now() + int64(wait)
	for {
		t := q.begin()
		if q.gone {
			return nil, t.end(), noQueue(c)
		}
		got := t.take(w)
		switch {
		case len(got) > 0:
			return got, t.end(), nil
		case len(t.dead) > 0: // look again once they are gone: there may be others behind
			t.end()
			continue
		case wait == 0 || t.now >= until || !q.service.waiting.Load():
			q.traffic.empty++
			err := q.tooManyInFlight()
			return nil, t.end(), err
		}
		p := t.wait(w, until)
		t.end()
		got, commit, err := q.await(ctx, p)
		if errors.Is(err, errGone) {
			err = noQueue(c)
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
func (sel *selection) fill(out *Message, q *queue, d *delivery) {
	out.MessageID = d.m.id.String()
	out.ReceiptHandle = d.handle
	out.MD5OfBody = hex.EncodeToString(d.m.md5[:])
	out.Body = d.m.body
	sel.fillSystem(out, q, d)
	sel.fillAttributes(out, d.m.attrs)
}

// fillSystem adds the system attributes that are asked for and apply (SQS I7-I10).
func (sel *selection) fillSystem(out *Message, q *queue, d *delivery) {
	if sel.system == 0 {
		return
	}
	all := make(map[string]string, 4)
	add := func(a systemAttribute, v string) {
		if sel.system&(1<<a) != 0 && v != "" {
			all[systemNames[a]] = v
		}
	}
	add(senderID, d.m.sender)
	add(sentTimestamp, millis(d.m.sent))
	add(receiveCount, strconv.FormatUint(uint64(d.total), 10))
	add(firstReceive, millis(d.firstReceived))
	add(traceHeader, d.traits.trace)
	add(groupID, d.traits.group)
	add(deadLetterSource, d.traits.deadARN)
	if q.fifo {
		add(dedupID, d.traits.dedup)
		add(sequence, sequenceNumber(d.seq))
	}
	if len(all) > 0 {
		out.Attributes = all
	}
}
