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

// read reads the whole body, so that it is off the wire before the response goes
// onto it, and undoes content encodings. What it may take of memory depends on
// whether the caller's key is known.
func (x *exchange) read(known bool) error {
	limit := x.limit()
	if !known {
		limit = maxStranger
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
	x.raw, x.body = raw, raw
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
			return x.fault(malformedInput, "read the body: %v", err)
		}
	}
	return nil
}

// reserve takes a place in the memory that bodies may take before their signature
// is verified. A caller without a known key who finds none is refused at once.
func (x *exchange) reserve(known bool, limit int) error {
	if !known {
		if x.r.ContentLength > maxStranger {
			x.drain()
			return x.claim()
		}
		if !x.g.intake.enterStranger() {
			x.w.Header().Set("Connection", "close")
			return x.claim()
		}
		x.reserved = x.g.intake.leaveStranger
		return nil
	}

	size := limit
	if n := x.r.ContentLength; n >= 0 {
		size = int(n)
	}
	release, err := x.g.intake.reserve(x.r.Context(), size)
	if err != nil {
		x.w.Header().Set("Connection", "close")
		return x.fault(requestTimeout, "Too many large requests are being read. Try again.")
	}
	x.reserved = release
	return nil
}

// releaseIntake gives back the place that reading the body took. It may be called
// more than once.
func (x *exchange) releaseIntake() {
	if x.reserved != nil {
		x.reserved()
		x.reserved = nil
	}
}

// drain reads the body and forgets it, for a short time at most, so that a client
// that is refused sees the response in place of a broken connection.
func (x *exchange) drain() {
	if x.r.ContentLength == 0 {
		return
	}
	// It fails where there is no connection: then there is nothing to wait for.
	_ = http.NewResponseController(x.w).SetReadDeadline(time.Now().Add(drainTime))
	n, err := io.Copy(io.Discard, io.LimitReader(x.r.Body, int64(x.limit())+1))
	if err != nil || n > int64(x.limit()) {
		x.w.Header().Set("Connection", "close")
	}
}

// readAll reads a body of at most limit bytes.
func (x *exchange) readAll(limit int) ([]byte, error) {
	dst := []byte(nil)
	if x.protocol != awsapi.REST { // a REST payload outlives the request
		x.pool = buffers.Get().(*[]byte)
		dst = (*x.pool)[:0]
	}
	b := bytes.NewBuffer(dst)
	body := io.LimitReader(x.r.Body, int64(limit)+1)

	// Room for the whole body is made once a part of it has arrived.
	announced := int(max(x.r.ContentLength, 0))
	b.Grow(min(announced, maxAhead) + bytes.MinRead)
	_, err := b.ReadFrom(io.LimitReader(body, maxAhead))
	if err == nil && b.Len() == maxAhead {
		if rest := min(announced, limit) - b.Len(); rest > 0 {
			b.Grow(rest + bytes.MinRead)
		}
		_, err = b.ReadFrom(body)
	}

	if x.pool != nil {
		*x.pool = b.Bytes()
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		x.w.Header().Set("Connection", "close")
		return nil, x.fault(requestTimeout, "The body of the request did not arrive in time.")
	case err != nil:
		return nil, x.fault(malformedInput, "read the body: %v", err)
	case b.Len() > limit && limit == maxStranger:
		x.drain()
		return nil, x.claim()
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
	x.releaseIntake()
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
