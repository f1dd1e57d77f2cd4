package control

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/fault"
)

// Health is the state of a server.
type Health struct {
	// Status is ok, or read-only when the store has failed and nothing can be
	// changed.
	Status string `json:"status"`
	// Reason is why the status is not ok.
	Reason string `json:"reason,omitempty"`
	// Version is the version of the product.
	Version string `json:"version"`
	// Account is the server's account. It is empty for requests without the token,
	// as are Region and Reason.
	Account string `json:"account,omitempty"`
	// Region is the server's region.
	Region string `json:"region,omitempty"`
	// Clock is the mode of the clock.
	Clock string `json:"clock"`
	// Services are the names of the embedded services.
	Services []string `json:"services"`
}

const (
	statusOK = "ok"
	// statusReadOnly is the status of a server whose store has failed: reads
	// succeed, and everything that would change something is refused.
	statusReadOnly = "read-only"
)

// Trouble returns what is wrong with the server, for people, or an empty string.
func (h Health) Trouble() string {
	if h.Status == statusOK {
		return ""
	}
	return fmt.Sprintf("%s: %s", h.Status, h.Reason)
}

// Clock is the state of a server's clock.
type Clock struct {
	// Now is the service time.
	Now time.Time `json:"now"`
	// Mode is real, skip, manual or simulated.
	Mode string `json:"mode"`
	// Held is set while the clock stands still until it is released.
	Held bool `json:"held"`
	// SkippedSeconds is by how much service time is ahead of machine time.
	SkippedSeconds float64 `json:"skipped_seconds"`
	// Work is the number of requests and invocations in progress.
	Work int `json:"work"`
	// Transitions is the number of scheduled events that change the state of a message,
	// mapping, task or alarm.
	Transitions int `json:"moves"`
	// Upkeep is the number of other scheduled events, such as ends of retention.
	Upkeep int `json:"upkeep"`
	// NextTransition is when the first of Transitions is due; zero when there is none.
	NextTransition time.Time `json:"next_move,omitzero"`
}

// String returns the clock in one line for people.
func (c Clock) String() string {
	s := fmt.Sprintf("%s, clock %s", c.Now.UTC().Format(time.RFC3339Nano), c.Mode)
	if c.SkippedSeconds > 0 {
		s += fmt.Sprintf(", %s skipped", time.Duration(c.SkippedSeconds*float64(time.Second)).Round(time.Millisecond))
	}
	if c.Held {
		s += ", held"
	}

	s += fmt.Sprintf(", %d in progress, %d scheduled", c.Work, c.Transitions)
	if !c.NextTransition.IsZero() {
		s += ", the next at " + c.NextTransition.UTC().Format(time.RFC3339Nano)
	}
	return s
}

// Settled is the state of a server on which nothing is left to happen.
type Settled struct {
	// Clock is the clock at that time.
	Clock Clock `json:"clock"`
	// Queues are all queues of an account in a region, without messages.
	Queues []Queue `json:"queues"`
}

// String returns the clock and the queues for people, each on a line.
func (s Settled) String() string {
	lines := []string{s.Clock.String()}
	for _, q := range s.Queues {
		lines = append(lines, fmt.Sprintf("%s: visible %d, in flight %d, delayed %d", q.Name, q.Visible, q.InFlight, q.Delayed))
	}
	return strings.Join(lines, "\n")
}

// Queue is the state of a queue.
type Queue struct {
	// Name is the queue's name.
	Name string `json:"name"`
	// ARN is its Amazon Resource Name.
	ARN string `json:"arn"`
	// FIFO is set for a FIFO queue.
	FIFO bool `json:"fifo"`
	// Visible is the number of messages that can be received now.
	Visible int `json:"visible"`
	// InFlight is the number of messages that were received and not deleted yet.
	InFlight int `json:"in_flight"`
	// Delayed is the number of messages that cannot be received yet.
	Delayed int `json:"delayed"`
	// DeadLetterTarget is the ARN of its dead-letter queue.
	DeadLetterTarget string `json:"dead_letter_target,omitempty"`
	// MaxReceiveCount is how often a message is received before it is moved there.
	MaxReceiveCount int `json:"max_receive_count,omitempty"`
	// Messages are its messages, if they were requested.
	Messages []Message `json:"messages,omitempty"`
}

