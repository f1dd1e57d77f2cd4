// Package localawstest gives a Go test its own AWS, similar to net/http/httptest:
//
//	aws := localawstest.New(t)
//	client := sqs.NewFromConfig(aws.Config())
//
// The server does not listen: requests of the AWS SDK are passed in memory. It also
// works in a testing/synctest bubble: create the server there, and it uses the
// bubble's time. [NewListening] opens a loopback port for HTTP clients: Terraform,
// other languages, function binaries. Time is real unless a test selects another mode
// in [NewWith]; [Server.Clock] advances it.
//
// The server ends with the test. Its log is printed when the test fails.
package localawstest

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/reliableq/reliableq/localaws"
)

// Server is an embedded AWS that ends with its test.
type Server struct {
	*localaws.Server
	bubble string // the testing/synctest bubble in which it was made, or empty
}

// New returns an embedded AWS in memory, without a listener.
func New(t testing.TB) *Server {
	t.Helper()
	return NewWith(t, localaws.Options{})
}

// NewListening returns an embedded AWS in memory that listens on a free loopback port.
func NewListening(t testing.TB) *Server {
	t.Helper()
	return NewWith(t, localaws.Options{Addr: "127.0.0.1:0"})
}

// NewWith returns an embedded AWS with options, which listens if they have an address.
// Without a logger it logs to the test. One that listens cannot be in a
// testing/synctest bubble.
func NewWith(t testing.TB, o localaws.Options) *Server {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	}

	name := bubble()
	if name != "" && o.Addr != "" {
		t.Fatalf("make the embedded AWS: %v", errListening)
	}

	srv, err := localaws.New(o)
	if err != nil {
		t.Fatalf("make the embedded AWS: %v", err)
	}

	// Before Start, which may fail the test. The context of the test has ended when
	// cleanups run.
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := srv.Shutdown(ctx); err != nil {
			t.Errorf("shut the embedded AWS down: %v", err)
		}
	})

	if o.Addr != "" {
		if err := srv.Start(t.Context()); err != nil {
			t.Fatalf("start the embedded AWS: %v", err)
		}
	}
	return &Server{Server: srv, bubble: name}
}

// Config returns the configuration with which AWS SDK clients call this server as its
// operator. Requests are passed in memory, whether or not the server listens.
func (s *Server) Config() aws.Config {
	id, secret := s.Credentials()
	return s.ConfigAs(id, secret, "")
}

// ConfigAs returns Config with other credentials, such as those of AssumeRole.
func (s *Server) ConfigAs(accessKeyID, secretAccessKey, sessionToken string) aws.Config {
	return aws.Config{
		Region:       s.Region(),
		BaseEndpoint: aws.String(s.URL()),
		Credentials:  credentials.NewStaticCredentialsProvider(accessKeyID, secretAccessKey, sessionToken),
		HTTPClient:   &http.Client{Transport: &bubbleTransport{bubble: s.bubble, next: s.Transport()}},
	}
}

// Env returns the environment variables, as KEY=value, with which another program calls
// a listening server: the AWS CLI, Terraform, any SDK.
func (s *Server) Env() []string {
	id, secret := s.Credentials()
	return []string{
		"AWS_ENDPOINT_URL=" + s.URL(),
		"AWS_ACCESS_KEY_ID=" + id,
		"AWS_SECRET_ACCESS_KEY=" + secret,
		"AWS_REGION=" + s.Region(),
		"AWS_DEFAULT_REGION=" + s.Region(),
		"AWS_EC2_METADATA_DISABLED=true",
	}
}

// Advance moves service time forward, and fails the test if that does not finish.
func (s *Server) Advance(t testing.TB, d time.Duration) {
	t.Helper()
	if err := s.Clock().Advance(t.Context(), d); err != nil {
		t.Fatalf("advance the clock by %s: %v", d, err)
	}
}
