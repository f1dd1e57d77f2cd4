package sqs

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/clock"
)

const (
	account  = "000000000000"
	region   = "us-east-1"
	endpoint = "http://127.0.0.1:4566"
)

var testScope = awsapi.Scope{Account: account, Region: region}

var epochStart = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// bench is a service on a clock that only the test moves.
type bench struct {
	testing.TB
	s *Service
	c *clock.Clock
}

func newBench(t testing.TB) *bench {
	t.Helper()
	c := clock.New(clock.Manual, epochStart)
	t.Cleanup(c.Close)
	s, err := New(Options{Clock: c, Chance: chance.Seeded(1)})
	if err != nil {
		t.Fatal(err)
	}
	return &bench{t, s, c}
}

// with returns the bench for a subtest.
func (b *bench) with(t testing.TB) *bench {
	sub := *b
	sub.TB = t
	return &sub
}

// call returns a call by a user of the account.
func call() *awsapi.Call {
	return &awsapi.Call{
		Caller: awsapi.Caller{
			Account: account,
			ARN:     "arn:aws:iam::" + account + ":user/tester",
			UserID:  "AIDATESTER",
		},
		Account:  account,
		Region:   region,
		Endpoint: endpoint,
		Protocol: awsapi.JSON,
		Secure:   true,
	}
}

// do runs an operation as the gateway does: as work on the clock.
func do[In, Out any](b *bench, f func(context.Context, *awsapi.Call, *In) (*Out, error), in In) (*Out, error) {
	b.c.Begin()
	defer b.c.End()
	return f(context.Background(), call(), &in)
}

// must is do for an operation that must succeed.
func must[In, Out any](b *bench, f func(context.Context, *awsapi.Call, *In) (*Out, error), in In) *Out {
	b.Helper()
	out, err := do(b, f, in)
	if err != nil {
		b.Fatalf("%T: %v", in, err)
	}
	return out
}

// run is do for an operation without an output.
func run[In any](b *bench, f func(context.Context, *awsapi.Call, *In) error, in In) error {
	b.c.Begin()
	defer b.c.End()
	return f(context.Background(), call(), &in)
}

// mustRun is run for an operation that must succeed.
func mustRun[In any](b *bench, f func(context.Context, *awsapi.Call, *In) error, in In) {
	b.Helper()
	if err := run(b, f, in); err != nil {
		b.Fatalf("%T: %v", in, err)
	}
}

// advance moves the clock.
func (b *bench) advance(d time.Duration) {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := b.c.Advance(ctx, d); err != nil {
		b.Fatal(err)
	}
}

// queue creates a queue. Attributes are pairs of name and value.
func (b *bench) queue(name string, attrs ...string) string {
	b.Helper()
	return must(b, b.s.CreateQueue, CreateQueueInput{QueueName: name, Attributes: pairs(attrs)}).QueueURL
}

// fifo creates a FIFO queue.
func (b *bench) fifo(name string, attrs ...string) string {
	b.Helper()
	return b.queue(name+".fifo", append(attrs, "FifoQueue", "true")...)
}

func pairs(kv []string) map[string]string {
	if len(kv) == 0 {
		return nil
	}
	m := map[string]string{}
	for i := 0; i < len(kv); i += 2 {
		m[kv[i]] = kv[i+1]
	}
	return m
}

// set sets attributes.
func (b *bench) set(url string, attrs ...string) {
	b.Helper()
	mustRun(b, b.s.SetQueueAttributes, SetQueueAttributesInput{QueueURL: url, Attributes: pairs(attrs)})
}

// attributes returns all attributes.
func (b *bench) attributes(url string) map[string]string {
	b.Helper()
	return must(b, b.s.GetQueueAttributes, GetQueueAttributesInput{QueueURL: url, AttributeNames: []string{"All"}}).Attributes
}

// send sends one message for each body and returns the ids.
func (b *bench) send(url string, bodies ...string) (ids []string) {
	b.Helper()
	for _, body := range bodies {
		ids = append(ids, must(b, b.s.SendMessage, SendMessageInput{QueueURL: url, MessageBody: body}).MessageID)
	}
	return ids
}

