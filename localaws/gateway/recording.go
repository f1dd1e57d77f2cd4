package gateway

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/gateway/record"
)

// recording copies one exchange for the record. It wraps the response writer.
type recording struct {
	http.ResponseWriter
	exchange record.Exchange
	in       limitedBuffer // of the body while it is read
	out      bytes.Buffer
	whole    []byte // the decoded body, after it was read completely; nil before
}

// maxRecorded is how much of a body is copied before its sender is authenticated, in
// bytes.
const maxRecorded = 1 << 20

// limitedBuffer is a buffer of at most maxRecorded bytes.
type limitedBuffer struct {
	bytes.Buffer
	truncated bool
}

// Write appends what fits, and never fails.
func (b *limitedBuffer) Write(p []byte) (int, error) {
	room := maxRecorded - b.Len()
	if len(p) > room {
		b.truncated = true
		b.Buffer.Write(p[:room])
		return len(p), nil
	}
	return b.Buffer.Write(p)
}

// startRecording returns a recording of a request, and the request to serve.
func (g *Gateway) startRecording(w http.ResponseWriter, r *http.Request) (*recording, *http.Request) {
	rec := &recording{ResponseWriter: w, exchange: record.Exchange{
		Began:       g.now(),
		ServiceTime: g.opts.Clock.Now(),
		Method:      r.Method,
		Target:      r.URL.RequestURI(),
		Request:     record.Part{Header: r.Header.Clone()},
		// Paths that are not AWS's have no secrets in their bodies.
		SecretsKnown: strings.HasPrefix(r.URL.Path, "/_"),
	}}

	r = r.WithContext(r.Context()) // a copy: its body is replaced
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.TeeReader(r.Body, &rec.in), r.Body}
	return rec, r
}

// describe adds the service and operation that the gateway has found.
func (rec *recording) describe(x *exchange) {
	e := &rec.exchange
	e.RequestID = x.id
	e.Operation = x.operationName
	e.SecretsKnown = x.operation != nil
	switch {
	case x.service != nil:
		e.Service = x.service.Name
	case x.sig != nil:
		e.Service = x.sig.Service
	}

	if x.body != nil {
		rec.whole = bytes.Clone(x.body) // without content encodings; its buffer will be reused
	}
}

// finishRecording writes the exchange to the record.
func (g *Gateway) finishRecording(rec *recording) {
	e := &rec.exchange
	e.Took = time.Since(e.Began)
	e.Request.Body = rec.in.Bytes()
	e.Request.Truncated = rec.in.truncated
	if rec.whole != nil {
		e.Request.Body = rec.whole
		e.Request.Truncated = false
	}

	e.Response.Body = rec.out.Bytes()
	e.Response.Header = rec.Header().Clone()
	if err := g.opts.Record.Write(e); err != nil {
		g.opts.Logger.Error("cannot record a request", "request_id", e.RequestID, "error", err)
	}
}

// WriteHeader forwards the status. Only the first call sets it.
func (rec *recording) WriteHeader(status int) {
	if rec.exchange.Status == 0 {
		rec.exchange.Status = status
	}
	rec.ResponseWriter.WriteHeader(status)
}

// Write forwards a part of the response.
func (rec *recording) Write(b []byte) (int, error) {
	if rec.exchange.Status == 0 {
		rec.exchange.Status = http.StatusOK
	}
	rec.out.Write(b)
	return rec.ResponseWriter.Write(b)
}

// Unwrap returns the response writer, for http.ResponseController.
func (rec *recording) Unwrap() http.ResponseWriter { return rec.ResponseWriter }
