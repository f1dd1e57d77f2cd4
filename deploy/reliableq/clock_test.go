package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/progress"
	"github.com/reliableq/reliableq/localaws/control"
)

func TestALongAdvanceShowsItsProgress(t *testing.T) {
	t.Parallel()
	requests := make(chan struct{}, 2)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := w.Write([]byte(`{"now": "2026-11-24T10:22:31Z", "mode": "skip", "work": 4, "moves": 3}`)); err != nil {
			t.Error(err)
		}
		requests <- struct{}{}
	}))
	defer server.Close()

	var screen bytes.Buffer
	shown := progress.New(&screen, progress.JSON)
	tick, done, ended := make(chan time.Time), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		showClock(t.Context(), shown, "advance", control.NewClient(server.URL, "token"), tick, done)
	}()

	for range 2 {
		tick <- time.Time{}
		<-requests
	}
	close(done)
	<-ended
	shown.Close()

	for _, want := range []string{`"begin"`, "2026-11-24T10:22:31Z, clock skip, 4 in progress, 3 scheduled", `"end"`} {
		if !strings.Contains(screen.String(), want) {
			t.Errorf("no %s in\n%s", want, screen.String())
		}
	}
}

// A negative duration looks like flags to the parser.
func TestServiceTimeCannotGoBack(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"clock", "advance", "-5m"},
		{"clock", "advance", "--json", "-5m"},
		{"clock", "advance", "--", "-1h30m"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			code := run(args, nil, &out, &errs)
			result{code, out.String(), errs.String()}.want(t, exitUsage, "cannot advance service time by -", ": it cannot go back", "hint: give a positive duration, such as 90s or 4h")
		})
	}
}

func TestAQuickAdvanceShowsNoProgress(t *testing.T) {
	t.Parallel()
	var screen bytes.Buffer
	shown := progress.New(&screen, progress.JSON)
	done := make(chan struct{})
	close(done)
	showClock(t.Context(), shown, "advance", control.NewClient("http://127.0.0.1:1", "token"), nil, done)
	shown.Close()
	if screen.Len() != 0 {
		t.Errorf("shown: %s", screen.String())
	}
}
