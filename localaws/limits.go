package localaws

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// What clients that connect may take where Options name no limit.
const (
	// DefaultConnections is how many connections there may be at a time.
	DefaultConnections = 1024
	// DefaultHeaderBytes is how long the header of a request may be.
	DefaultHeaderBytes = 64 << 10
	// DefaultHeaderTime is how long the header of a request may take to arrive.
	DefaultHeaderTime = 10 * time.Second
	// DefaultReadTime is how long a whole request may take to arrive.
	DefaultReadTime = time.Minute
	// DefaultWriteTime is how long a client may keep a piece of its answer waiting.
	DefaultWriteTime = time.Minute
	// DefaultIdleTime is how long a connection may lie between requests.
	DefaultIdleTime = 2 * time.Minute
)

// Limits bound what one client, or all of them together, may take of a server that
// listens. A field that is zero has its default. Bodies have limits of their own:
// 70 MB for the zip of a function, 8 MiB for everything else.
//
// All times are the machine's. None of them bounds the time that an operation
// takes: a long poll waits, and a function runs, as long as each may.
type Limits struct {
	// Connections is how many there may be at a time; further clients wait until
	// one ends. Default [DefaultConnections]. Where the process may have few file
	// descriptors, connections take only a part of them.
	Connections int
	// HeaderBytes is how long the header of a request may be, about: a longer one
	// answers status 431. Default [DefaultHeaderBytes].
	HeaderBytes int
	// HeaderTime is how long it may take to arrive. Default [DefaultHeaderTime].
	HeaderTime time.Duration
	// ReadTime is how long header and body together may take to arrive. Default
	// [DefaultReadTime].
	ReadTime time.Duration
	// WriteTime is how long a client may take to accept a piece of its answer.
	// Default [DefaultWriteTime].
	WriteTime time.Duration
	// IdleTime is how long a connection may lie between requests. Default
	// [DefaultIdleTime].
	IdleTime time.Duration
}

// withDefaults fills what is not set.
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
	// keptDescriptors are left for the store, its reserve, and files in passing.
	keptDescriptors = 128
	// fewestConnections are allowed however few descriptors there are.
	fewestConnections = 16
)

// within bounds the connections by the file descriptors that the process may have:
// half of what the store leaves, because functions need the rest, some for each
// environment.
func (l Limits) within(descriptors int) Limits {
	if descriptors > 0 {
		l.Connections = min(l.Connections, max((descriptors-keptDescriptors)/2, fewestConnections))
	}
	return l
}

// server makes the HTTP server. Its WriteTimeout stays off, because it would end
// long polls and long invocations: see [connection.Write].
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

// readWithin lifts the time limit on reading once a request has been read: the
// server would take its end for the client's, and end the operation. Until then
// the limit holds, also for a body that nobody reads.
func readWithin(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength == 0 {
			lift(w)
		} else {
			r.Body = &arriving{ReadCloser: r.Body, left: r.ContentLength, answer: w}
		}
		h.ServeHTTP(w, r)
	})
}

func lift(w http.ResponseWriter) {
	// It fails where there is no connection: then there is no limit either.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
}

// arriving is the body of a request that arrives.
type arriving struct {
	io.ReadCloser
	left   int64 // bytes to come; negative when their number is not known
	answer http.ResponseWriter
}

// Read reads, and lifts the time limit at the end.
func (a *arriving) Read(b []byte) (int, error) {
	n, err := a.ReadCloser.Read(b)
	known := a.left >= 0
	a.left -= int64(n)
	if a.answer != nil && (err == io.EOF || known && a.left <= 0) {
		lift(a.answer)
		a.answer = nil
	}
	return n, err
}

// listen bounds the connections that l accepts.
func (l Limits) listen(on net.Listener) net.Listener {
	return &listener{Listener: on, places: make(chan struct{}, l.Connections), done: make(chan struct{}), writeTime: l.WriteTime}
}
