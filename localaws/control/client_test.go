package control_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/control"
	"github.com/reliableq/reliableq/localaws/fault"
	"github.com/reliableq/reliableq/localaws/localawstest"
)

func TestClientReadsAndMovesTheClock(t *testing.T) {
	t.Parallel()
	server := localawstest.NewListening(t)
	c := control.NewClient(server.URL()+"/", server.ControlToken())
	ctx := t.Context()
	if h, err := c.Health(ctx); err != nil || h.Trouble() != "" {
		t.Fatal(h, err)
	}
	held, err := c.Hold(ctx)
	if err != nil || !held.Held || held.Mode != "real" {
		t.Fatalf("held: %+v, %v", held, err)
	}
	moved, err := c.Advance(ctx, 90*time.Minute)
	if err != nil || moved.Now.Sub(held.Now) != 90*time.Minute || moved.SkippedSeconds != 5400 {
		t.Errorf("advanced from %+v to %+v, %v", held, moved, err)
	}
	if s := moved.String(); !strings.Contains(s, "1h30m0s skipped, held") {
		t.Errorf("as text: %s", s)
	}
	freed, err := c.Release(ctx)
	if err != nil || freed.Held {
		t.Errorf("released: %+v, %v", freed, err)
	}
	now, err := c.Clock(ctx)
	if err != nil || now.Now.Before(moved.Now) {
		t.Errorf("now: %+v, %v", now, err)
	}
	settled, err := c.Settle(ctx, time.Minute)
	if err != nil || settled.Clock.Transitions != 0 || len(settled.Queues) != 0 {
		t.Errorf("settled: %+v, %v", settled, err)
	}
}

func TestClientReturnsTheServersMessage(t *testing.T) {
	t.Parallel()
	server := localawstest.NewListening(t)
	c := control.NewClient(server.URL(), server.ControlToken())
	if _, err := c.Advance(t.Context(), -time.Second); err == nil || !strings.Contains(err.Error(), "duration: -1s is negative") {
		t.Errorf("error %v", err)
	}
}

func TestClientHealthFailsForOtherServers(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]http.HandlerFunc{
		"not found":  http.NotFound,
		"an error":   func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "broken", http.StatusInternalServerError) },
		"a redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := httptest.NewServer(serve)
			t.Cleanup(other.Close)
			if h, err := control.NewClient(other.URL, "token").Health(t.Context()); err == nil {
				t.Errorf("health %+v, want an error", h)
			}
		})
	}
}

func TestClientHealthFailsWithoutAServer(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := control.NewClient("http://127.0.0.1:1", "token").Health(ended); err == nil {
		t.Error("no error without a server")
	}
}

func TestClientReportsAReadOnlyServer(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		w.Write([]byte(`{"status": "read-only", "reason": "no space left"}`))
	}))
	t.Cleanup(other.Close)
	if h, err := control.NewClient(other.URL, "token").Health(t.Context()); err != nil || h.Trouble() != "read-only: no space left" {
		t.Errorf("%+v, %v", h, err)
	}
}

func TestClientRejectsAResponseThatIsNotJSON(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>")) }))
	t.Cleanup(other.Close)
	if _, err := control.NewClient(other.URL, "token").Clock(t.Context()); err == nil || !strings.Contains(err.Error(), "decode the response") {
		t.Errorf("error %v", err)
	}
}

func TestClientAddsListsAndClearsFaults(t *testing.T) {
	t.Parallel()
	server := localawstest.NewListening(t)
	c := control.NewClient(server.URL(), server.ControlToken())
	ctx := t.Context()

	added, err := c.AddFault(ctx, fault.Rule{Kind: fault.Slow, Delay: 250 * time.Millisecond, Service: "cloudwatch"}, time.Minute)
	if err != nil || added.ID != "1" || added.Delay != "250ms" || added.Rule.Delay != 250*time.Millisecond || added.Until.IsZero() {
		t.Errorf("added %+v, %v", added, err)
	}
	if text := added.String(); !strings.Contains(text, "1  slow on cloudwatch, probability 1, injected 0, delay 250ms, until ") {
		t.Errorf("as text: %s", text)
	}
	list, err := c.Faults(ctx)
	if err != nil || len(list) != 1 || list[0] != added {
		t.Errorf("list %+v, %v, want %+v", list, err, added)
	}
	if n, err := c.ClearFaults(ctx, "1"); err != nil || n != 1 {
		t.Errorf("cleared %d, %v", n, err)
	}
	if _, err := c.ClearFaults(ctx, "1"); err == nil || errors.Is(err, control.ErrBadRequest) {
		t.Errorf("cleared twice: %v", err)
	}
}

func TestClientErrorsHaveTheirKind(t *testing.T) {
	t.Parallel()
	server := localawstest.NewListening(t)
	c := control.NewClient(server.URL(), server.ControlToken())
	if _, err := c.AddFault(t.Context(), fault.Rule{Kind: "storm"}, 0); !errors.Is(err, control.ErrBadRequest) || errors.Is(err, control.ErrTimeout) {
		t.Errorf("unknown kind: %v", err)
	}

	if _, err := c.Hold(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Clock().Schedule(server.Clock().Now().Add(time.Hour), clock.Transition, func() {})
	if _, err := c.Settle(t.Context(), time.Millisecond); !errors.Is(err, control.ErrTimeout) {
		t.Errorf("settle: %v", err)
	}
}
