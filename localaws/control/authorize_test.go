package control

import (
	"net/http"
	"strings"
	"testing"

	"github.com/reliableq/reliableq/localaws/clock"
)

// every lists a request to each path of the control API, and whether it changes state.
var every = []struct {
	method, path string
	changes      bool
}{
	{"GET", "/_reliableq/clock", false},
	{"POST", "/_reliableq/clock/advance", true},
	{"POST", "/_reliableq/clock/hold", true},
	{"POST", "/_reliableq/clock/release", true},
	{"POST", "/_reliableq/clock/settle", true},
	{"GET", "/_reliableq/queues?messages=1", false},
	{"GET", "/_reliableq/faults", false},
	{"POST", "/_reliableq/faults", true},
	{"DELETE", "/_reliableq/faults", true},
	{"DELETE", "/_reliableq/faults/1", true},
	{"POST", "/_reliableq/reset", true},
	{"POST", "/_reliableq/health", true},
	{"GET", "/_aws/sqs/messages/us-east-1/000000000000/dlq", false},
	{"POST", "/_aws/sqs/messages", false},
	{"GET", "/_reliableq/nothing", false},
}

func TestEveryPathButHealthNeedsTheToken(t *testing.T) {
	t.Parallel()
	for _, r := range every {
		for _, header := range []string{"", "Bearer", "Bearer ", "Bearer other", "Bearer the-token2", "Basic the-token", "the-token"} {
			t.Run(r.method+" "+r.path+" "+header, func(t *testing.T) {
				t.Parallel()
				b := open(t, clock.Manual)
				status, body := b.sendWithout(r.method, r.path, "{}", "Authorization", header)
				if status != http.StatusUnauthorized || strings.Contains(body, "m-1") {
					t.Errorf("%d %s, want 401", status, body)
				}
				if len(b.reset) != 0 || b.clock.State().Held {
					t.Error("the request took effect")
				}
			})
		}
	}
}

// With authentication off, requests that change state still need a header that a form
// in a web page cannot send.
func TestWithAuthenticationOffChangesNeedAHeader(t *testing.T) {
	t.Parallel()
	for _, r := range every {
		t.Run(r.method+" "+r.path, func(t *testing.T) {
			t.Parallel()
			b := open(t, clock.Manual)
			b.opts.Open = true
			status, body := b.sendWithout(r.method, r.path, "{}", "Content-Type", "text/plain")
			if refused := status == http.StatusUnauthorized; refused != r.changes {
				t.Errorf("without a header: %d %s, want 401: %v", status, body, r.changes)
			}
			if status, body := b.sendWithout(r.method, r.path, "{}", "Authorization", "Bearer any"); status == http.StatusUnauthorized {
				t.Errorf("with a header: %d %s", status, body)
			}
		})
	}
}

func TestHealthWithoutTheTokenRevealsNoState(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/_reliableq/health", "/_localstack/health"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			b := open(t, clock.Manual)
			b.opts.ReadOnlyReason = func() error { return http.ErrBodyNotAllowed }
			_, body := b.sendWithout("GET", path, "")
			if !strings.Contains(body, "sqs") {
				t.Errorf("no services in %s", body)
			}
			for _, private := range []string{"000000000000", "us-east-1", http.ErrBodyNotAllowed.Error()} {
				if strings.Contains(body, private) {
					t.Errorf("%q is in %s", private, body)
				}
			}
		})
	}
}
