package gateway

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/gateway/record"
	"github.com/reliableq/reliableq/localaws/gateway/sigv4"
	"github.com/reliableq/reliableq/localaws/gateway/wire"
)

// Options configure a gateway.
type Options struct {
	// Dispatcher has the services and checks permissions. Required.
	Dispatcher *awsapi.Dispatcher
	// Identity returns the credential of an access key id. Required.
	Identity func(accessKey string) (awsapi.Credential, bool)
	// Clock counts every request as work while it is processed. Required.
	Clock *clock.Clock
	// Chance is the random source for request ids. Required.
	Chance *chance.Source
	// Account is the 12-digit account of callers that name none.
	Account string
	// Region is the region of requests that name none.
	Region string
	// NoAuth accepts every caller as an administrator. An access key of 12 digits
	// then selects the account.
	NoAuth bool
	// Hosts are further hosts of the endpoint, in lower case and without a port, in
	// addition to 127.0.0.0/8, ::1 and localhost.
	Hosts []string
	// Origins are web origins, such as http://127.0.0.1:8080, whose pages can call the
	// endpoint; only they get CORS headers.
	Origins []string
	// Extra serves paths that begin with /_, which no AWS service has; nil responds
	// with 404.
	Extra http.Handler
	// Record gets every request and its response, without secrets; nil records none.
	Record *record.Log
	// Logger gets internal errors; nil discards them.
	Logger *slog.Logger
}

// Gateway is an http.Handler for AWS requests. Make one with [New].
type Gateway struct {
	opts     Options
	verifier sigv4.Verifier
	cbor     *wire.CBOR
	routes   routes
	bodies   *bodyMemory
	now      func() time.Time
}

// errResponded ends an exchange whose response has been written.
var errResponded = errors.New("the response has been written")

// New returns a gateway. It fails if two services or operations have the same target,
// version or path.
func New(o Options) (*Gateway, error) {
	if o.Dispatcher == nil || o.Clock == nil || o.Chance == nil || o.Identity == nil {
		return nil, errors.New("gateway: Dispatcher, Identity, Clock and Chance are required")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Extra == nil {
		o.Extra = http.NotFoundHandler()
	}

	codec, err := wire.NewCBOR()
	if err != nil {
		return nil, err
	}

	routes, err := newRoutes(o.Dispatcher.Services)
	if err != nil {
		return nil, fmt.Errorf("route operations: %w", err)
	}
	return &Gateway{
		opts:   o,
		cbor:   codec,
		routes: routes,
		bodies: newBodyMemory(),
		now:    time.Now,
	}, nil
}

// ServeHTTP serves one request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.opts.Record == nil {
		g.serve(w, r, nil)
		return
	}
	rec, r := g.startRecording(w, r)
	defer g.finishRecording(rec)
	g.serve(rec, r, rec)
}

// serve serves a request. rec may be nil.
func (g *Gateway) serve(w http.ResponseWriter, r *http.Request, rec *recording) {
	if done := g.refuseBrowsers(w, r); done {
		return
	}

	x := &exchange{g: g, w: w, r: r}
	// recoverPanic runs before release, and can withhold a buffer from reuse.
	defer x.release()
	defer x.recoverPanic()

	if strings.HasPrefix(r.URL.Path, "/_") {
		g.opts.Extra.ServeHTTP(w, r)
		return
	}

	x.id = g.opts.Chance.UUID()
	// A response that run has written already needs no error response.
	if err := x.run(); err != nil && !errors.Is(err, errResponded) {
		x.fail(err)
	}
	if rec != nil {
		rec.describe(x)
	}
}
