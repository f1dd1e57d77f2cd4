package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/functions/consumer/consume"
	"github.com/reliableq/reliableq/localaws/clock"
)

// A server that an injected kill ends closes its connections without a response.
func TestALostConnectionIsExplained(t *testing.T) {
	t.Parallel()
	w := setup(t, clock.Manual, consume.PerMessage).deployed()
	killed := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(killed.Close)
	w.info.URL = killed.URL
	if err := w.claim.Announce(w.info); err != nil {
		t.Fatal(err)
	}

	for _, args := range []string{"status", "invoke", "logs", "clock now", "fault list", "fault add throttle", "fault clear"} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			w.do(strings.Fields(args)...).want(t, exitFailed, "ended the connection without a response, as a fault of kind kill makes it do",
				"hint: it starts again by itself at "+killed.URL+": run the command again")
		})
	}
}

func TestALostConnectionToAStoppedServerHintsToStartIt(t *testing.T) {
	t.Parallel()
	flags := stateFlags{StateDir: t.TempDir()}
	for _, lost := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.EPIPE} {
		t.Run(lost.Error(), func(t *testing.T) {
			t.Parallel()
			err := flags.explainLost(fmt.Errorf("call: %w", lost))
			if !strings.Contains(err.Error(), "it is no longer running") || hint.Of(err) != "start it with reliableq local start" {
				t.Errorf("error %v, hint %q", err, hint.Of(err))
			}
		})
	}
	if err := flags.explainLost(syscall.EACCES); err != syscall.EACCES {
		t.Errorf("another error became %v", err)
	}
	if err := flags.explainLost(nil); err != nil {
		t.Errorf("no error became %v", err)
	}
}
