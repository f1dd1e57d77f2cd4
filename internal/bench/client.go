package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// perBatch is the number of messages in one request.
const perBatch = 10

// bodySize is the length of a message's body in bytes.
const bodySize = 200

// client sends, receives and deletes one batch after the other. It is for one goroutine.
type client interface {
	// cycle sends ten messages to a queue, receives and deletes up to ten, and
	// returns how many were received.
	cycle(ctx context.Context) (int, error)
	// close closes the client's connection.
	close() error
}

// Targets of the requests that clients make.
const (
	targetSend    = "AmazonSQS.SendMessage"
	targetBatch   = "AmazonSQS.SendMessageBatch"
	targetReceive = "AmazonSQS.ReceiveMessage"
	targetDelete  = "AmazonSQS.DeleteMessageBatch"
	targetCreate  = "AmazonSQS.CreateQueue"
	targetList    = "AmazonSQS.ListQueues"
)

// caller sends one request and returns the body of the response, which is valid until
// the next call.
type caller interface {
	call(ctx context.Context, target string, body []byte) ([]byte, error)
	close() error
}

// bare is a client with minimal cost: it sends fixed requests, and reads only the receipt
// handles in responses.
type bare struct {
	caller
	one, batch, receive, deletes []byte
}

func newBare(c caller, queueURL string) *bare {
	body := strings.Repeat("x", bodySize)
	var batch bytes.Buffer
	fmt.Fprintf(&batch, `{"QueueUrl":%q,"Entries":[`, queueURL)
	for i := range perBatch {
		if i > 0 {
			batch.WriteByte(',')
		}
		fmt.Fprintf(&batch, `{"Id":"%d","MessageBody":%q}`, i, body)
	}

	batch.WriteString("]}")
	return &bare{
		caller:  c,
		one:     fmt.Appendf(nil, `{"QueueUrl":%q,"MessageBody":%q}`, queueURL, body),
		batch:   batch.Bytes(),
		receive: fmt.Appendf(nil, `{"QueueUrl":%q,"MaxNumberOfMessages":%d}`, queueURL, perBatch),
		deletes: fmt.Appendf(nil, `{"QueueUrl":%q,"Entries":[`, queueURL),
	}
}

// send sends ten messages.
func (b *bare) send(ctx context.Context) error {
	_, err := b.call(ctx, targetBatch, b.batch)
	return err
}

// sendOne sends one message.
func (b *bare) sendOne(ctx context.Context) error {
	_, err := b.call(ctx, targetSend, b.one)
	return err
}

func (b *bare) cycle(ctx context.Context) (int, error) {
	if err := b.send(ctx); err != nil {
		return 0, err
	}

	// Delete what was received.
	got, err := b.call(ctx, targetReceive, b.receive)
	if err != nil {
		return 0, err
	}

	body, n := appendDeletes(append([]byte(nil), b.deletes...), got)
	if n == 0 {
		return 0, errors.New("received no message from a queue that is not empty")
	}

	_, err = b.call(ctx, targetDelete, body)
	return n, err
}

// appendDeletes appends an entry of DeleteMessageBatch to dst for every receipt handle in
// a response, and returns how many there are.
func appendDeletes(dst, response []byte) ([]byte, int) {
	const key = `"ReceiptHandle":"`
	n := 0
	for {
		// Find the next receipt handle.
		at := bytes.Index(response, []byte(key))
		if at < 0 {
			return append(dst, "]}"...), n
		}
		response = response[at+len(key):]
		end := bytes.IndexByte(response, '"')
		if end < 0 {
			return append(dst, "]}"...), n
		}
		// Append its entry.
		if n > 0 {
			dst = append(dst, ',')
		}
		dst = append(strconv.AppendInt(append(dst, `{"Id":"`...), int64(n), 10), `","ReceiptHandle":"`...)
		dst = append(append(dst, response[:end]...), `"}`...)
		n++
	}
}
