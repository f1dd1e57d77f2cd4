package runtimeapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Server is the Runtime API of one execution environment. End it with Close.
type Server struct {
	listener net.Listener
	http     *http.Server
	session  atomic.Pointer[Session]
	about    About
	ended    chan struct{} // closed when the server's goroutine has ended
}

// About is what an extension learns about its function when it registers.
type About struct {
	// Name is the function's name.
	Name string `json:"functionName"`
	// Version is $LATEST or a number.
	Version string `json:"functionVersion"`
	// Handler is the handler in the function's configuration.
	Handler string `json:"handler"`
}

// Listen starts a server on a free loopback port.
func Listen(about About) (*Server, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the runtime API: %w", err)
	}

	s := &Server{
		listener: l,
		about:    about,
		ended:    make(chan struct{}),
	}

	s.session.Store(newSession())
	s.http = &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second}
	s.http.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, peerKey{}, &peer{})
	}

	// Serve until Close.
	go func() {
		defer close(s.ended)
		_ = s.http.Serve(l) // returns only when Close is called
	}()
	return s, nil
}

// Addr returns host and port for AWS_LAMBDA_RUNTIME_API (LAM C53).
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Begin ends the current session and begins one for a new process. admit is called with
// each TCP connection before its first request is served, with the context of that
// request. A nil admit admits every connection.
func (s *Server) Begin(admit Admit) *Session {
	session := newSession()
	session.admit = admit
	s.session.Swap(session).End()
	return session
}

// Close ends the session and the server, and waits for the server's goroutine to end.
func (s *Server) Close() error {
	s.session.Load().End()
	err := s.http.Close()
	<-s.ended
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close the runtime API: %w", err)
	}
	return nil
}
