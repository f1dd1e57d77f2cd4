package produce_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/functions/jsonlog"
	"github.com/reliableq/reliableq/functions/outbox"
	"github.com/reliableq/reliableq/functions/producer/produce"
)

// queue accepts messages, except those whose number is in refuse.
type queue struct {
	sent    []outbox.Message
	largest int
	takes   time.Duration
	refuse  func(n int) error
}

func (q *queue) Send(ctx context.Context, messages []outbox.Message) []outbox.Result {
	if q.takes > 0 {
		<-time.After(q.takes)
	}
	q.largest = max(q.largest, len(messages))
	results := make([]outbox.Result, len(messages))
	for i, m := range messages {
		q.sent = append(q.sent, m)
		results[i].ID = fmt.Sprintf("id-%d", len(q.sent))
		if q.refuse == nil {
			continue
		}
		if err := q.refuse(len(q.sent)); err != nil {
			results[i] = outbox.Result{Err: err}
		}
	}
	return results
}

func producer(q *queue, log io.Writer) *produce.Producer {
	return &produce.Producer{Queue: q, Project: "reliable", BadRatio: 0.1, Logger: jsonlog.New(log, slog.LevelInfo), Now: time.Now}
}

// invoke runs the producer as Lambda does: event JSON in, response JSON out.
func invoke(ctx context.Context, p *produce.Producer, event string) (string, error) {
	out, err := lambda.NewHandler(p.Handle).Invoke(ctx, []byte(event))
	return strings.TrimSpace(string(out)), err
}

func answer(status bool, total, bad int) string {
	return fmt.Sprintf(`{"statusCode":200,"body":"{\"message\": {\"status\": %t, \"tot_msgs\": %d, \"bad_msgs\": %d}}"}`, status, total, bad)
}

func TestRequestedMessagesAreSent(t *testing.T) {
	t.Parallel()
	for event, want := range map[string]string{
		`{"count":89,"bad_ratio":0.05,"seed":7}`: answer(true, 89, 4),
		`{"count":20}`:                           answer(true, 20, 2),
		`{"count":0}`:                            answer(true, 0, 0),
		`{"count":3,"bad_ratio":1}`:              answer(true, 3, 3),
		`{"count":10,"bad_ratio":0}`:             answer(true, 10, 0),
	} {
		t.Run(event, func(t *testing.T) {
			q := &queue{}
			got, err := invoke(t.Context(), producer(q, io.Discard), event)
			if err != nil || got != want {
				t.Errorf("%s, %v", got, err)
			}
			if q.largest > 10 {
				t.Errorf("sent %d in one request", q.largest)
			}
		})
	}
}

func TestTheSameSeedSendsTheSameMessages(t *testing.T) {
	t.Parallel()
	bodies := func() []string {
		q := &queue{}
		if _, err := invoke(t.Context(), producer(q, io.Discard), `{"count":25,"seed":7}`); err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, m := range q.sent {
			_, bad := m.Attributes["bad_msg"]
			_, store := m.Attributes["store_id"]
			if bad == store {
				t.Errorf("attributes %+v", m.Attributes)
			}
			out = append(out, fmt.Sprint(m.Body, bad))
		}
		return out
	}
	if diff := cmp.Diff(bodies(), bodies()); diff != "" {
		t.Error(diff)
	}
}

func TestInvalidEventsAreRefused(t *testing.T) {
	t.Parallel()
	for event, want := range map[string]string{
		`{"cuont":1}`:                 `unknown field "cuont"`,
		`{"count":-1}`:                "count -1: want 0 to 1000000",
		`{"count":1000001}`:           "count 1000001: want 0 to 1000000",
		`{"count":1.5}`:               "count",
		`{"bad_ratio":1.1,"count":1}`: "bad_ratio 1.1: want 0 to 1",
		`{"bad_ratio":-0.1}`:          "bad_ratio -0.1: want 0 to 1",
		`{"seed":-1}`:                 "seed",
		`[]`:                          "array",
		`"text"`:                      "string",
		`{}`:                          "the event has no count and the invocation no deadline",
	} {
		t.Run(event, func(t *testing.T) {
			q := &queue{}
			if got, err := invoke(t.Context(), producer(q, io.Discard), event); err == nil || !strings.Contains(err.Error(), want) || len(q.sent) > 0 {
				t.Errorf("%s, %v; want an error with %q", got, err, want)
			}
		})
	}
}

