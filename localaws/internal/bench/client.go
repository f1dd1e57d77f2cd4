package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// perBatch is how many messages go in one request.
const perBatch = 10

// bodySize is the length of a message's body in bytes.
const bodySize = 200

// client sends, receives and deletes one batch after the other. Each belongs to
// one goroutine.
type client interface {
	// cycle takes ten messages through a queue, and says how many came out.
	cycle(ctx context.Context) (int, error)
	// close ends the client's connection.
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

// caller sends one request and answers the body of its reply, which is good until
// the next call.
type caller interface {
	call(ctx context.Context, target string, body []byte) ([]byte, error)
	close() error
}

// bare is a client that does as little as can be: fixed requests, and of replies
// no more than the receipt handles are read.
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

// send puts ten messages into the queue.
func (b *bare) send(ctx context.Context) error {
	_, err := b.call(ctx, targetBatch, b.batch)
	return err
}

// sendOne puts one message into the queue.
func (b *bare) sendOne(ctx context.Context) error {
	_, err := b.call(ctx, targetSend, b.one)
	return err
}

func (b *bare) cycle(ctx context.Context) (int, error) {
	if err := b.send(ctx); err != nil {
		return 0, err
	}
	got, err := b.call(ctx, targetReceive, b.receive)
	if err != nil {
		return 0, err
	}
	body, n := appendDeletes(append([]byte(nil), b.deletes...), got)
	if n == 0 {
		return 0, errors.New("a receive got nothing from a queue that is not empty")
	}
	_, err = b.call(ctx, targetDelete, body)
	return n, err
}

// appendDeletes goes on with a DeleteMessageBatch for every receipt handle in a
// reply, and says how many there are.
func appendDeletes(dst, reply []byte) ([]byte, int) {
	const key = `"ReceiptHandle":"`
	n := 0
	for {
		at := bytes.Index(reply, []byte(key))
		if at < 0 {
			return append(dst, "]}"...), n
		}
		reply = reply[at+len(key):]
		end := bytes.IndexByte(reply, '"')
		if end < 0 {
			return append(dst, "]}"...), n
		}
		if n > 0 {
			dst = append(dst, ',')
		}
		dst = append(strconv.AppendInt(append(dst, `{"Id":"`...), int64(n), 10), `","ReceiptHandle":"`...)
		dst = append(append(dst, reply[:end]...), `"}`...)
		n++
	}
}
