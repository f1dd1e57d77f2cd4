package gateway

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// Transport returns a transport for HTTP clients that calls a handler without a socket.
// The handler runs in the caller's goroutine, so that it works inside a
// testing/synctest bubble. It can end early by the request's context. The client gets
// the response when it is complete.
func Transport(h http.Handler) http.RoundTripper { return transport{h} }

type transport struct{ handler http.Handler }

// RoundTrip serves a client's request.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	body := []byte(nil)
	if r.Body != nil {
		var err error
		body, err = io.ReadAll(r.Body)
		r.Body.Close() // the body was read to its end, or err is set
		if err != nil {
			return nil, fmt.Errorf("read the body of the request: %w", err)
		}
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}

	// A request as an HTTP server would pass it to the handler.
	in := r.Clone(markInProcess(r.Context()))
	in.Body = io.NopCloser(bytes.NewReader(body))
	in.ContentLength = int64(len(body))
	in.RequestURI = r.URL.RequestURI()
	in.RemoteAddr = "127.0.0.1:0"
	in.Proto = "HTTP/1.1"
	in.ProtoMajor = 1
	in.ProtoMinor = 1
	if in.Host == "" {
		in.Host = r.URL.Host
	}

	rec := &recorder{header: http.Header{}}
	if err := t.serve(rec, in); err != nil {
		return nil, err
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return rec.response(r), nil
}

// serve calls the handler. A handler panics with http.ErrAbortHandler to close the
// connection without a response; the client then gets io.ErrUnexpectedEOF, as over HTTP.
func (t transport) serve(rec *recorder, in *http.Request) (err error) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			err = fmt.Errorf("read the response: %w", io.ErrUnexpectedEOF)
		default:
			panic(v)
		}
	}()

	t.handler.ServeHTTP(rec, in)
	return nil
}

// recorder is a response writer that stores the response.
type recorder struct {
	header http.Header
	sent   http.Header // a copy from the time when the status was set
	status int
	body   bytes.Buffer
}

// Header returns the response's header.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader sets the status. Later calls have no effect, as on a socket.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
		r.sent = r.header.Clone()
	}
}

// Write adds to the body.
func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

func (r *recorder) response(in *http.Request) *http.Response {
	r.WriteHeader(http.StatusOK)
	return &http.Response{
		Status:        strconv.Itoa(r.status) + " " + http.StatusText(r.status),
		StatusCode:    r.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        r.sent,
		Body:          io.NopCloser(&r.body),
		ContentLength: int64(r.body.Len()),
		Request:       in,
	}
}
