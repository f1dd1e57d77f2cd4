package sqs

import "time"

// EventKind is a kind of [Event].
type EventKind uint8

const (
	// Sent means that a queue accepted the message.
	Sent EventKind = iota
	// BecameVisible means that the message's delay or visibility timeout ended, or
	// that ChangeMessageVisibility made it visible.
	BecameVisible
	// Received means that the message was received and is in flight.
	Received
	// Deleted means that a consumer deleted the message.
	Deleted
	// Moved means that SQS moved the message to the dead-letter queue.
	Moved
	// Expired means that the message's retention period ended.
	Expired
)

// String returns the kind as one lower-case word.
func (k EventKind) String() string {
	return [...]string{"sent", "shown", "received", "deleted", "moved", "expired"}[k]
}

// Event is a state change of one message.
type Event struct {
	// Time is the service time.
	Time time.Time
	// Kind is the state change.
	Kind EventKind
	// Account and Region are those of the queue.
	Account, Region string
	// Queue is the name of the queue. For a move it is the destination.
	Queue string
	// From is the name of the queue that a moved message comes from; empty
	// otherwise.
	From string
	// MessageID is the message's id.
	MessageID string
	// Receives is the number of receives in all queues.
	Receives int
	// Until is the end of the delay or visibility timeout; zero if the message is
	// visible or gone.
	Until time.Time
}

// emit reports a state change of a message to the observer. The queue is locked.
func (tx *transaction) emit(kind EventKind, m *message, from string) {
	q := tx.queue
	if q.service.observe == nil {
		return
	}

	e := Event{
		Time:      unixTime(tx.now),
		Kind:      kind,
		Account:   q.Account,
		Region:    q.Region,
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
