package localaws

import (
	"container/list"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Defaults of Limits.
const (
	// DefaultConnections is the number of simultaneous connections.
	DefaultConnections = 1024
	// DefaultHeaderBytes is the length of the header of a request.
	DefaultHeaderBytes = 64 << 10
	// DefaultHeaderTime is how long the header of a request may take to arrive.
	DefaultHeaderTime = 10 * time.Second
	// DefaultReadTime is how long a whole request may take to arrive.
	DefaultReadTime = time.Minute
	// DefaultWriteTime is how long a client may take to accept a part of its response.
	DefaultWriteTime = time.Minute
	// DefaultIdleTime is how long a connection may be idle between requests.
	DefaultIdleTime = 2 * time.Minute
)

// Limits bound the resources that one client, or all of them together, can take of a
// server that listens. A zero field means its default. Bodies have fixed limits: 70 MB
// for the zip of a function, 8 MiB for everything else.
//
// All times are machine time. None of them bounds the time that an operation takes,
// such as a long poll or an invocation.
type Limits struct {
	// Connections is the number of simultaneous connections. Further clients take the
	// place of the connection that has been idle longest, or wait until one is idle
	// or ends. Default [DefaultConnections]; fewer where the process may have
	// only few file descriptors.
	Connections int
	// HeaderBytes is about how long the header of a request may be: a longer one is
	// refused with status 431. Default [DefaultHeaderBytes].
	HeaderBytes int
	// HeaderTime is how long it may take to arrive. Default [DefaultHeaderTime].
	HeaderTime time.Duration
	// ReadTime is how long header and body together may take to arrive. Default
	// [DefaultReadTime].
	ReadTime time.Duration
	// WriteTime is how long a client may take to accept a part of its response.
	// Default [DefaultWriteTime].
	WriteTime time.Duration
	// IdleTime is how long a connection may be idle between requests. Default
	// [DefaultIdleTime].
	IdleTime time.Duration
}

// withDefaults returns the limits with defaults for zero fields.
func (l Limits) withDefaults() Limits {
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}

	set(&l.HeaderTime, DefaultHeaderTime)
	set(&l.ReadTime, DefaultReadTime)
	set(&l.WriteTime, DefaultWriteTime)
	set(&l.IdleTime, DefaultIdleTime)
	if l.Connections <= 0 {
		l.Connections = DefaultConnections
	}
	if l.HeaderBytes <= 0 {
		l.HeaderBytes = DefaultHeaderBytes
	}
	return l
}

const (
	// reservedDescriptors are for the store, its reserve, and short-lived files.
	reservedDescriptors = 128
	// minConnections are allowed however few descriptors there are.
	minConnections = 16
)

// within returns the limits with the connections bounded by the file descriptors that
// the process may have: half of what the store leaves, because each execution
// environment needs some of the rest. 0 descriptors means unknown.
func (l Limits) within(descriptors int) Limits {
	if descriptors > 0 {
		l.Connections = min(l.Connections, max((descriptors-reservedDescriptors)/2, minConnections))
	}
	return l
}

// server returns the HTTP server. It has no WriteTimeout, which would end long polls
// and long invocations: see [connection.Write].
func (l Limits) server(h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           readWithin(h),
		ReadHeaderTimeout: l.HeaderTime,
		ReadTimeout:       l.ReadTime,
		IdleTimeout:       l.IdleTime,
		MaxHeaderBytes:    l.HeaderBytes,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}

// readWithin returns a handler that removes the read deadline once a request has been
// read: otherwise the HTTP server would take the deadline for the end of the
// connection, and cancel the operation. Until then the deadline holds, also for a body
// that is not read.
func readWithin(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength == 0 {
			removeReadDeadline(w)
		} else {
			r.Body = &deadlineBody{
				ReadCloser: r.Body,
				left:       r.ContentLength,
				response:   w,
			}
		}
		h.ServeHTTP(w, r)
	})
}

func removeReadDeadline(w http.ResponseWriter) {
	// It fails where there is no connection, and so no deadline.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
}

// deadlineBody is the body of a request that is read until a deadline.
type deadlineBody struct {
	io.ReadCloser
	left     int64               // bytes to read; negative if the number is unknown
	response http.ResponseWriter // nil once the deadline is removed
}

// Read reads, and removes the deadline at the end of the body.
func (d *deadlineBody) Read(b []byte) (int, error) {
	n, err := d.ReadCloser.Read(b)
	known := d.left >= 0
	d.left -= int64(n)
	if d.response != nil && (err == io.EOF || known && d.left <= 0) {
		removeReadDeadline(d.response)
		d.response = nil
	}
	return n, err
}

// listen returns a listener that bounds the connections that it accepts.
func (l Limits) listen(on net.Listener) *listener {
	return &listener{
		Listener:  on,
		slots:     make(chan struct{}, l.Connections),
		done:      make(chan struct{}),
		writeTime: l.WriteTime,
		idle:      list.New(),
		wentIdle:  make(chan struct{}, 1),
	}
}
