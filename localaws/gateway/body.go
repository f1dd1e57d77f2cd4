package gateway

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// Limits of a request's body in bytes. The first is Lambda's for code in a
// request (50 MiB of zip in base64); the other lets 1 MiB of message in JSON's
// longest escapes through.
const (
	maxRESTBody = 69_905_067
	maxBody     = 8 << 20
)

// maxAhead is how much room is made for a body that is only announced: memory is
// for those who send.
const maxAhead = 1 << 20

// keepBuffer is the largest buffer that is kept for another request.
const keepBuffer = 256 << 10

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// limit is how long the body may be.
func (x *exchange) limit() int {
	if x.protocol == awsapi.REST {
		return maxRESTBody
	}
	return maxBody
}

// read takes the whole body in, so that it is off the wire before the answer
// goes on it, and undoes content encodings.
func (x *exchange) read() error {
	raw, err := x.readAll()
	if err != nil {
		return err
	}
	x.raw, x.body = raw, raw
	for encoding := range strings.SplitSeq(x.r.Header.Get("Content-Encoding"), ",") {
		switch strings.ToLower(strings.TrimSpace(encoding)) {
		case "", "identity":
		case "aws-chunked":
			x.body, err = unchunk(x.body)
		case "gzip":
			x.body, err = gunzip(x.body, x.limit())
		default:
			err = fmt.Errorf("content encoding %q is not supported", encoding)
		}
		if err != nil {
			return x.fault(malformedInput, "read the body: %v", err)
		}
	}
	return nil
}

func (x *exchange) readAll() ([]byte, error) {
	limit := x.limit()
	if x.r.ContentLength > int64(limit) {
		return nil, x.tooLarge(limit)
	}
	dst := []byte(nil)
	if x.protocol != awsapi.REST { // a REST payload outlives the request
		x.pool = buffers.Get().(*[]byte)
		dst = (*x.pool)[:0]
	}
	b := bytes.NewBuffer(dst)
	if n := int(x.r.ContentLength); n > 0 {
		b.Grow(min(n, maxAhead) + bytes.MinRead)
	}
	_, err := b.ReadFrom(io.LimitReader(x.r.Body, int64(limit)+1))
	if x.pool != nil {
		*x.pool = b.Bytes()
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		x.w.Header().Set("Connection", "close")
		return nil, x.fault(requestTimeout, "The body of the request did not arrive in time.")
	case err != nil:
		return nil, x.fault(malformedInput, "read the body: %v", err)
	case b.Len() > limit:
		return nil, x.tooLarge(limit)
	}
	return b.Bytes(), nil
}

func (x *exchange) tooLarge(limit int) error {
	e := x.fault(requestTooLarge, "Request must be smaller than %d bytes for the %s operation", limit, x.asked)
	x.w.Header().Set("Connection", "close")
	return e
}

// release ends the work and gives the buffer back.
func (x *exchange) release() {
	if x.working {
		x.g.opts.Clock.End()
	}
	if x.pool != nil && cap(*x.pool) <= keepBuffer {
		buffers.Put(x.pool)
	}
}

// gunzip unpacks to at most limit bytes.
func gunzip(b []byte, limit int) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(z, int64(limit)+1))
	if err == nil && len(out) > limit {
		err = fmt.Errorf("it unpacks to more than %d bytes", limit)
	}
	return out, err
}

// unchunk takes the frames of aws-chunked off: hexadecimal length, extensions
// after a semicolon, the bytes, and so on to a chunk of length 0 and trailers.
func unchunk(b []byte) ([]byte, error) {
	out := make([]byte, 0, len(b))
	for {
		head, rest, ok := bytes.Cut(b, []byte("\r\n"))
		if !ok {
			return nil, io.ErrUnexpectedEOF
		}
		size, _, _ := bytes.Cut(head, []byte(";"))
		n, err := strconv.ParseUint(string(size), 16, 31)
		if err != nil {
			return nil, fmt.Errorf("length of a chunk: %w", err)
		}
		if n == 0 {
			return out, nil
		}
		if uint64(len(rest)) < n+2 || string(rest[n:n+2]) != "\r\n" {
			return nil, io.ErrUnexpectedEOF
		}
		out, b = append(out, rest[:n]...), rest[n+2:]
	}
}

// mayHaveForm reports whether the body may hold Query parameters.
func mayHaveForm(r *http.Request) bool {
	t, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return r.Method == http.MethodPost && strings.EqualFold(strings.TrimSpace(t), "application/x-www-form-urlencoded")
}
