package sqs

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// PeekedMessage is a message in its queue, seen without a receive.
type PeekedMessage struct {
	// MessageID is the message's id.
	MessageID string
	// Body is the body, byte for byte.
	Body string
	// MD5OfBody is the MD5 of the body in hex.
	MD5OfBody string
	// Attributes are the message attributes by name; nil without any.
	Attributes map[string]MessageAttributeValue
	// System are the system attributes by name, as a receive that requests All
	// returns them. Before the first receive the count is 0.
	System map[string]string
	// State is visible, delayed or inFlight.
	State string
	// Until is the end of the delay or visibility timeout; zero if visible.
	Until time.Time
	// Expires is the end of the retention period.
	Expires time.Time
	// ReceiveCount is the number of receives in all queues (SQS L4).
	ReceiveCount int
	// ReceiveCountHere is the number of receives in this queue, which decides when
	// the message moves to the dead-letter queue (SQS L5).
	ReceiveCountHere int
}

// Peek returns the messages of a queue in the order of their arrival, without
// receiving them. It fails only if the queue does not exist.
func (s *Service) Peek(account, region, name string) ([]PeekedMessage, error) {
	q := s.queues.find(queueKey{awsapi.Scope{Account: account, Region: region}, name})
	if q == nil {
		return nil, fmt.Errorf("peek: no queue %s in account %s, region %s", name, account, region)
	}
	tx := q.begin()
	defer tx.end()

	var all []*message
	q.ages.all(func(m *message) bool {
		all = append(all, m)
		return true
	})

	// The list is in order of retention, which a redrive can change.
	slices.SortFunc(all, func(a, b *message) int { return cmp.Compare(a.number, b.number) })

	out := make([]PeekedMessage, len(all))
	for i, m := range all {
		out[i] = q.peek(m)
	}
	return out, nil
}

func (q *queue) peek(m *message) PeekedMessage {
	// The same code as in a receive fills the attributes.
	d := q.delivery(m)
	var received Message
	everything := attributeSelection{system: allSystemAttributes, all: true}
	everything.fillMessage(&received, q, &d)
	if m.firstReceived == 0 {
		delete(received.Attributes, systemNames[sysFirstReceive])
		received.Attributes[systemNames[sysReceiveCount]] = "0"
	}

	p := PeekedMessage{
		MessageID:        received.MessageID,
		Body:             received.Body,
		MD5OfBody:        received.MD5OfBody,
		Attributes:       received.MessageAttributes,
		System:           received.Attributes,
		State:            m.state.String(),
		Expires:          unixTime(m.retainedFrom + int64(q.attributes.Load().retention)),
		ReceiveCount:     int(m.receives),
		ReceiveCountHere: int(m.receivesHere),
	}
	if m.deadline != 0 {
		p.Until = unixTime(m.deadline)
	}
	return p
}

// QueueState is an overview of a queue.
type QueueState struct {
	// Name is the queue's name.
	Name string
	// ARN is its Amazon Resource Name.
	ARN string
	// FIFO reports whether it is a FIFO queue.
	FIFO bool
	// Visible, InFlight and Delayed are the numbers of messages by state.
	Visible, InFlight, Delayed int
	// DeadLetterTarget is the ARN of the dead-letter queue, or empty.
	DeadLetterTarget string
	// MaxReceiveCount is the number of receives before a message moves to the
	// dead-letter queue; 0 without one.
	MaxReceiveCount int
	// VisibilityTimeout is the queue's visibility timeout.
	VisibilityTimeout time.Duration
}

// Queues returns the queues of an account in a region, sorted by name.
func (s *Service) Queues(account, region string) []QueueState {
	var out []QueueState
	for _, q := range s.queues.inScope(awsapi.Scope{Account: account, Region: region}) {
		tx := q.begin()
		if !q.deleted {
			out = append(out, q.state())
		}
		tx.end()
	}
	return out
}

// state returns the overview of the queue, which is locked.
func (q *queue) state() QueueState {
	attrs := q.attributes.Load()
	state := QueueState{
		Name:              q.name,
		ARN:               q.arn,
		FIFO:              q.fifo,
		Visible:           q.counts[visible],
		InFlight:          q.counts[inFlight],
		Delayed:           q.counts[delayed],
		VisibilityTimeout: attrs.visibilityTimeout,
	}
	if attrs.redrive != nil {
		state.DeadLetterTarget = attrs.redrive.target
		state.MaxReceiveCount = attrs.redrive.maxReceiveCount
	}
	return state
}
