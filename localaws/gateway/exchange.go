package gateway

import (
	"errors"
	"net"
	"net/http"
	"net/url"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/gateway/sigv4"
	"github.com/reliableq/reliableq/localaws/gateway/wire"
)

// exchange is one request on its way to an answer.
type exchange struct {
	g  *Gateway
	w  http.ResponseWriter
	r  *http.Request
	id string

	raw  []byte // the body as it came, which the signature covers
	body []byte // the body without content encodings
	pool *[]byte

	reserved func() // gives back the place that reading the body takes; may be nil

	working  bool // the clock knows of it
	answered bool // the answer has begun

	sig    *sigv4.Signature // nil when there is none that can be read
	sigErr error
	key    awsapi.Credential // of sig, once claim has found it

	protocol  awsapi.Protocol
	service   *awsapi.Service   // nil until it is known
	operation *awsapi.Operation // nil until it is known
	asked     string            // the operation's name as the request has it
	path      map[string]string // the path's {Name} parts
	form      url.Values        // Query parameters
	call      awsapi.Call
}

// run performs the request and writes its response, or returns why it failed.
//
// Who calls is checked in two steps. What headers alone tell comes before the body
// is read, so that nobody can have a large body buffered without a known key; the
// signature, which covers the body, comes after it. An operation that does not
// exist is reported first, to anybody, as AWS does.
func (x *exchange) run() error {
	x.sig, x.sigErr = sigv4.Parse(x.r)
	if err := x.find(); err != nil {
		return err
	}
	if x.protocol != awsapi.Query {
		if err := x.bindOperation(); err != nil {
			return err
		}
	}

	claimErr := x.claim()
	if claimErr != nil && x.protocol != awsapi.Query {
		x.drain()
		return claimErr
	}

	// The parameters of the Query protocol, the operation's name among them, are in
	// the body.
	if err := x.read(claimErr == nil); err != nil {
		return err
	}
	x.begin() // and not before: a slow client must not hold service time
	if x.protocol == awsapi.Query {
		if err := x.bindOperation(); err != nil {
			return err
		}
		if err := x.claim(); err != nil { // again: now the service is known
			return err
		}
	}

	caller, err := x.identify()
	if err != nil {
		return err
	}
	x.releaseIntake()
	if err := x.checkMethod(); err != nil {
		return err
	}

	x.describe(caller)
	in := x.operation.New()
	if err := x.decode(in); err != nil {
		return err
	}
	ctx := x.r.Context()
	if err := x.g.opts.Dispatcher.Allow(ctx, &x.call, x.operation, in); err != nil {
		return x.denied(err)
	}

	out, err := x.g.opts.Dispatcher.Perform(ctx, &x.call, x.service.Name, x.operation, in)
	switch {
	case errors.Is(err, awsapi.ErrResponseLost):
		panic(http.ErrAbortHandler) // cuts the connection
	case errors.Is(err, awsapi.ErrExpiredCredential):
		return x.fault(expiredToken, "%s", awsapi.ErrExpiredCredential.Message)
	case err != nil:
		return err
	}
	return x.answer(out)
}

// checkMethod refuses a GET that would change something, where authentication is
// off and the GET bears no Authorization header: a link or an image in a web page
// sends such requests, and browsers leave Origin out of them. The signature of a
// presigned address does not help, because nobody has verified it.
func (x *exchange) checkMethod() error {
	safe := x.r.Method == http.MethodGet || x.r.Method == http.MethodHead
	if !x.g.opts.NoAuth || !safe || x.r.Header.Get("Authorization") != "" || x.operation.ReadOnly() {
		return nil
	}
	return x.fault(accessDenied, "An unsigned %s request cannot call %s, which changes something; use POST.", x.r.Method, x.asked)
}

// begin tells the clock that work is under way, until release.
func (x *exchange) begin() {
	x.working = true
	x.g.opts.Clock.Begin()
}

// describe fills the call that the operation sees.
func (x *exchange) describe(caller awsapi.Caller) {
	region := x.g.opts.Region
	if x.sig != nil {
		region = x.sig.Region
	}
	ip, _, err := net.SplitHostPort(x.r.RemoteAddr)
	if err != nil {
		ip = ""
	}
	scheme := "http://"
	if x.r.TLS != nil {
		scheme = "https://"
	}
	x.call = awsapi.Call{
		Caller: caller, Account: caller.Account, Region: region,
		RequestID: x.id, Endpoint: scheme + x.r.Host, Protocol: x.protocol,
		Trace: x.r.Header.Get("X-Amzn-Trace-Id"), SourceIP: ip, UserAgent: x.r.UserAgent(),
		Secure: true, Path: x.r.URL.Path, Header: x.r.Header,
	}
}

// decode reads the operation's input.
func (x *exchange) decode(in any) error {
	switch x.protocol {
	case awsapi.Query:
		return wire.Query{Flattened: x.service.Flattened}.Decode(x.form, in)
	case awsapi.REST:
		return wire.DecodeREST(wire.Request{Path: x.path, Query: x.r.URL.Query(), Header: x.r.Header, Body: x.body}, in)
	case awsapi.CBOR:
		return x.g.cbor.Decode(x.body, in)
	default:
		return wire.DecodeJSON(x.body, in)
	}
}
