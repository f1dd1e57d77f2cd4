package record

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// MaxBody is how many bytes of a body are written at most, as JSON, once secrets
// are out of it.
const MaxBody = 64 << 10

// Exchange is one request and its answer.
type Exchange struct {
	// Began is when the request came, in machine time.
	Began time.Time
	// Took is how long it was until the answer was out, long polls included.
	Took time.Duration
	// ServiceTime is what the service's clock showed when the request came.
	ServiceTime time.Time
	// RequestID is the id that the answer bears, or empty.
	RequestID string
	// Service is the service that was asked, or empty where it is unknown.
	Service string
	// Operation is the operation that was asked for, or empty.
	Operation string
	// Method is the HTTP method.
	Method string
	// Target is path and query as they came.
	Target string
	// Readable reports that bodies may be shown: the request went to an operation whose
	// secrets are known.
	Readable bool
	// Request is what came.
	Request Part
	// Answer is what went out.
	Answer Part
	// Status is the HTTP status of the answer.
	Status int
}

// Part is one direction of an exchange.
type Part struct {
	// Header holds the HTTP headers.
	Header http.Header
	// Body is the body without content encodings.
	Body []byte
	// Truncated reports that Body is only the beginning, and not to be shown.
	Truncated bool
}

// Log writes exchanges to a stream. It is safe for concurrent use.
type Log struct {
	mu sync.Mutex
	w  io.Writer
}

// New makes a log that writes to w, one call of Write for each line.
func New(w io.Writer) *Log { return &Log{w: w} }

// line is an exchange as it is written.
type line struct {
	Began       time.Time       `json:"began"`
	TookMS      float64         `json:"took_ms"`
	ServiceTime time.Time       `json:"service_time"`
	RequestID   string          `json:"request_id,omitempty"`
	Service     string          `json:"service,omitempty"`
	Operation   string          `json:"operation,omitempty"`
	Method      string          `json:"method"`
	Target      string          `json:"target"`
	Header      http.Header     `json:"request_header"`
	Body        json.RawMessage `json:"request_body,omitempty"`
	Status      int             `json:"status"`
	AnswerHead  http.Header     `json:"answer_header"`
	AnswerBody  json.RawMessage `json:"answer_body,omitempty"`
}

// operationName is the form of an operation's name, or of a method with a path.
var operationName = regexp.MustCompile(`^([A-Za-z0-9]{0,64}|[A-Z]{1,16} /[^ ]*)$`)

// cleanOperation removes what is no operation's name: it comes from the client.
func cleanOperation(name string) string {
	if !operationName.MatchString(name) {
		return removed
	}
	if method, path, some := strings.Cut(name, " "); some {
		return method + " " + cleanPath(path)
	}
	return name
}

// Write adds an exchange, without its secrets.
func (l *Log) Write(e *Exchange) error {
	answer := cleanAnswer(e) // reads the request before it is cleaned
	b, err := json.Marshal(line{
		Began: e.Began.UTC(), TookMS: float64(e.Took.Microseconds()) / 1000, ServiceTime: e.ServiceTime.UTC(),
		RequestID: e.RequestID, Service: e.Service, Operation: cleanOperation(e.Operation),
		Method: e.Method, Target: cleanTarget(e.Target), Header: cleanHeader(e.Request.Header), Body: cleanRequest(e),
		Status: e.Status, AnswerHead: cleanHeader(e.Answer.Header), AnswerBody: answer,
	})
	if err != nil {
		return fmt.Errorf("encode the exchange: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.w.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("write the exchange: %w", err)
	}
	return nil
}
