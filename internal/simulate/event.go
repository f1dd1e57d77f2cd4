package simulate

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Event is one line of a run's log.
type Event struct {
	// Seed is the run's.
	Seed uint64 `json:"seed"`
	// Seconds is the service time since the start of the run.
	Seconds float64 `json:"t"`
	// What happened. SQS says sent, shown, received, deleted, moved and expired;
	// the consumer processed, repeated (it knew that the order was done) and
	// failed; a retry function replayed and refused. The whole server is killed,
	// and is back.
	What string `json:"event"`
	// Queue is where; of a move, where to.
	Queue string `json:"queue"`
	// From is the queue that a moved message comes from.
	From string `json:"from,omitempty"`
	// Order is the number of the order, from 1.
	Order int `json:"order"`
	// Message is the message's id.
	Message string `json:"message"`
	// Receives is how often the message has been received in all queues.
	Receives int `json:"receives,omitempty"`
	// Until is when its delay or visibility timeout ends, in seconds since the
	// start; 0 without one.
	Until float64 `json:"until,omitempty"`
	// Detail says more, such as why a function failed a message.
	Detail string `json:"detail,omitempty"`
}

// String is the event as a timeline shows it.
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

// WriteLog writes events as JSON, one a line.
func WriteLog(w io.Writer, events []Event) error {
	b := bufio.NewWriter(w)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	for i := range events {
		if err := enc.Encode(&events[i]); err != nil {
			return fmt.Errorf("write the event log: %w", err)
		}
	}
	return b.Flush()
}

// WriteTimeline writes what happened to one order, and after that has begun to the
// server, for people.
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
