package localaws

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/fault"
	"github.com/reliableq/reliableq/localaws/gateway"
	"github.com/reliableq/reliableq/localaws/lambda/process"
)

// Server is an embedded AWS. Make one with [New], let it listen with
// [Server.Start], and end it with [Server.Shutdown]. Many can live in one process.
type Server struct {
	opts     Options
	clock    *clock.Clock
	parts    *parts
	faults   *fault.Set
	handler  http.Handler
	gateway  *gateway.Gateway
	operator awsapi.Credential
	http     *http.Server
	listener net.Listener
	served   chan error
	killed   atomic.Bool // nothing is answered any more
	ended    sync.Once
	endErr   error
}

// New makes an embedded AWS, with the state of Options.DataDir where there is
// one. It does not listen yet. The caller owes it a Shutdown.
func New(o Options) (*Server, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{opts: o, served: make(chan error, 1)}
	if err := s.assemble(); err != nil {
		return nil, err
	}
	return s, nil
}

// Start listens on Options.Addr and serves in the background. It returns once
// requests are answered.
func (s *Server) Start(ctx context.Context) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.opts.Addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", s.opts.Addr, err)
	}
	s.listener = l
	limits := s.opts.Limits.within(descriptorLimit())
	s.http = limits.server(s.handler, s.opts.Logger)
	go func() { s.served <- s.http.Serve(limits.listen(l)) }()
	return nil
}

// Wait returns when the server has stopped serving, with the reason when it was
// not Shutdown.
func (s *Server) Wait() error {
	err := <-s.served
	s.served <- err
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve: %w", err)
}

// Addr is the address that Start listens on, port included, or empty.
func (s *Server) Addr() string {
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// Isolation returns how far the programs of functions are kept apart from the
// machine. The first call tries what the system provides.
func (s *Server) Isolation() process.Isolation { return s.parts.lambda.Isolation() }

// URL is the endpoint for AWS_ENDPOINT_URL. Without a listener it is a name that
// only Transport knows. A server that listens on all addresses is called at its
// loopback address.
func (s *Server) URL() string {
	if s.listener == nil {
		return "http://localaws.invalid"
	}
	if tcp, ok := s.listener.Addr().(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
	}
	return "http://" + s.Addr()
}

// Handler answers every request to the embedded AWS.
func (s *Server) Handler() http.Handler { return s.handler }

// Clock is the server's service time.
func (s *Server) Clock() *clock.Clock { return s.clock }

// Account is the account id that credentials of the operator belong to.
func (s *Server) Account() string { return s.opts.Account }

// Region is the server's own region.
func (s *Server) Region() string { return s.opts.Region }

// Credentials are the operator's: an administrator's access key, made at first
// start and kept in the data directory.
func (s *Server) Credentials() (accessKeyID, secretAccessKey string) {
	return s.operator.AccessKey, s.operator.Secret
}

// Shutdown stops listening, lets requests and invocations under way end until
// ctx does, ends every child process and makes the state durable. A second call
// answers what the first did.
func (s *Server) Shutdown(ctx context.Context) error {
	s.ended.Do(func() { s.endErr = s.shutdown(ctx) })
	return s.endErr
}

func (s *Server) shutdown(ctx context.Context) error {
	var errs []error
	s.parts.control.Close() // whoever waits for the clock, or for a message, is answered now
	s.parts.sqs.ReleasePolls()
	if s.http != nil {
		if err := s.http.Shutdown(ctx); err != nil {
			errs = append(errs, fmt.Errorf("let requests end: %w", err), s.http.Close())
		}
	}
	errs = append(errs, s.parts.close(ctx))
	s.clock.Close()
	return errors.Join(errs...)
}
