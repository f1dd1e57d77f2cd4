package simulate

import (
	"fmt"
	"io"
	"time"
)

// Event is one entry of a run's event log.
type Event struct {
	// Seed is the seed of the run.
	Seed uint64 `json:"seed"`
	// Seconds is the service time since the start of the run.
	Seconds float64 `json:"t"`
	// What is the kind of event. Of SQS: sent, shown (visible), received,
	// deleted, moved (by redrive) and expired. Of the consumer: processed,
	// repeated (skipped, because the order was already processed) and failed. Of
	// a retry function: replayed and refused. Of the server: killed and back.
	What string `json:"event"`
	// Queue is the queue in which it happened; of a move, the destination.
	Queue string `json:"queue"`
	// From is the queue that a moved message came from.
	From string `json:"from,omitempty"`
	// Order is the number of the order, from 1; 0 for an event of the server.
	Order int `json:"order"`
	// Message is the message id.
	Message string `json:"message"`
	// Receives is how often the message has been received in all queues.
	Receives int `json:"receives,omitempty"`
	// Until is when the message's delay or visibility timeout ends, in seconds
	// since the start; 0 if it has none.
	Until float64 `json:"until,omitempty"`
	// Detail adds details, such as why a function failed a message.
	Detail string `json:"detail,omitempty"`
}

// String returns the event as a line of a timeline.
func (e Event) String() string {
	at := time.Duration(e.Seconds * float64(time.Second)).Round(time.Millisecond)
	s := fmt.Sprintf("%12s  %-9s %-20s %s", "+"+at.String(), e.What, e.Queue, e.Message)

	if e.From != "" {
		s += " from " + e.From
	}
	if e.Receives > 0 {
		s += fmt.Sprintf(", receive %d", e.Receives)
	}
	if e.Until > 0 {
		s += ", until +" + time.Duration(e.Until*float64(time.Second)).Round(time.Millisecond).String()
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// WriteTimeline writes the events of one order as text, and the events of the
// server after the order's first one.
func WriteTimeline(w io.Writer, events []Event, order int) error {
	begun := false
	for _, e := range events {
		begun = begun || e.Order == order
		if e.Order == order || e.Order == 0 && begun {
			if _, err := fmt.Fprintln(w, e); err != nil {
				return fmt.Errorf("write the timeline: %w", err)
			}
		}
	}
	return nil
}