// Message is a message in a queue.
type Message struct {
	// MessageID is the message's id.
	MessageID string `json:"message_id"`
	// Body is the body.
	Body string `json:"body"`
	// MD5OfBody is the MD5 of the body in hex.
	MD5OfBody string `json:"md5_of_body"`
	// Attributes are the message attributes by name.
	Attributes map[string]Attribute `json:"attributes,omitempty"`
	// System are the system attributes by name.
	System map[string]string `json:"system_attributes,omitempty"`
	// State is visible, delayed or inFlight.
	State string `json:"state"`
	// Until is when the delay or visibility timeout ends; zero when visible.
	Until time.Time `json:"until,omitzero"`
	// Expires is when retention ends.
	Expires time.Time `json:"expires,omitzero"`
	// ReceiveCount is the number of receives in all queues.
	ReceiveCount int `json:"receive_count"`
	// ReceiveCountHere is the number of receives in this queue.
	ReceiveCountHere int `json:"receive_count_here"`
}

// Attribute is a message attribute.
type Attribute struct {
	// DataType is String, Number or Binary, perhaps with a label.
	DataType string `json:"data_type"`
	// StringValue is the value of a String or Number.
	StringValue string `json:"string_value,omitempty"`
	// BinaryValue is the value of a Binary.
	BinaryValue []byte `json:"binary_value,omitempty"`
}

// Fault is a rule of faults in the form of the control API, which writes durations
// as text. Make it with [NewFault].
type Fault struct {
	fault.Rule
	// Delay is the rule's delay, such as 250ms, in place of its number in JSON.
	Delay string `json:"delay,omitempty"`
}

// NewFault returns a rule in the form of the control API.
func NewFault(r fault.Rule) Fault {
	f := Fault{Rule: r}
	if r.Delay > 0 {
		f.Delay = r.Delay.String()
	}
	return f
}

// rule returns the fault as a rule.
func (f Fault) rule() (fault.Rule, error) {
	r := f.Rule
	r.Delay = 0
	if f.Delay == "" {
		return r, nil
	}
	d, err := parseDuration("delay", f.Delay)
	r.Delay = d
	return r, err
}

// Bodies of requests. Durations are written as in Go, such as 90s.
type (
	advanceRequest struct {
		Duration string `json:"duration"`
		Timeout  string `json:"timeout,omitempty"` // in machine time; none if empty
	}
	settleRequest struct {
		Timeout string `json:"timeout,omitempty"` // in machine time; none if empty
	}
	addFaultRequest struct {
		Fault
		For string `json:"for,omitempty"` // sets Until, from From or from now
	}
)

// Bodies of responses.
type (
	queuesResponse struct {
		Queues []Queue `json:"queues"`
	}
	faultsResponse struct {
		Faults []Fault `json:"faults"`
	}
	clearedResponse struct {
		Cleared int `json:"cleared"`
	}
	resetResponse struct {
		Reset []string `json:"reset"`
	}
)

// Error is a request that failed. The handler sends it with Status, and the client
// returns it.
type Error struct {
	// Code is a word such as BadRequest.
	Code string `json:"error"`
	// Message is a sentence for people.
	Message string `json:"message"`
	// Details is the clock, where a wait ended too early.
	Details *Clock `json:"details,omitempty"`
	// Status is the HTTP status.
	Status int `json:"-"`
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

var (
	// ErrTimeout is the error of a wait that ended with the timeout of its request.
	ErrTimeout = errors.New("timed out")
	// ErrBadRequest is the error of a request that the server refuses as invalid.
	ErrBadRequest = errors.New("bad request")
)

// Is reports whether the error is ErrTimeout or ErrBadRequest.
func (e *Error) Is(target error) bool {
	switch target {
	case ErrTimeout:
		return e.Status == http.StatusGatewayTimeout
	case ErrBadRequest:
		return e.Status == http.StatusBadRequest
	}
	return false
}
