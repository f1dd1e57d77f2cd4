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

// Options says what a gateway leads to.
type Options struct {
	// Dispatcher holds the services and decides on permissions.
	Dispatcher *awsapi.Dispatcher
	// Identity finds the credential of an access key id.
	Identity func(accessKey string) (awsapi.Credential, bool)
	// Clock is told of every request for as long as it is answered.
	Clock *clock.Clock
	// Chance yields request ids.
	Chance *chance.Source
	// Account is the 12-digit account of callers who name none.
	Account string
	// Region is the region of requests that name none.
	Region string
	// NoAuth lets everyone in as an administrator. An access key of 12 digits
	// then chooses the account.
	NoAuth bool
	// Hosts are further hosts, in lower case and without a port, under which the
	// endpoint may be called over a socket, apart from 127.0.0.0/8, ::1 and localhost.
	Hosts []string
	// Origins are web origins, such as http://127.0.0.1:8080, whose pages may
	// call the endpoint; they alone get CORS headers.
	Origins []string
	// Extra answers paths that begin with /_, which no AWS service has; nil
	// answers 404.
	Extra http.Handler
	// Record gets every request and its answer, without secrets; nil keeps none.
	Record *record.Log
	// Logger gets what goes wrong inside; nil discards.
	Logger *slog.Logger
}

// Gateway is an http.Handler that answers AWS requests. Make it with [New].
type Gateway struct {
	opts     Options
	verifier sigv4.Verifier
	cbor     *wire.CBOR
	routes   routes
	intake   *intake
	now      func() time.Time
}

// errAnswered ends an exchange that was answered on its way.
var errAnswered = errors.New("already answered")

// New makes a gateway. It refuses services whose tables contradict each other.
func New(o Options) (*Gateway, error) {
	if o.Dispatcher == nil || o.Clock == nil || o.Chance == nil || o.Identity == nil {
		return nil, errors.New("gateway: Dispatcher, Identity, Clock and Chance must be given")
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
		return nil, fmt.Errorf("bind operations: %w", err)
	}
	return &Gateway{opts: o, cbor: codec, routes: routes, intake: newIntake(), now: time.Now}, nil
}

// ServeHTTP answers one request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.opts.Record == nil {
		g.serve(w, r, nil)
		return
	}
	rec, r := g.record(w, r)
	defer g.finish(rec)
	g.serve(rec, r, rec)
}

// serve answers a request, and tells rec, where there is one, what it is about.
func (g *Gateway) serve(w http.ResponseWriter, r *http.Request, rec *recording) {
	if done := g.guard(w, r); done {
		return
	}
	x := &exchange{g: g, w: w, r: r}
	defer x.release()
	defer x.rescue()
	if strings.HasPrefix(r.URL.Path, "/_") {
		g.opts.Extra.ServeHTTP(w, r)
		return
	}
	x.id = g.opts.Chance.UUID()
	if err := x.run(); err != nil && !errors.Is(err, errAnswered) {
		x.fail(err)
	}
	if rec != nil {
		rec.knows(x)
	}
}