// post sends messages to a FIFO queue. The first letter is the group id, the whole is
// the body and the deduplication id.
func (b *bench) post(url string, messages ...string) {
	b.Helper()
	for _, m := range messages {
		group, body := m[:1], m
		must(b, b.s.SendMessage, SendMessageInput{
			QueueURL:               url,
			MessageBody:            body,
			MessageGroupID:         &group,
			MessageDeduplicationID: &body,
		})
	}
}

// receive receives up to ten messages with all attributes, without waiting.
func (b *bench) receive(url string) []Message {
	b.Helper()
	return must(b, b.s.ReceiveMessage, ReceiveMessageInput{
		QueueURL:                    url,
		MaxNumberOfMessages:         ref(10),
		WaitTimeSeconds:             ref(0),
		MessageSystemAttributeNames: []string{"All"},
		MessageAttributeNames:       []string{"All"},
	}).Messages
}

// one receives messages and fails the test unless there is exactly one.
func (b *bench) one(url string) Message {
	b.Helper()
	got := b.receive(url)
	if len(got) != 1 {
		b.Fatalf("received %d messages %q, want 1", len(got), bodies(got))
	}
	return got[0]
}

// hide sets the visibility timeout of a message.
func (b *bench) hide(url string, m Message, timeout int) {
	b.Helper()
	mustRun(b, b.s.ChangeMessageVisibility, ChangeMessageVisibilityInput{
		QueueURL:          url,
		ReceiptHandle:     m.ReceiptHandle,
		VisibilityTimeout: &timeout,
	})
}

// remove deletes a message.
func (b *bench) remove(url string, m Message) {
	b.Helper()
	mustRun(b, b.s.DeleteMessage, DeleteMessageInput{QueueURL: url, ReceiptHandle: m.ReceiptHandle})
}

// counts returns the numbers of visible, in-flight and delayed messages.
func (b *bench) counts(url string) (c [3]int) {
	b.Helper()
	all := b.attributes(url)
	for i, name := range []string{"", "NotVisible", "Delayed"} {
		n, err := strconv.Atoi(all["ApproximateNumberOfMessages"+name])
		if err != nil {
			b.Fatal(err)
		}
		c[i] = n
	}
	return c
}

// poll starts a long poll of 20 s and returns when it is waiting.
func (b *bench) poll(url string) <-chan []Message {
	b.Helper()
	got := make(chan []Message, 1)
	b.c.Begin()
	go func() {
		defer b.c.End()
		out, err := b.s.ReceiveMessage(context.Background(), call(), &ReceiveMessageInput{
			QueueURL:                    url,
			MaxNumberOfMessages:         ref(10),
			WaitTimeSeconds:             ref(20),
			MessageSystemAttributeNames: []string{"All"},
		})
		if err != nil {
			b.Errorf("poll: %v", err)
			got <- nil
			return
		}
		got <- out.Messages
	}()
	b.idle()
	return got
}

// pollResult returns the result of a poll, which must have ended.
func (b *bench) pollResult(got <-chan []Message) []Message {
	b.Helper()
	b.idle()
	select {
	case ms := <-got:
		return ms
	default:
		b.Fatal("the poll is still waiting")
		return nil
	}
}

func (b *bench) idle() {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := b.c.Idle(ctx); err != nil {
		b.Fatal(err)
	}
}

func bodies(ms []Message) []string {
	out := []string{}
	for _, m := range ms {
		out = append(out, m.Body)
	}
	return out
}

func ref[T any](v T) *T { return &v }

// refused checks the shape, query code, status and text of an error.
func refused(t testing.TB, err error, shape, code string, status int, text string) {
	t.Helper()
	var e *awsapi.Error
	if !errors.As(err, &e) {
		t.Errorf("error %v, want %s", err, shape)
		return
	}
	if e.Code != shape || e.LegacyCode() != code || e.Status != status || e.Message != text {
		t.Errorf("refused with %s / %s %d\n  %q\nwant %s / %s %d\n  %q", e.Code, e.LegacyCode(), e.Status, e.Message, shape, code, status, text)
	}
}

// invalidValue checks for InvalidParameterValue with a text.
func invalidValue(t testing.TB, err error, text string) {
	t.Helper()
	refused(t, err, "InvalidParameterValueException", "InvalidParameterValue", 400, text)
}

func clone(m map[string]string) map[string]string { return maps.Clone(m) }
