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

// exchange is one request and its response.
type exchange struct {
	g  *Gateway
	w  http.ResponseWriter
	r  *http.Request
	id string // the request id

	raw           []byte  // the body as it was sent, which the signature covers
	body          []byte  // the body without content encodings
	pooled        *[]byte // the buffer of raw, if it is from the pool
	releaseMemory func()  // releases the memory that is reserved for the body; may be nil

	working   bool // the clock counts it as work
	responded bool // the response has begun

	sig    *sigv4.Signature // nil if there is none that can be read
	sigErr error
	key    awsapi.Credential // of sig, after checkCredential

	protocol      awsapi.Protocol
	service       *awsapi.Service   // nil until it is known
	operation     *awsapi.Operation // nil until it is known
	operationName string            // as the request has it
	path          map[string]string // the path's {Name} parts
	form          url.Values        // Query parameters
	call          awsapi.Call
}

// run performs the request and writes its response, or returns why it failed.
//
// The caller is authenticated in two steps. What headers alone show is checked before
// the body is read, so that only a caller with a known key can have a large body
// buffered; the signature, which covers the body, is checked after it. An operation
// that does not exist is reported first, to every caller, as AWS does.
func (x *exchange) run() error {
	x.sig, x.sigErr = sigv4.Parse(x.r)
	if err := x.route(); err != nil {
		return err
	}
	if x.protocol != awsapi.Query {
		if err := x.findOperation(); err != nil {
			return err
		}
	}

	credentialErr := x.checkCredential()
	if credentialErr != nil && x.protocol != awsapi.Query {
		x.drain()
		return credentialErr
	}

	// The parameters of the Query protocol, including the operation's name, are in the
	// body. The clock counts the request as work only from here on: a slow client must
	// not hold service time.
	if err := x.read(credentialErr == nil); err != nil {
		return err
	}

	x.beginWork()
	if x.protocol == awsapi.Query {
		if err := x.findOperation(); err != nil {
			return err
		}
		if err := x.checkCredential(); err != nil { // again: now the service is known
			return err
		}
	}

	caller, err := x.authenticate()
	if err != nil {
		return err
	}

	x.releaseBody()
	if err := x.checkMethod(); err != nil {
		return err
	}

	// Permissions depend on the input.
	x.call = x.newCall(caller)
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
		panic(http.ErrAbortHandler) // closes the connection
	case errors.Is(err, awsapi.ErrExpiredCredential):
		return x.newError(expiredToken, "%s", awsapi.ErrExpiredCredential.Message)
	case err != nil:
		return err
	}

	return x.respond(out)
}

// checkMethod refuses a GET that would change something, if authentication is off and
// the GET has no Authorization header: a link or an image in a web page sends such
// requests, and browsers do not add Origin to them. The signature of a presigned
// address does not matter, because it is not verified.
func (x *exchange) checkMethod() error {
	safe := x.r.Method == http.MethodGet || x.r.Method == http.MethodHead
	if !x.g.opts.NoAuth || !safe || x.r.Header.Get("Authorization") != "" || x.operation.ReadOnly() {
		return nil
	}
	return x.newError(accessDenied, "An unsigned %s request cannot call %s, which changes something; use POST.", x.r.Method, x.operationName)
}

// beginWork makes the clock count the request as work, until release.
func (x *exchange) beginWork() {
	x.working = true
	x.g.opts.Clock.Begin()
}

// newCall returns the call that the operation sees.
func (x *exchange) newCall(caller awsapi.Caller) awsapi.Call {
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

	return awsapi.Call{
		Caller:    caller,
		Account:   caller.Account,
		Region:    region,
		RequestID: x.id,
		Endpoint:  scheme + x.r.Host,
		Protocol:  x.protocol,
		Trace:     x.r.Header.Get("X-Amzn-Trace-Id"),
		SourceIP:  ip,
		UserAgent: x.r.UserAgent(),
		Secure:    true,
		Path:      x.r.URL.Path,
		Header:    x.r.Header,
	}
}

// decode reads the operation's input.
func (x *exchange) decode(in any) error {
	switch x.protocol {
	case awsapi.Query:
		return wire.Query{Flattened: x.service.Flattened}.Decode(x.form, in)
	case awsapi.REST:
		return wire.DecodeREST(wire.Request{
			Path:   x.path,
			Query:  x.r.URL.Query(),
			Header: x.r.Header,
			Body:   x.body,
		}, in)
	case awsapi.CBOR:
		return x.g.cbor.Decode(x.body, in)
	default:
		return wire.DecodeJSON(x.body, in)
	}
}
