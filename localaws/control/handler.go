package control

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"sync"

	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/fault"
)

// Options connect the control API to a server.
type Options struct {
	// Clock is the service time. Required.
	Clock *clock.Clock
	// Faults are the rules by which faults are injected. Required.
	Faults *fault.Set
	// Version is the version of the product, for health.
	Version string
	// Account is the account of requests that name none.
	Account string
	// Region is the region of requests that name none.
	Region string
	// Services are the public names of the embedded services: sqs, lambda, iam, sts,
	// logs, cloudwatch.
	Services []string
	// Queues returns an account's queues in a region, sorted by name.
	Queues func(account, region string) []Queue
	// Resources returns the names of the queues and functions that a fault can name,
	// of all accounts and regions; nil accepts every name.
	Resources func() (queues, functions []string)
	// Peek returns a queue's messages without receiving them, in the sequence in
	// which they were sent. It fails when there is no such queue.
	Peek func(account, region, queue string) ([]Message, error)
	// Reset removes what a service stores for an account in a region, and returns
	// the services that it reset. An empty service means all of them, an empty
	// account or region every one.
	Reset func(ctx context.Context, service, account, region string) ([]string, error)
	// ReadOnlyReason returns why the embedded AWS is read-only, for health, or nil; a
	// nil ReadOnlyReason means that there never is a reason.
	ReadOnlyReason func() error
	// Token must be sent in each request as "Authorization: Bearer TOKEN", except
	// for health.
	Token string
	// Open accepts requests without the token. A request that changes something
	// still needs an Authorization header, with any content: a web page cannot send
	// one.
	Open bool
	// Signed reports whether a request has a valid AWS signature of the operator,
	// which is accepted in place of the token; nil means that none has.
	Signed func(*http.Request) bool
	// Logger gets internal errors; nil discards them.
	Logger *slog.Logger
}

// Handler is the control API as an http.Handler. Make one with [New], and close it
// with [Handler.Close].
type Handler struct {
	opts  Options
	mux   *http.ServeMux
	done  chan struct{} // closed by Close
	close sync.Once
}

// New returns the control API of a server.
func New(o Options) *Handler {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}

	h := &Handler{
		opts: o,
		mux:  http.NewServeMux(),
		done: make(chan struct{}),
	}

	for pattern, e := range map[string]endpoint{
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
		h.mux.HandleFunc(pattern, h.json(e.checked))
	}

	// These set their own status or format, and ignore unknown parameters.
	h.mux.HandleFunc("GET /_localstack/health", h.json(h.localStackHealth))
	h.mux.HandleFunc("GET /_reliableq/health", h.health)
	h.mux.HandleFunc("GET /_aws/sqs/messages", h.localStackMessages)
	h.mux.HandleFunc("POST /_aws/sqs/messages", h.localStackReceive)
	h.mux.HandleFunc("POST /_aws/sqs/messages/{$}", h.localStackReceive)
	h.mux.HandleFunc("GET /_aws/sqs/messages/{region}/{account}/{queue}", h.localStackMessages)
	return h
}

// endpoint serves one path, with a query that may have the given names.
type endpoint struct {
	serve func(*http.Request) (any, error)
	query []string
}

// checked refuses a query with an unknown name before anything is done: a reset
// with a misspelt restriction must not reset everything.
func (e endpoint) checked(r *http.Request) (any, error) {
	for name := range r.URL.Query() {
		if !slices.Contains(e.query, name) {
			return nil, badRequest("%s does not take %s in its query", r.URL.Path, name)
		}
	}
	return e.serve(r)
}

// ServeHTTP serves one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Responses contain bodies of messages: a browser must not take one for HTML, or
	// store it.
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)

	if err := h.authorize(r); err != nil {
		w.Header().Set("WWW-Authenticate", "Bearer")
		h.fail(w, r, err)
		return
	}
	// The mux itself would respond with plain text.
	if _, pattern := h.mux.Handler(r); pattern == "" {
		h.unknown(w, r)
		return
	}

	h.mux.ServeHTTP(w, r)
}

// Close ends requests that wait for the clock, so that a server can shut down. It
// can be called more than once.
func (h *Handler) Close() { h.close.Do(func() { close(h.done) }) }
