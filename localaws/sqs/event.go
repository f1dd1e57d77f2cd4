package sqs

import "time"

// EventKind says what happened to a message.
type EventKind uint8

const (
	// Sent is a message that a queue has accepted.
	Sent EventKind = iota
	// Shown is a message whose delay or visibility timeout is over, or that was
	// made visible by ChangeMessageVisibility.
	Shown
	// Received is a message that was handed out and hidden.
	Received
	// Deleted is a message that a receiver has deleted.
	Deleted
	// Moved is a message that SQS has moved to the dead-letter queue.
	Moved
	// Expired is a message whose retention is over.
	Expired
)

// String names the kind in one lower-case word.
func (k EventKind) String() string {
	return [...]string{"sent", "shown", "received", "deleted", "moved", "expired"}[k]
}

// Event is something that happened to one message.
type Event struct {
	// Time is the service time.
	Time time.Time
	// Kind is what happened.
	Kind EventKind
	// Account and Region are the queue's.
	Account, Region string
	// Queue is the name of the queue where it happened; of a move, where the
	// message went.
	Queue string
	// From is the queue that a moved message comes from, else empty.
	From string
	// MessageID is the message's id.
	MessageID string
	// Receives is how often the message has been received in all queues.
	Receives int
	// Until is when its delay or visibility timeout ends; zero when it is
	// visible or gone.
	Until time.Time
}

// tell lets the observer know what happened to a message, with the lock held.
func (tx *transaction) emit(kind EventKind, m *message, from string) {
	q := tx.queue
	if q.service.observe == nil {
		return
	}
	e := Event{
		Time:      unixTime(tx.now),
		Kind:      kind,
		Account:   q.account,
		Region:    q.region,
		Queue:     q.name,
		From:      from,
		MessageID: m.id.String(),
		Receives:  int(m.receives),
	}
	if m.deadline != 0 {
		e.Until = unixTime(m.deadline)
	}
	q.service.observe(e)
}
