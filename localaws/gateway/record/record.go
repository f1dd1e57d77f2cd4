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

// MaxBody is the longest body that is written, in bytes of JSON without secrets.
const MaxBody = 64 << 10

// Exchange is one request and its response.
type Exchange struct {
	// Began is when the request began, in machine time.
	Began time.Time
	// Took is how long it took until the response was written, including long polls.
	Took time.Duration
	// ServiceTime is the service time at which the request began.
	ServiceTime time.Time
	// RequestID is the request id, or empty.
	RequestID string
	// Service is the name of the service, or empty if it is unknown.
	Service string
	// Operation is the name of the operation, or empty.
	Operation string
	// Method is the HTTP method.
	Method string
	// Target is path and query as they were sent.
	Target string
	// SecretsKnown is set if bodies can be recorded: the request is for an operation whose
	// secrets are known.
	SecretsKnown bool
	// Request is the request.
	Request Part
	// Response is the response.
	Response Part
	// Status is the HTTP status of the response.
	Status int
}

// Part is one direction of an exchange.
type Part struct {
	// Header holds the HTTP headers.
	Header http.Header
	// Body is the body without content encodings.
	Body []byte
	// Truncated is set if Body is only the beginning, which is not recorded.
	Truncated bool
}

// Log writes exchanges to a stream. It is safe for concurrent use.
type Log struct {
	mu sync.Mutex
	w  io.Writer
}

// New returns a log that writes to w, with one call of Write for each line.
func New(w io.Writer) *Log { return &Log{w: w} }

// line is the form in which an exchange is written.
type line struct {
	Began       time.Time `json:"began"`
	TookMS      float64   `json:"took_ms"`
	ServiceTime time.Time `json:"service_time"`
	RequestID   string    `json:"request_id,omitempty"`
	Service     string    `json:"service,omitempty"`
	Operation   string    `json:"operation,omitempty"`
	Method      string    `json:"method"`
	Target      string    `json:"target"`

	RequestHeader  http.Header     `json:"request_header"`
	RequestBody    json.RawMessage `json:"request_body,omitempty"`
	Status         int             `json:"status"`
	ResponseHeader http.Header     `json:"answer_header"`
	ResponseBody   json.RawMessage `json:"answer_body,omitempty"`
}

// operationName is the form of an operation's name, or of a method with a path.
var operationName = regexp.MustCompile(`^([A-Za-z0-9]{0,64}|[A-Z]{1,16} /[^ ]*)$`)

// redactOperation removes what is not the name of an operation: the client sent it.
func redactOperation(name string) string {
	if !operationName.MatchString(name) {
		return removed
	}
	if method, path, some := strings.Cut(name, " "); some {
		return method + " " + redactPath(path)
	}
	return name
}

// Write adds an exchange, without its secrets.
func (l *Log) Write(e *Exchange) error {
	response := redactResponse(e) // reads the request, so it must come before redactRequest
	b, err := json.Marshal(line{
		Began:          e.Began.UTC(),
		TookMS:         float64(e.Took.Microseconds()) / 1000,
		ServiceTime:    e.ServiceTime.UTC(),
		RequestID:      e.RequestID,
		Service:        e.Service,
		Operation:      redactOperation(e.Operation),
		Method:         e.Method,
		Target:         redactTarget(e.Target),
		RequestHeader:  redactHeader(e.Request.Header),
		RequestBody:    redactRequest(e),
		Status:         e.Status,
		ResponseHeader: redactHeader(e.Response.Header),
		ResponseBody:   response,
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
