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
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// Limits of a request's body in bytes. The first is Lambda's for code in a request
// (50 MiB of zip in base64); the other permits a message of 1 MiB in which JSON escapes
// every character.
const (
	maxRESTBody = 69_905_067
	maxBody     = 8 << 20
)

// maxAhead is how much memory is allocated, in bytes, before a body arrives: its
// announced length may be false.
const maxAhead = 1 << 20

// maxPooledBuffer is the largest buffer that is reused for another request, in bytes.
const maxPooledBuffer = 256 << 10

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// limit returns the longest body of the protocol, in bytes.
func (x *exchange) limit() int {
	if x.protocol == awsapi.REST {
		return maxRESTBody
	}
	return maxBody
}

// read reads the whole body before the response begins, and decodes content encodings.
// How much memory it may take depends on whether the caller's key is known.
func (x *exchange) read(known bool) error {
	limit := x.limit()
	if !known {
		limit = maxUnknownBody
	}
	if x.r.ContentLength > int64(x.limit()) {
		return x.tooLarge(x.limit())
	}
	if err := x.reserve(known, limit); err != nil {
		return err
	}

	raw, err := x.readAll(limit)
	if err != nil {
		return err
	}

	x.raw = raw
	x.body = raw
	for encoding := range strings.SplitSeq(x.r.Header.Get("Content-Encoding"), ",") {
		switch strings.ToLower(strings.TrimSpace(encoding)) {
		case "", "identity":
		case "aws-chunked":
			x.body, err = unchunk(x.body)
		case "gzip":
			x.body, err = gunzip(x.body, limit)
		default:
			err = fmt.Errorf("content encoding %q is not supported", encoding)
		}
		if err != nil {
			return x.newError(malformedInput, "read the body: %v", err)
		}
	}

	return nil
}

// reserve reserves the memory that a body takes until its signature is verified. A
// caller without a known key is refused at once if there is none.
func (x *exchange) reserve(known bool, limit int) error {
	if !known {
		// checkCredential has failed before this, and fails again: its error is the
		// response.
		if x.r.ContentLength > maxUnknownBody {
			x.drain()
			return x.checkCredential()
		}
		if !x.g.bodies.reserveUnknown() {
			x.w.Header().Set("Connection", "close")
			return x.checkCredential()
		}
		x.releaseMemory = x.g.bodies.releaseUnknown
		return nil
	}

	size := limit
	if n := x.r.ContentLength; n >= 0 {
		size = int(n)
	}

	release, err := x.g.bodies.reserve(x.r.Context(), size)
	if err != nil {
		x.w.Header().Set("Connection", "close")
		return x.newError(requestTimeout, "Too many large requests are being read. Try again.")
	}

	x.releaseMemory = release
	return nil
}

// releaseBody releases the memory that is reserved for the body. It can be called more
// than once.
func (x *exchange) releaseBody() {
	if x.releaseMemory != nil {
		x.releaseMemory()
		x.releaseMemory = nil
	}
}

// drain reads and discards the body, for a short time at most, so that a client whose
// request is refused gets the response and not a broken connection.
func (x *exchange) drain() {
	if x.r.ContentLength == 0 {
		return
	}
	// It fails where there is no connection, and so nothing to wait for.
	_ = http.NewResponseController(x.w).SetReadDeadline(time.Now().Add(drainTimeout))
	n, err := io.Copy(io.Discard, io.LimitReader(x.r.Body, int64(x.limit())+1))
	if err != nil || n > int64(x.limit()) {
		x.w.Header().Set("Connection", "close")
	}
}

// readAll reads a body of at most limit bytes.
func (x *exchange) readAll(limit int) ([]byte, error) {
	// The payload of a REST request may be used after the request: it is not pooled.
	dst := []byte(nil)
	if x.protocol != awsapi.REST {
		x.pooled = buffers.Get().(*[]byte)
		dst = (*x.pooled)[:0]
	}

	b := bytes.NewBuffer(dst)
	body := io.LimitReader(x.r.Body, int64(limit)+1)

	// Memory for the whole body is allocated once a part of it has arrived.
	announced := int(max(x.r.ContentLength, 0))
	b.Grow(min(announced, maxAhead) + bytes.MinRead)
	_, err := b.ReadFrom(io.LimitReader(body, maxAhead))
	if err == nil && b.Len() == maxAhead {
		if rest := min(announced, limit) - b.Len(); rest > 0 {
			b.Grow(rest + bytes.MinRead)
		}
		_, err = b.ReadFrom(body)
	}

	if x.pooled != nil {
		*x.pooled = b.Bytes()
	}

	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		x.w.Header().Set("Connection", "close")
		return nil, x.newError(requestTimeout, "The body of the request did not arrive in time.")
	case err != nil:
		return nil, x.newError(malformedInput, "read the body: %v", err)
	case b.Len() > limit && limit == maxUnknownBody:
		x.drain()
		return nil, x.checkCredential()
	case b.Len() > limit:
		return nil, x.tooLarge(limit)
	}

	return b.Bytes(), nil
}

func (x *exchange) tooLarge(limit int) error {
	// The rest of the body is not read: the connection cannot be used again.
	x.w.Header().Set("Connection", "close")
	return x.newError(requestTooLarge, "Request must be smaller than %d bytes for the %s operation", limit, x.operationName)
}

// release ends the exchange: its work, its reserved memory and its buffer.
func (x *exchange) release() {
	x.releaseBody()
	if x.working {
		x.g.opts.Clock.End()
	}
	if x.pooled != nil && cap(*x.pooled) <= maxPooledBuffer {
		buffers.Put(x.pooled)
	}
}

// gunzip returns the unpacked bytes, at most limit of them.
func gunzip(b []byte, limit int) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(z, int64(limit)+1))
	if err == nil && len(out) > limit {
		err = fmt.Errorf("more than %d bytes unpacked", limit)
	}
	return out, err
}

// unchunk decodes aws-chunked: for each chunk a hexadecimal length, extensions after a
// semicolon, and the bytes; at the end a chunk of length 0 and trailers.
func unchunk(b []byte) ([]byte, error) {
	out := make([]byte, 0, len(b))
	for {
		head, rest, ok := bytes.Cut(b, []byte("\r\n"))
		if !ok {
			return nil, io.ErrUnexpectedEOF
		}

		size, _, _ := bytes.Cut(head, []byte(";")) // extensions have no meaning here
		n, err := strconv.ParseUint(string(size), 16, 31)
		if err != nil {
			return nil, fmt.Errorf("read the length of a chunk: %w", err)
		}
		if n == 0 {
			return out, nil
		}

		if uint64(len(rest)) < n+2 || string(rest[n:n+2]) != "\r\n" {
			return nil, io.ErrUnexpectedEOF
		}

		out = append(out, rest[:n]...)
		b = rest[n+2:]
	}
}

// mayHaveForm reports whether the body may hold Query parameters.
func mayHaveForm(r *http.Request) bool {
	t, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return r.Method == http.MethodPost && strings.EqualFold(strings.TrimSpace(t), "application/x-www-form-urlencoded")
}