func TestWithoutACountItStopsBeforeTheDeadline(t *testing.T) {
	t.Parallel()
	for _, event := range []string{`{}`, `null`} {
		t.Run(event, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				q := &queue{takes: 100 * time.Millisecond}
				began := time.Now()
				got, err := invoke(ctx, producer(q, io.Discard), event)
				// Batches of 100 ms until half a second is left.
				if want := answer(true, 450, 45); err != nil || got != want || time.Since(began) != 4500*time.Millisecond {
					t.Errorf("after %v: %s, %v", time.Since(began), got, err)
				}
			})
		})
	}
}

func TestCountThatDoesNotFitIsReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		got, err := invoke(ctx, producer(&queue{takes: 400 * time.Millisecond}, io.Discard), `{"count":1000,"bad_ratio":0}`)
		// Twice the duration of a batch is reserved: 0.8 s.
		if want := answer(false, 30, 0); err != nil || got != want {
			t.Errorf("%s, %v", got, err)
		}
	})
}

func TestOnlyAcceptedMessagesCount(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	q := &queue{refuse: func(n int) error {
		if n%5 == 0 {
			return errors.New("throttled")
		}
		return nil
	}}
	got, err := invoke(t.Context(), producer(q, &log), `{"count":20,"bad_ratio":1}`)
	if want := answer(false, 16, 16); err != nil || got != want {
		t.Errorf("%s, %v", got, err)
	}
	var accepted, refused int
	for _, line := range strings.Split(strings.TrimSpace(log.String()), "\n") {
		var entry struct {
			Level, Msg string
			MessageIDs []string `json:"message_ids"`
			BadIDs     []string `json:"bad_message_ids"`
			OrderIDs   []string `json:"order_ids"`
			OrderID    string   `json:"order_id"`
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		switch entry.Msg {
		case "accepted":
			accepted += len(entry.MessageIDs)
			if entry.Level != "INFO" || len(entry.OrderIDs) != len(entry.MessageIDs) || !cmp.Equal(entry.BadIDs, entry.MessageIDs) {
				t.Errorf("line %s", line)
			}
		case "not accepted":
			refused++
			if entry.Level != "ERROR" || entry.OrderID == "" {
				t.Errorf("line %s", line)
			}
		}
	}
	if accepted != 16 || refused != 4 {
		t.Errorf("%d accepted and %d refused in the log", accepted, refused)
	}
}

func TestInvocationFailsIfNothingIsAccepted(t *testing.T) {
	t.Parallel()
	down := errors.New("access denied")
	q := &queue{refuse: func(int) error { return down }}
	if got, err := invoke(t.Context(), producer(q, io.Discard), `{"count":50}`); !errors.Is(err, down) || len(q.sent) != 10 {
		t.Errorf("%s, %v after %d messages", got, err, len(q.sent))
	}
}

func FuzzHandle(f *testing.F) {
	f.Add(`{"count":3,"bad_ratio":0.5,"seed":18446744073709551615}`)
	f.Add(`{"count":3} {"count":4}`)
	f.Add(`{"count":null}`)
	f.Fuzz(func(t *testing.T, event string) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // so that no event starts work
		q := &queue{}
		if _, err := producer(q, io.Discard).Handle(ctx, json.RawMessage(event)); err == nil && !json.Valid([]byte(event)) && event != "" {
			t.Errorf("accepted %q", event)
		}
		if len(q.sent) > 0 {
			t.Errorf("sent %d messages after its end", len(q.sent))
		}
	})
}
