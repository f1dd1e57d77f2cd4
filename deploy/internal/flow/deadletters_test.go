package flow_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/reliableq/reliableq/deploy/internal/flow"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/control"
)

// receives returns how often each message of the dead-letter queue was received,
// including this receive.
func (b *bench) receives(t *testing.T) map[string]string {
	t.Helper()
	b.aws.Clock().Hold()
	defer b.aws.Clock().Release()
	counts := map[string]string{}
	for {
		out, err := b.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: aws.String(b.d.DLQ()), MaxNumberOfMessages: 10, VisibilityTimeout: 600,
			MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"ApproximateReceiveCount"},
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return counts
		}
		for _, m := range out.Messages {
			counts[*m.MessageId] = m.Attributes["ApproximateReceiveCount"]
		}
	}
}

// eager is a client that sends a request, and lets a clock that is not held skip until
// no event is left before it returns the response.
type eager struct {
	next  aws.HTTPClient
	clock *clock.Clock
}

func (e eager) Do(r *http.Request) (*http.Response, error) {
	response, err := e.next.Do(r)
	if err != nil || e.clock.Held() || e.clock.Mode() != clock.Skip {
		return response, err
	}
	return response, e.clock.Settle(r.Context())
}

// In skipped time, a message that one receive hides would be visible again before the
// next receive. With the clock held each is received once.
func TestClockIsHeldWhileDeadLettersAreRead(t *testing.T) {
	t.Parallel()
	for _, mode := range []clock.Mode{clock.Skip, clock.Real, clock.Manual} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			b := setupIn(t, mode)
			b.send(t, "dlq", 47, 0, nil)
			cfg := b.aws.Config()
			cfg.HTTPClient = eager{cfg.HTTPClient, b.aws.Clock()}
			letters, unseen, err := flow.New(cfg, control.NewClient(b.aws.URL(), b.aws.ControlToken())).DeadLetters(t.Context(), b.d)
			if err != nil || unseen != 0 || len(letters) != 47 {
				t.Fatalf("%d letters, %d unseen, %v", len(letters), unseen, err)
			}
			if b.aws.Clock().Held() {
				t.Error("the clock is still held")
			}
			counts := b.receives(t)
			if len(counts) != 47 {
				t.Errorf("%d messages are visible afterwards", len(counts))
			}
			for id, n := range counts {
				if n != "2" { // DeadLetters, and the receive of this test
					t.Errorf("%s was received %s times", id, n)
				}
			}
		})
	}
}

func TestClockHeldByOthersStaysHeld(t *testing.T) {
	t.Parallel()
	b := setupIn(t, clock.Skip)
	b.send(t, "dlq", 1, 0, nil)
	b.aws.Clock().Hold()
	letters, _, err := flow.New(b.aws.Config(), control.NewClient(b.aws.URL(), b.aws.ControlToken())).DeadLetters(t.Context(), b.d)
	if err != nil || len(letters) != 1 || !b.aws.Clock().Held() {
		t.Errorf("%d letters, %v, held %v", len(letters), err, b.aws.Clock().Held())
	}
}

func TestNowIsServiceTime(t *testing.T) {
	t.Parallel()
	b := setupIn(t, clock.Manual)
	b.aws.Advance(t, 5*time.Hour)
	want := b.aws.Clock().Now()
	got, err := flow.New(b.aws.Config(), control.NewClient(b.aws.URL(), b.aws.ControlToken())).Now(t.Context())
	if err != nil || !got.Equal(want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}

func TestMessagesInFlightAreUnseenWithAHeldClock(t *testing.T) {
	t.Parallel()
	b := setupIn(t, clock.Manual)
	b.send(t, "dlq", 12, 0, nil)
	if _, err := b.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(b.d.DLQ()), MaxNumberOfMessages: 1}); err != nil {
		t.Fatal(err)
	}
	letters, unseen, err := flow.New(b.aws.Config(), control.NewClient(b.aws.URL(), b.aws.ControlToken())).DeadLetters(t.Context(), b.d)
	if err != nil || len(letters) != 11 || unseen != 1 {
		t.Errorf("%d letters, %d unseen, %v", len(letters), unseen, err)
	}
}

// fakeClock is a control API that records its requests, and fails at one path.
func fakeClock(t *testing.T, failing string) (*control.Client, func() []string) {
	t.Helper()
	var mu sync.Mutex
	var requests []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		path := strings.TrimPrefix(r.URL.Path, "/_reliableq/")
		requests = append(requests, path)
		if path == failing {
			http.Error(w, `{"error":"Broken","message":"out of order"}`, http.StatusInternalServerError)
			return
		}
		if _, err := w.Write([]byte(`{"mode":"skip"}`)); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return control.NewClient(server.URL, "token"), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return requests
	}
}

func TestDeadLettersFailsIfTheClockCannotBeHeld(t *testing.T) {
	t.Parallel()
	for failing, want := range map[string]string{
		"clock": "hold the clock", "clock/hold": "hold the clock", "clock/release": "release the clock",
	} {
		t.Run(failing, func(t *testing.T) {
			b := setup(t)
			c, _ := fakeClock(t, failing)
			if _, _, err := flow.New(b.aws.Config(), c).DeadLetters(t.Context(), b.d); err == nil || !strings.Contains(err.Error(), want) ||
				!strings.Contains(err.Error(), "out of order") {
				t.Errorf("%s fails: %v", failing, err)
			}
		})
	}
}

func TestClockIsReleasedAfterAnyError(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c, requests := fakeClock(t, "")
	b.d.QueueURLs["dlq"] += "_gone"
	if _, _, err := flow.New(b.aws.Config(), c).DeadLetters(t.Context(), b.d); err == nil || !strings.Contains(err.Error(), "queue dlq") {
		t.Errorf("error %v", err)
	}
	if got := strings.Join(requests(), " "); got != "clock clock/hold clock/release" {
		t.Errorf("requests %s", got)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := flow.New(b.aws.Config(), c).DeadLetters(ended, b.d); err == nil {
		t.Error("read although the caller had ended")
	}
}
