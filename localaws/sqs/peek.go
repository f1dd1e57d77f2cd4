package sqs

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// PeekedMessage is a message as it lies in its queue, seen without a receive.
type PeekedMessage struct {
	// MessageID is the message's id.
	MessageID string
	// Body is the body, byte for byte.
	Body string
	// MD5OfBody is the MD5 of the body in hex.
	MD5OfBody string
	// Attributes are the message attributes by name; nil without any.
	Attributes map[string]MessageAttributeValue
	// System are the system attributes by name, as a receive that asks for All
	// would show them now; before the first receive the count is 0.
	System map[string]string
	// State is visible, delayed or inFlight.
	State string
	// Until is when the delay or the visibility timeout ends; zero when visible.
	Until time.Time
	// Expires is when retention ends.
	Expires time.Time
	// ReceiveCount is the number of receives in all queues (SQS L4).
	ReceiveCount int
	// ReceiveCountHere is that in this queue, which decides on the dead-letter
	// queue (SQS L5).
	ReceiveCountHere int
}

// Peek reads a queue's messages in the order in which they came to it, without
// receiving them. The error says that there is no such queue.
func (s *Service) Peek(account, region, name string) ([]PeekedMessage, error) {
	q := s.queues.find(queueKey{account, region, name})
	if q == nil {
		return nil, fmt.Errorf("peek into %s of %s in %s: no such queue", name, account, region)
	}
	tx := q.begin()
	defer tx.end()
	var all []*message
	q.ages.all(func(m *message) bool {
		all = append(all, m)
		return true
	})
	slices.SortFunc(all, func(a, b *message) int { return int(int64(a.number) - int64(b.number)) })
	out := make([]PeekedMessage, len(all))
	for i, m := range all {
		out[i] = q.peek(m)
	}
	return out, nil
}

func (q *queue) peek(m *message) PeekedMessage {
	d := q.delivery(m)
	var shown Message
	everything := attributeSelection{system: 1<<len(systemNames) - 1, all: true}
	everything.fillMessage(&shown, q, &d)
	if m.firstReceived == 0 {
		delete(shown.Attributes, systemNames[sysFirstReceive])
		shown.Attributes[systemNames[sysReceiveCount]] = strconv.Itoa(0)
	}
	p := PeekedMessage{
		MessageID:        shown.MessageID,
		Body:             shown.Body,
		MD5OfBody:        shown.MD5OfBody,
		Attributes:       shown.MessageAttributes,
		System:           shown.Attributes,
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

// QueueState is a queue at a glance.
type QueueState struct {
	// Name is the queue's name.
	Name string
	// ARN is its Amazon Resource Name.
	ARN string
	// FIFO says that it is a FIFO queue.
	FIFO bool
	// Visible, InFlight and Delayed count its messages by state.
	Visible, InFlight, Delayed int
	// DeadLetterTarget is the ARN of the queue its dead letters go to, or empty.
	DeadLetterTarget string
	// MaxReceiveCount is how often a message is received before it goes there,
	// or 0.
	MaxReceiveCount int
	// VisibilityTimeout is the queue's own.
	VisibilityTimeout time.Duration
}

// Queues answers an account's queues in a region, in order of name.
func (s *Service) Queues(account, region string) []QueueState {
	var out []QueueState
	for _, q := range s.queues.inScope(account, region) {
		tx := q.begin()
		set := q.attributes.Load()
		state := QueueState{
			Name:              q.name,
			ARN:               q.arn,
			FIFO:              q.fifo,
			VisibilityTimeout: set.visibilityTimeout,
			Visible:           q.counts[visible],
			InFlight:          q.counts[inFlight],
			Delayed:           q.counts[delayed],
		}
		if set.redrive != nil {
			state.DeadLetterTarget, state.MaxReceiveCount = set.redrive.target, set.redrive.max
		}
		present := !q.deleted
		tx.end()
		if present {
			out = append(out, state)
		}
	}
	return out
}

// Reset forgets an account's queues and move tasks in a region, as if they had
// never been: their names are free at once. An empty string stands for every
// account, or every region. Long polls that wait end with QueueDoesNotExist.
func (s *Service) Reset(account, region string) error {
	s.queues.mu.Lock()
	defer s.queues.mu.Unlock()
	var errs []error
	var gone []queueKey
	for _, q := range s.queues.all() {
		if !q.inScope(account, region) {
			continue
		}
		tx := q.begin()
		tx.destroy()
		s.queues.queues.Delete(q.queueKey)
		tx.deleteStoredQueue()
		errs = append(errs, tx.end().Wait())
		gone = append(gone, q.queueKey)
	}
	errs = append(errs, s.resetTasks(account, region), s.releaseNames(account, region, gone))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("reset queues: %w", err)
	}
	return nil
}
