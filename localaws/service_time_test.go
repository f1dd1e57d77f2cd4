package localaws_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/store"
)

// durableServer has a data directory and a minimal SQS client.
type durableServer struct {
	*localaws.Server
	client
	dir string
}

func openDurable(t *testing.T, dir string, mode clock.Mode) *durableServer {
	t.Helper()
	srv, err := localaws.New(localaws.Options{DataDir: dir, ClockMode: mode, NoAuth: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Shutdown(t.Context()) }) // the second call if the test has called stop
	return &durableServer{srv, client{srv.URL(), &http.Client{Transport: srv.Transport()}}, dir}
}

// stop shuts the server down.
func (k *durableServer) stop(t *testing.T) {
	t.Helper()
	if err := k.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// killed returns a copy of the directory as kill -9 would leave it now.
func (k *durableServer) killed(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(k.dir)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (k *durableServer) advance(t *testing.T, d time.Duration) {
	t.Helper()
	if err := k.Clock().Advance(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

func (k *durableServer) must(t *testing.T, operation string, in any) {
	t.Helper()
	if err := k.do(operation, in, nil); err != nil {
		t.Fatal(err)
	}
}

// states returns the states of a queue's messages by body.
func (k *durableServer) states(t *testing.T, queue string) map[string]string {
	t.Helper()
	states := map[string]string{}
	for _, m := range peekAll(t, k.Server, queue) {
		states[m.Body] = m.State
	}
	return states
}

// daysAhead starts a server whose service time is three days ahead of machine time,
// with a message in flight for an hour and one delayed by fifteen minutes.
func daysAhead(t *testing.T) *durableServer {
	t.Helper()
	k := openDurable(t, t.TempDir(), clock.Manual)
	k.must(t, "CreateQueue", map[string]any{"QueueName": "q"})
	url := k.queue("q")
	k.must(t, "SendMessage", map[string]any{"QueueUrl": url, "MessageBody": "old"})
	k.advance(t, 72*time.Hour)
	k.must(t, "ReceiveMessage", map[string]any{"QueueUrl": url, "VisibilityTimeout": 3600})
	k.must(t, "SendMessage", map[string]any{"QueueUrl": url, "MessageBody": "new", "DelaySeconds": 900})
	return k
}

func TestDeadlinesSurviveARestartAfterSkippedDays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		end  func(t *testing.T, k *durableServer) (dir string)
		late time.Duration // maximum by which service time may be behind
	}{
		{"Shutdown", func(t *testing.T, k *durableServer) string { k.stop(t); return k.dir }, 0},
		{"Kill", func(t *testing.T, k *durableServer) string { return k.killed(t) }, time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before := daysAhead(t)
			at := before.Clock().Now()
			k := openDurable(t, tt.end(t, before), clock.Manual)
			if now := k.Clock().Now(); now.After(at) || at.Sub(now) > tt.late {
				t.Fatalf("service time was %s and is %s", at, now)
			}
			if skipped := k.Clock().Skipped(); skipped < 71*time.Hour || skipped > 72*time.Hour {
				t.Errorf("the clock reports that %s were skipped, want the 72h that service time is ahead", skipped)
			}
			for _, step := range []struct {
				after    time.Duration
				old, new string
			}{
				{0, "inFlight", "delayed"},
				{15*time.Minute + tt.late, "inFlight", "visible"},
				{45 * time.Minute, "visible", "visible"},
				{24 * time.Hour, "", "visible"}, // it was sent four days ago
				{72 * time.Hour, "", ""},
			} {
				k.advance(t, step.after)
				if got := k.states(t, "q"); got["old"] != step.old || got["new"] != step.new {
					t.Errorf("%s later: %v, want old %q and new %q", step.after, got, step.old, step.new)
				}
			}
		})
	}
}

func TestSkippingClockContinuesAfterARestart(t *testing.T) {
	t.Parallel()
	k := openDurable(t, t.TempDir(), clock.Skip)
	k.must(t, "CreateQueue", map[string]any{"QueueName": "q"})
	k.must(t, "SendMessage", map[string]any{"QueueUrl": k.queue("q"), "MessageBody": "m"})
	k.must(t, "ReceiveMessage", map[string]any{"QueueUrl": k.queue("q"), "VisibilityTimeout": 43200})
	if err := k.Clock().Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	at := k.Clock().Now()
	if ahead := time.Until(at); ahead < 11*time.Hour {
		t.Fatalf("the clock is %s ahead: it did not skip the visibility timeout", ahead)
	}
	k.stop(t)
	k = openDurable(t, k.dir, clock.Real) // in another mode
	if now := k.Clock().Now(); now.Before(at) {
		t.Errorf("service time was %s and is %s", at, now)
	}
	if skipped := k.Clock().Skipped(); skipped < 11*time.Hour {
		t.Errorf("the clock reports that %s were skipped", skipped)
	}
}

func TestRestartInRealTimeIsNotAhead(t *testing.T) {
	t.Parallel()
	k := openDurable(t, t.TempDir(), clock.Real)
	k.must(t, "CreateQueue", map[string]any{"QueueName": "q"})
	k.stop(t)
	before := time.Now()
	k = openDurable(t, k.dir, clock.Real)
	if now := k.Clock().Now(); now.Before(before.Add(-time.Millisecond)) || now.After(time.Now().Add(time.Millisecond)) {
		t.Errorf("service time is %s, the machine's between %s and %s", now, before, time.Now())
	}
	if skipped := k.Clock().Skipped(); skipped > time.Millisecond {
		t.Errorf("the clock reports that %s were skipped", skipped)
	}
}

func TestAdvanceThroughTheControlAPISurvivesARestart(t *testing.T) {
	t.Parallel()
	k := openDurable(t, t.TempDir(), clock.Manual)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, k.URL()+"/_reliableq/clock/advance", strings.NewReader(`{"duration":"48h"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+k.ControlToken())
	response, err := k.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	at := k.Clock().Now()
	if time.Until(at) < 47*time.Hour {
		t.Fatalf("the clock did not advance: %s", response.Status)
	}
	k.must(t, "CreateQueue", map[string]any{"QueueName": "q"}) // a durable write: earlier ones are durable too
	if now := openDurable(t, k.killed(t), clock.Manual).Clock().Now(); !now.Equal(at) {
		t.Errorf("service time was %s and is %s", at, now)
	}
}

func TestMalformedStoredTimeIsReportedAtStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	st, err := store.Open(filepath.Join(dir, "store"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := st.Batch()
	b.Put("time", "now", []byte("noon"))
	if err := b.Apply().Wait(); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	srv, err := localaws.New(localaws.Options{DataDir: dir})
	if err == nil {
		srv.Shutdown(t.Context())
		t.Fatal("a server started with a malformed service time")
	}
	if !strings.Contains(err.Error(), "read the service time") {
		t.Errorf("the error does not name the cause: %v", err)
	}
}
