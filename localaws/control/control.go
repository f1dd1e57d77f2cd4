package control

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
	faults "github.com/reliableq/reliableq/localaws/fault"
)

// Options says what the control API leads to.
type Options struct {
	// Clock is the service time. Required.
	Clock *clock.Clock
	// Faults are the rules by which things go wrong. Required.
	Faults *faults.Set
	// Version is the version of the product, for health.
	Version string
	// Account is the account of requests that name none.
	Account string
	// Region is the region of requests that name none.
	Region string
	// Services are the names of the embedded services, as users know them:
	// sqs, lambda, iam, sts, logs, cloudwatch.
	Services []string
	// Queues lists an account's queues in a region, in order of name.
	Queues func(account, region string) []Queue
	// Peek answers a queue's messages without receiving them, in the order in
	// which they came. It fails when there is no such queue.
	Peek func(account, region, queue string) ([]Message, error)
	// Reset removes what a service holds for an account in a region, and names
	// the services that it reached. An empty service stands for all, an empty
	// account or region for every one.
	Reset func(ctx context.Context, service, account, region string) ([]string, error)
	// Trouble says why nothing can be changed any more, for health, and is nil while
	// all is well; a nil Trouble means that it always is.
	Trouble func() error
	// Token must be sent in each request as "Authorization: Bearer TOKEN". Health
	// alone may be asked for without it.
	Token string
	// Open lets requests in without the token. What changes something still needs an
	// Authorization header, of any content: a web page cannot send one.
	Open bool
	// Signed reports whether a request bears a valid AWS signature of the operator,
	// which counts as the token; nil means that none does.
	Signed func(*http.Request) bool
	// Logger gets what goes wrong inside; nil discards it.
	Logger *slog.Logger
}

// Queue is a queue at a glance.
type Queue struct {
	// Name is the queue's name.
	Name string `json:"name"`
	// ARN is its Amazon Resource Name.
	ARN string `json:"arn"`
	// FIFO says that it is a FIFO queue.
	FIFO bool `json:"fifo"`
	// Visible counts the messages that may be received now.
	Visible int `json:"visible"`
	// InFlight counts those that were received and not deleted yet.
	InFlight int `json:"in_flight"`
	// Delayed counts those that may not be received yet.
	Delayed int `json:"delayed"`
	// DeadLetterTarget is the ARN of the queue that its dead letters go to.
	DeadLetterTarget string `json:"dead_letter_target,omitempty"`
	// MaxReceiveCount is how often a message is received before it goes there.
	MaxReceiveCount int `json:"max_receive_count,omitempty"`
	// Messages are there where they were asked for.
	Messages []Message `json:"messages,omitempty"`
}

// Message is a message as it lies in a queue.
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
	// ReceiveCountHere is that in this queue.
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

// Handler is the control API as an http.Handler. Make one with [New], and end it
// with [Handler.Close].
type Handler struct {
	opts  Options
	mux   *http.ServeMux
	done  chan struct{}
	close sync.Once
}

// New makes the control API.
func New(o Options) *Handler {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	h := &Handler{opts: o, mux: http.NewServeMux(), done: make(chan struct{})}
	for pattern, p := range map[string]path{
		"GET /_reliableq/clock":          {serve: h.clock},
		"POST /_reliableq/clock/advance": {serve: h.advance},
		"POST /_reliableq/clock/hold":    {serve: h.hold},
		"POST /_reliableq/clock/release": {serve: h.release},
		"POST /_reliableq/clock/settle":  {h.settle, []string{"account", "region"}},
		"GET /_reliableq/queues":         {h.queues, []string{"account", "region", "name", "messages"}},
		"GET /_reliableq/faults":         {serve: h.listFaults},
		"POST /_reliableq/faults":        {serve: h.addFault},
		"DELETE /_reliableq/faults":      {serve: h.clearFaults},
		"DELETE /_reliableq/faults/{id}": {serve: h.clearFaults},
		"POST /_reliableq/reset":         {h.reset, []string{"service", "account", "region"}},
	} {
		h.mux.HandleFunc(pattern, h.json(p.checked))
	}
	h.mux.HandleFunc("GET /_localstack/health", h.json(h.localStackHealth))
	h.mux.HandleFunc("GET /_reliableq/health", h.health)
	h.mux.HandleFunc("GET /_aws/sqs/messages", h.localStackMessages)
	h.mux.HandleFunc("POST /_aws/sqs/messages", h.localStackReceive)
	h.mux.HandleFunc("POST /_aws/sqs/messages/{$}", h.localStackReceive)
	h.mux.HandleFunc("GET /_aws/sqs/messages/{region}/{account}/{queue}", h.localStackMessages)
	return h
}

// path is what answers at one path, and the names that its query may have.
type path struct {
	serve func(*http.Request) (any, error)
	query []string
}

// checked refuses a query that is not understood before anything is done: a reset
// whose restriction is misspelt must not reset everything.
func (p path) checked(r *http.Request) (any, error) {
	for name := range r.URL.Query() {
		if !slices.Contains(p.query, name) {
			return nil, badRequest("there is no %s in the query of %s", name, r.URL.Path)
		}
	}
	return p.serve(r)
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := h.authorize(r); err != nil {
		w.Header().Set("WWW-Authenticate", "Bearer")
		h.fail(w, r, err)
		return
	}
	if _, pattern := h.mux.Handler(r); pattern == "" {
		h.unknown(w, r)
		return
	}
	h.mux.ServeHTTP(w, r)
}

// Close ends requests that wait for the clock, so that a server can shut down. It
// may be called more than once.
func (h *Handler) Close() { h.close.Do(func() { close(h.done) }) }

// wait makes a context that ends with the request, with Close, or after d where d
// is not zero.
func (h *Handler) wait(r *http.Request, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(r.Context())
	stop := func() { cancel(nil) }
	if d > 0 {
		timer := time.AfterFunc(d, func() { cancel(errTimeout) })
		stop = func() { timer.Stop(); cancel(nil) }
	}
	go func() {
		select {
		case <-h.done:
			cancel(errClosing)
		case <-ctx.Done():
		}
	}()
	return ctx, stop
}

var (
	errTimeout = errors.New("its timeout is over")
	errClosing = errors.New("the server is shutting down")
)
