package dynamostore_test

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/reliableq/reliableq/sqsbatch"
	"github.com/reliableq/reliableq/sqsbatch/dynamostore"
	"github.com/reliableq/reliableq/sqsbatch/sqsclient"
)

// tableVariable names a table of DynamoDB itself, on which the tests run too.
const tableVariable = "RELIABLEQ_DYNAMODB_TABLE"

// place is a table on which the tests run.
type place struct {
	client    dynamostore.API
	table     string
	namespace string
}

// store returns a store in a namespace of its own.
func (p place) store(t *testing.T, namespace string, ttl time.Duration) *dynamostore.Store {
	t.Helper()
	s, err := dynamostore.New(p.client, dynamostore.Options{Table: p.table, Namespace: p.namespace + namespace, TTL: ttl})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// eachTable runs a test on the table in memory, where waiting takes no time, and on
// DynamoDB itself.
func eachTable(t *testing.T, promise func(t *testing.T, p place)) {
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			promise(t, place{client: client(newTable(), "http://dynamodb.invalid"), table: tableName, namespace: "test-"})
		})
	})
	t.Run("DynamoDB", func(t *testing.T) {
		t.Parallel()
		name := os.Getenv(tableVariable)
		if name == "" {
			t.Skipf("set %s to the name of a table as in docs/sqsbatch.md to run this test on DynamoDB", tableVariable)
		}
		cfg, err := config.LoadDefaultConfig(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		cfg.HTTPClient = sqsclient.ReadFullResponses(cfg.HTTPClient)
		promise(t, place{client: dynamodb.NewFromConfig(cfg), table: name, namespace: "test-" + rand.Text()})
	})
}

func wait(d time.Duration) { <-time.After(d) }

func in(d time.Duration) time.Time { return time.Now().Add(d) }

// claim claims a key that must be free.
func claim(t *testing.T, s *dynamostore.Store, key string, d time.Duration) string {
	t.Helper()
	token, err := s.Claim(t.Context(), key, in(d))
	if err != nil || token == "" {
		t.Fatalf("claim of %q: token %q, %v", key, token, err)
	}
	return token
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestOneCallerHoldsAClaim(t *testing.T) {
	t.Parallel()
	eachTable(t, func(t *testing.T, p place) {
		s := p.store(t, "", time.Hour)
		first := claim(t, s, "a", 2*time.Second)
		_, err := s.Claim(t.Context(), "a", in(time.Second))
		wantErr(t, "claim of a claimed key", err, sqsbatch.ErrClaimed)

		// The owner crashed: its claim ends, and its token is worth nothing.
		wait(2500 * time.Millisecond)
		second := claim(t, s, "a", time.Minute)
		wantErr(t, "complete with an old token", s.Complete(t.Context(), "a", first), sqsbatch.ErrLost)
		wantErr(t, "release with an old token", s.Release(t.Context(), "a", first), sqsbatch.ErrLost)

		wantErr(t, "complete", s.Complete(t.Context(), "a", second), nil)
		_, err = s.Claim(t.Context(), "a", in(time.Second))
		wantErr(t, "claim of a complete key", err, sqsbatch.ErrDone)
		wantErr(t, "complete again", s.Complete(t.Context(), "a", second), nil)
		wantErr(t, "release of a complete key", s.Release(t.Context(), "a", second), sqsbatch.ErrDone)
		wantErr(t, "complete with the old token", s.Complete(t.Context(), "a", first), sqsbatch.ErrLost)
		_, err = s.Claim(t.Context(), "a", in(time.Second))
		wantErr(t, "claim after all that", err, sqsbatch.ErrDone)
	})
}

func TestLateCompletionSucceedsIfNobodyHasClaimedTheKey(t *testing.T) {
	t.Parallel()
	eachTable(t, func(t *testing.T, p place) {
		s := p.store(t, "", time.Hour)
		token := claim(t, s, "a", time.Second)
		wait(1500 * time.Millisecond)
		wantErr(t, "complete", s.Complete(t.Context(), "a", token), nil)
		_, err := s.Claim(t.Context(), "a", in(time.Second))
		wantErr(t, "claim of a complete key", err, sqsbatch.ErrDone)
	})
}

func TestReleasedKeyIsFree(t *testing.T) {
	t.Parallel()
	eachTable(t, func(t *testing.T, p place) {
		s := p.store(t, "", time.Hour)
		first := claim(t, s, "a", time.Minute)
		wantErr(t, "release", s.Release(t.Context(), "a", first), nil)
		wantErr(t, "release again", s.Release(t.Context(), "a", first), nil)
		wantErr(t, "complete a released key", s.Complete(t.Context(), "a", first), sqsbatch.ErrLost)
		claim(t, s, "a", time.Minute)
		wantErr(t, "release another's claim", s.Release(t.Context(), "a", first), sqsbatch.ErrLost)
	})
}

func TestCompleteKeyExpires(t *testing.T) {
	t.Parallel()
	eachTable(t, func(t *testing.T, p place) {
		s := p.store(t, "", time.Second)
		wantErr(t, "complete", s.Complete(t.Context(), "a", claim(t, s, "a", time.Minute)), nil)
		_, err := s.Claim(t.Context(), "a", in(time.Minute))
		wantErr(t, "claim of a complete key", err, sqsbatch.ErrDone)
		wait(2500 * time.Millisecond) // DynamoDB has not deleted it yet
		claim(t, s, "a", time.Minute)
	})
}

func TestNamespacesDoNotSeeEachOther(t *testing.T) {
	t.Parallel()
	eachTable(t, func(t *testing.T, p place) {
		ship, bill := p.store(t, "ship", time.Hour), p.store(t, "bill", time.Hour)
		token := claim(t, ship, "a", time.Minute)
		wantErr(t, "complete in another namespace", bill.Complete(t.Context(), "a", token), sqsbatch.ErrLost)
		wantErr(t, "complete", ship.Complete(t.Context(), "a", token), nil)
		claim(t, bill, "a", time.Minute)
		claim(t, bill, "#a", time.Minute)
	})
}

func TestKeyWithAnotherPayloadIsRefused(t *testing.T) {
	t.Parallel()
	eachTable(t, func(t *testing.T, p place) {
		s := p.store(t, "", time.Hour)
		refused := func(what string, err, also error) {
			t.Helper()
			var other *sqsbatch.PayloadError
			if !errors.As(err, &other) || *other != (sqsbatch.PayloadError{Key: "a", Hash: "h2", Stored: "h1"}) {
				t.Errorf("%s: %v", what, err)
			} else if text := err.Error(); !strings.Contains(text, "h1") || !strings.Contains(text, "h2") {
				t.Errorf("%s: %v does not name both", what, err)
			}
			if errors.Is(err, sqsbatch.ErrClaimed) != (also != nil) || errors.Is(err, sqsbatch.ErrDone) {
				t.Errorf("%s: %v", what, err)
			}
		}

		token, err := s.ClaimPayload(t.Context(), "a", "h1", in(time.Minute))
		wantErr(t, "claim", err, nil)
		_, err = s.ClaimPayload(t.Context(), "a", "h2", in(time.Minute))
		refused("claimed", err, sqsbatch.ErrClaimed)
		_, err = s.ClaimPayload(t.Context(), "a", "h1", in(time.Minute))
		wantErr(t, "claimed with the same payload", err, sqsbatch.ErrClaimed)

		wantErr(t, "complete", s.Complete(t.Context(), "a", token), nil)
		_, err = s.ClaimPayload(t.Context(), "a", "h2", in(time.Minute))
		refused("complete", err, nil)
		_, err = s.ClaimPayload(t.Context(), "a", "h1", in(time.Minute))
		wantErr(t, "complete with the same payload", err, sqsbatch.ErrDone)
		_, err = s.Claim(t.Context(), "a", in(time.Minute))
		wantErr(t, "without a payload", err, sqsbatch.ErrDone)
	})
}

func TestConcurrentClaimsHaveOneHolder(t *testing.T) {
	t.Parallel()
	eachTable(t, func(t *testing.T, p place) {
		s := p.store(t, "", time.Hour)
		if holders := claimTogether(t, s, "a", 16); len(holders) != 1 {
			t.Errorf("%d holders", len(holders))
		}
	})
}

// claimTogether claims a key n times at once, and returns the tokens of those who got it.
func claimTogether(t testing.TB, s *dynamostore.Store, key string, n int) []string {
	var mu sync.Mutex
	var tokens []string
	var wg sync.WaitGroup
	until := in(time.Minute)
	for range n {
		wg.Go(func() {
			token, err := s.Claim(t.Context(), key, until)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				tokens = append(tokens, token)
			} else if !errors.Is(err, sqsbatch.ErrClaimed) {
				t.Errorf("claim: %v", err)
			}
		})
	}
	wg.Wait()
	return tokens
}

