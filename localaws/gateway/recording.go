package gateway

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/gateway/record"
)

// recording is one exchange that is written down as it passes. It stands between
// the client and whatever answers.
type recording struct {
	http.ResponseWriter
	exchange record.Exchange
	in       beginning
	out      bytes.Buffer
	whole    []byte // the body, once it was read whole; nil before
}

// maxRecorded is how much of a body is kept for the recording before it is known who
// has sent it, in bytes.
const maxRecorded = 1 << 20

// beginning is a buffer that keeps the first maxRecorded bytes.
type beginning struct {
	bytes.Buffer
	truncated bool
}

// Write keeps what there is room for, and never fails.
func (b *beginning) Write(p []byte) (int, error) {
	room := maxRecorded - b.Len()
	if len(p) > room {
		b.truncated = true
		b.Buffer.Write(p[:room])
		return len(p), nil
	}
	return b.Buffer.Write(p)
}

// record begins to write an exchange down.
func (g *Gateway) record(w http.ResponseWriter, r *http.Request) (*recording, *http.Request) {
	rec := &recording{ResponseWriter: w, exchange: record.Exchange{
		Began: g.now(), ServiceTime: g.opts.Clock.Now(), Method: r.Method, Target: r.URL.RequestURI(),
		Request: record.Part{Header: r.Header.Clone()},
		// Paths of our own have no secrets in their bodies.
		Readable: strings.HasPrefix(r.URL.Path, "/_"),
	}}
	r = r.WithContext(r.Context()) // whose body may be another than the server's
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.TeeReader(r.Body, &rec.in), r.Body}
	return rec, r
}

// knows adds what the gateway has found out about the request.
func (rec *recording) knows(x *exchange) {
	e := &rec.exchange
	e.RequestID, e.Operation, e.Readable = x.id, x.asked, x.operation != nil
	switch {
	case x.service != nil:
		e.Service = x.service.Name
	case x.sig != nil:
		e.Service = x.sig.Service
	}
	if x.body != nil {
		rec.whole = bytes.Clone(x.body) // content encodings are off; the buffer is used again
	}
}

// finish writes the exchange down.
func (g *Gateway) finish(rec *recording) {
	e := &rec.exchange
	e.Took = time.Since(e.Began)
	e.Request.Body, e.Request.Truncated, e.Answer.Body = rec.in.Bytes(), rec.in.truncated, rec.out.Bytes()
	if rec.whole != nil {
		e.Request.Body, e.Request.Truncated = rec.whole, false
	}
	e.Answer.Header = rec.Header().Clone()
	if err := g.opts.Record.Write(e); err != nil {
		g.opts.Logger.Error("record an exchange", "request", e.RequestID, "error", err)
	}
}

// WriteHeader passes the status on. The first counts.
func (rec *recording) WriteHeader(status int) {
	if rec.exchange.Status == 0 {
		rec.exchange.Status = status
	}
	rec.ResponseWriter.WriteHeader(status)
}

// Write passes a part of the answer on.
func (rec *recording) Write(b []byte) (int, error) {
	if rec.exchange.Status == 0 {
		rec.exchange.Status = http.StatusOK
	}
	rec.out.Write(b)
	return rec.ResponseWriter.Write(b)
}

// Unwrap is what http.ResponseController looks for.
func (rec *recording) Unwrap() http.ResponseWriter { return rec.ResponseWriter }
