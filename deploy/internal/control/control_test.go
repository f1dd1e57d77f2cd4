package control_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/control"
	"github.com/reliableq/reliableq/localaws/localawstest"
)

func TestTheClockIsReadAndMoved(t *testing.T) {
	t.Parallel()
	server := localawstest.NewListening(t)
	c := control.New(server.URL()+"/", server.ControlToken())
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
		t.Errorf("for people: %s", s)
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
	if err != nil || settled.Clock.Moves != 0 || len(settled.Queues) != 0 {
		t.Errorf("settled: %+v, %v", settled, err)
	}
}

func TestARefusalSaysWhy(t *testing.T) {
	t.Parallel()
	server := localawstest.NewListening(t)
	c := control.New(server.URL(), server.ControlToken())
	if _, err := c.Advance(t.Context(), -time.Second); err == nil || !strings.Contains(err.Error(), "duration: -1s is negative") {
		t.Errorf("error %v", err)
	}
}

func TestWhatIsNoEmbeddedAWSIsNotHealthy(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"not found":  http.NotFound,
		"an error":   func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "broken", http.StatusInternalServerError) },
		"a redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) },
	} {
		other := httptest.NewServer(answer)
		if _, err := control.New(other.URL, "token").Health(t.Context()); err == nil {
			t.Errorf("%s is healthy", name)
		}
		other.Close()
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := control.New("http://127.0.0.1:1", "token").Health(ended); err == nil {
		t.Error("nothing at all is healthy")
	}
}

func TestAServerThatTakesNoChangesSaysWhy(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		w.Write([]byte(`{"status": "read-only", "reason": "no space left"}`))
	}))
	t.Cleanup(other.Close)
	if h, err := control.New(other.URL, "token").Health(t.Context()); err != nil || h.Trouble() != "read-only: no space left" {
		t.Errorf("%+v, %v", h, err)
	}
}

func TestAnAnswerThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>")) }))
	t.Cleanup(other.Close)
	if _, err := control.New(other.URL, "token").Clock(t.Context()); err == nil || !strings.Contains(err.Error(), "decode the answer") {
		t.Errorf("error %v", err)
	}
}