func TestKeysOfAnyText(t *testing.T) {
	t.Parallel()
	eachTable(t, func(t *testing.T, p place) {
		s := p.store(t, "n", time.Hour)
		for _, key := range []string{"", "#", "é\u0000\n", strings.Repeat("k", 1900)} {
			token := claim(t, s, key, time.Minute)
			wantErr(t, "complete", s.Complete(t.Context(), key, token), nil)
			_, err := s.Claim(t.Context(), key, in(time.Minute))
			wantErr(t, "claim of a complete key", err, sqsbatch.ErrDone)
		}
		_, err := s.Claim(t.Context(), strings.Repeat("k", 2048), in(time.Minute))
		if err == nil || errors.Is(err, sqsbatch.ErrDone) || errors.Is(err, sqsbatch.ErrClaimed) || !strings.Contains(err.Error(), "2048") {
			t.Errorf("claim of a key that is too long: %v", err)
		}
	})
}

// The second message is not a copy of the first: with its outcome, or as done because
// somebody has claimed the key, it would be lost.
func TestSecondMessageWithTheKeyOfAFailingOneGetsItsOwnTry(t *testing.T) {
	t.Parallel()
	eachTable(t, func(t *testing.T, p place) {
		var ran []string
		handler, err := sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
			ran = append(ran, m.ID())
			if m.ID() == "first" {
				return errors.New("down")
			}
			return nil
		}, sqsbatch.WithIdempotency(p.store(t, "", time.Hour), func(*events.SQSMessage) string { return "order 1" }),
			sqsbatch.WithPayloadCheck(nil))
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			deliver, body string
			failed        bool
		}{
			{"first", "x", true},
			{"second", "x", false},
			{"first", "x", false},      // done under the key
			{"third", "another", true}, // not done: another payload
		} {
			response, err := handler(t.Context(), events.SQSEvent{Records: []events.SQSMessage{{MessageId: step.deliver, Body: step.body, EventSource: "aws:sqs"}}})
			if err != nil || len(response.BatchItemFailures) > 0 != step.failed {
				t.Errorf("%v: %v, %v", step, response, err)
			}
		}
		if !slices.Equal(ran, []string{"first", "second"}) {
			t.Errorf("ran %v", ran)
		}
	})
}
