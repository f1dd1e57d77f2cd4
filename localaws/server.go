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
	gateway  *gateway.Gateway
	operator awsapi.Credential
	killed   atomic.Bool // set by Kill: requests get no response

	http     *http.Server // nil before Start
	listener net.Listener // nil before Start
	served   chan error   // the result of http.Serve

	end    sync.Once // guards endErr
	endErr error
}

// New returns an embedded AWS, with the state of Options.DataDir if there is one. It
// does not listen yet. The caller must call Shutdown.
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

// Start listens on Options.Addr and serves in the background. When it returns, the
// server accepts requests.
func (s *Server) Start(ctx context.Context) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.opts.Addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", s.opts.Addr, err)
	}

	s.listener = l

	// Wait reports when Serve returns, which it does when the listener is closed.
	limits := s.opts.Limits.within(descriptorLimit())
	limited := limits.listen(l)
	s.http = limits.server(s.gateway, s.opts.Logger)
	s.http.ConnState = limited.connState
	go func() { s.served <- s.http.Serve(limited) }()
	return nil
}

// Wait returns when the server has stopped serving, with an error unless the reason
// was Shutdown.
func (s *Server) Wait() error {
	err := <-s.served
	s.served <- err // for the next call
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve: %w", err)
}

// Addr returns the address that Start listens on, port included, or empty.
func (s *Server) Addr() string {
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// Isolation returns how the programs of functions are isolated from the machine. The
// first call tries what the system provides.
func (s *Server) Isolation() process.Isolation { return s.parts.lambda.Isolation() }

// URL returns the endpoint, for AWS_ENDPOINT_URL. Without a listener it works only
// with Transport. For a server that listens on all addresses it is the loopback
// address.
func (s *Server) URL() string {
	if s.listener == nil {
		return "http://localaws.invalid"
	}
	if tcp, ok := s.listener.Addr().(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
	}
	return "http://" + s.Addr()
}

// Handler returns the handler of every request to the embedded AWS.
func (s *Server) Handler() http.Handler { return s.gateway }

// Transport returns a transport for HTTP clients that calls this server in memory,
// without a socket. It works inside a testing/synctest bubble.
func (s *Server) Transport() http.RoundTripper { return gateway.Transport(s.gateway) }

// Clock returns the server's service time.
func (s *Server) Clock() *clock.Clock { return s.clock }

// Account returns the id of the operator's account.
func (s *Server) Account() string { return s.opts.Account }

// Region returns the server's own region.
func (s *Server) Region() string { return s.opts.Region }

// Credentials returns the operator's access key. The operator is an administrator;
// the key is created at the first start and stored in the data directory.
func (s *Server) Credentials() (accessKeyID, secretAccessKey string) {
	return s.operator.AccessKey, s.operator.Secret
}

// Shutdown stops listening, waits for requests and invocations in progress until ctx
// ends, ends every child process and makes the state durable. A second call returns
// the result of the first.
func (s *Server) Shutdown(ctx context.Context) error {
	s.end.Do(func() { s.endErr = s.shutdown(ctx) })
	return s.endErr
}

func (s *Server) shutdown(ctx context.Context) error {
	// Requests that wait for the clock or for a message end now.
	s.parts.control.Close()
	s.parts.sqs.ReleasePolls()

	var errs []error
	if s.http != nil {
		if err := s.http.Shutdown(ctx); err != nil {
			errs = append(errs, fmt.Errorf("wait for requests to end: %w", err), s.http.Close())
		}
	}

	errs = append(errs, s.parts.close(ctx))
	// Last: services use the clock until they have ended.
	s.clock.Close()
	return errors.Join(errs...)
}
