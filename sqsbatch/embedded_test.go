package sqsbatch_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	lambdasdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/backoff"
	"github.com/reliableq/reliableq/sqsbatch"
	"github.com/reliableq/reliableq/sqsbatch/lambdaclient"
	"github.com/reliableq/reliableq/sqsbatch/sqsclient"
)

func TestEmbeddedOnlyBadMessagesReachTheDeadLetterQueue(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	d := &diary{clock: s.aws.Clock()}
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[map[string]string]) error {
		switch d.note(m.Raw.Body); m.Body["is"] {
		case "bad":
			return errDown
		case "worse":
			panic("boom")
		}
		return nil
	}))
	s.play(h, `{"is":"good"}`, `{"is":"bad"}`, `no JSON`, `{"is":"worse"}`, `{"is":"fine"}`)
	dead := s.dead()
	for body, times := range map[string]int{`{"is":"good"}`: 1, `{"is":"fine"}`: 1, `{"is":"bad"}`: 3, `{"is":"worse"}`: 3} {
		t.Run(body, func(t *testing.T) {
			if _, isDead := dead[body]; len(d.seen[body]) != times || isDead != (times == 3) {
				t.Errorf("%s was received %d times and is dead-lettered: %v", body, len(d.seen[body]), isDead)
			}
		})
	}
	if _, isDead := dead["no JSON"]; !isDead || len(dead) != 3 {
		t.Errorf("dead-lettered are %d", len(dead))
	}
}

func TestEmbeddedAGroupStaysInOrderThroughAFailure(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{fifo: true, receives: 5})
	d := &diary{clock: s.aws.Clock()}
	var done []string
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
		if n := d.note(m.Body); m.Body == "a/2" && n < 3 {
			return errDown
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		done = append(done, m.Body)
		return nil
	}, sqsbatch.WithConcurrency(4)))
	s.play(h, "a/1", "a/2", "b/1", "a/3", "b/2")
	var ofA []string
	for _, body := range done {
		if strings.HasPrefix(body, "a/") {
			ofA = append(ofA, body)
		}
	}
	if diff := cmp.Diff([]string{"a/1", "a/2", "a/3"}, ofA); diff != "" || len(done) != 5 || len(s.dead()) != 0 {
		t.Errorf("done %v: %s", done, diff)
	}
}

// SQS counts the receives of a whole batch. Without GiveUpAt, the messages after the
// one that always fails are dead-lettered with it, unprocessed.
func TestEmbeddedGiveUpAtUnblocksTheGroup(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		options  func(s *stage) []sqsbatch.Option
		wantDead int
	}{
		"Without": {func(*stage) []sqsbatch.Option { return nil }, 10},
		"GiveUpAt": {func(s *stage) []sqsbatch.Option {
			return []sqsbatch.Option{sqsbatch.WithDeadLetter(sqsclient.DeadLetters(s.sqs, s.dlq)), sqsbatch.GiveUpAt(3)}
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, stageOptions{fifo: true, receives: 5})
			var done []string
			h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
				if m.Body == "a/00" {
					return errDown
				}
				done = append(done, m.Body)
				return nil
			}, tt.options(s)...))
			var bodies []string
			for i := range 30 {
				bodies = append(bodies, fmt.Sprintf("a/%02d", i))
			}
			s.play(h, bodies...)
			dead := s.dead()
			if len(dead) != tt.wantDead || len(done) != 30-tt.wantDead || !slices.IsSorted(done) {
				t.Errorf("%d dead-lettered, want %d; done %v", len(dead), tt.wantDead, done)
			}
			reason := dead["a/00"].MessageAttributes["dlq_reason"].StringValue
			if given := reason != nil && *reason == "gave_up"; given != (name == "GiveUpAt") {
				t.Errorf("reason %v", reason)
			}
		})
	}
}

func TestEmbeddedBreakerReturnsTheRest(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{receives: 20})
	d := &diary{clock: s.aws.Clock()}
	downUntil := s.aws.Clock().Now().Add(25 * time.Second)
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
		if d.note(m.Body); s.aws.Clock().Now().Before(downUntil) {
			return errDown
		}
		return nil
	}, sqsbatch.WithBreaker(1, 1)))
	var bodies []string
	for i := range 10 {
		bodies = append(bodies, fmt.Sprint(i))
	}
	s.play(h, bodies...)
	calls := 0
	for _, times := range d.seen {
		calls += len(times)
	}
	// Without the breaker each of the ten would be tried in each of three failures.
	if len(d.seen) != 10 || calls >= 30 || len(s.dead()) != 0 {
		t.Errorf("%d messages processed in %d calls", len(d.seen), calls)
	}
}

func TestEmbeddedWholeBatchFailureRedeliversGoodMessages(t *testing.T) {
	t.Parallel()
	for policy, wantDead := range map[sqsbatch.FailurePolicy]int{sqsbatch.FailIfAny: 3, sqsbatch.FailIfAll: 1, sqsbatch.ReportEach: 1} {
		t.Run(fmt.Sprint(policy), func(t *testing.T) {
			s := newStage(t, stageOptions{fifo: true}) // with complete batches
			h := must(t)(sqsbatch.New(failing(errDown, "b/bad"), sqsbatch.WithFailures(policy)))
			s.play(h, "a/1", "b/bad", "c/1")
			if dead := s.dead(); len(dead) != wantDead {
				t.Errorf("policy %v: %d dead-lettered, want %d", policy, len(dead), wantDead)
			}
		})
	}
}

// Without ReportBatchItemFailures the mapping deletes the messages that are reported
// as failed (LAM B37). Without the check that loses a message; with it none.
func TestEmbeddedMappingWithoutReportingIsDetected(t *testing.T) {
	t.Parallel()
	var log, metrics strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, nil))
	functions := func(s *stage) *lambdasdk.Client { return lambdasdk.NewFromConfig(s.aws.Config()) }
	for name, tt := range map[string]struct {
		options  func(s *stage) []sqsbatch.Option
		wantDead []string
	}{
		"Unchecked": {func(*stage) []sqsbatch.Option { return nil }, []string{}},
		"Checked": {func(s *stage) []sqsbatch.Option {
			return []sqsbatch.Option{sqsbatch.WithMappingCheck(lambdaclient.MappingCheck(functions(s))), sqsbatch.WithLogger(logger), sqsbatch.WithMetrics(&metrics, "test")}
		}, []string{"bad"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, stageOptions{notReports: true})
			s.play(must(t)(sqsbatch.New(failing(errDown, "bad"), tt.options(s)...)), "bad")
			dead := []string{}
			for body := range s.dead() {
				dead = append(dead, body)
			}
			slices.Sort(dead)
			if diff := cmp.Diff(tt.wantDead, dead); diff != "" {
				t.Errorf("%s", diff)
			}
		})
	}
	if strings.Count(log.String(), "lacks ReportBatchItemFailures") != 1 || strings.Count(metrics.String(), `"PartialResponseIgnored":1`) != 1 {
		t.Errorf("log %s\nmetrics %s", log.String(), metrics.String())
	}
}

// The reported message was deleted before it could become visible. That is a warning:
// only the mapping's configuration decides how failures are reported.
func TestEmbeddedDeletedMessageIsReported(t *testing.T) {
	t.Parallel()
	var log, metrics strings.Builder
	s := newStage(t, stageOptions{notReports: true})
	h := must(t)(sqsbatch.New(failing(errDown, "lost", "lost too"), sqsbatch.WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
		sqsbatch.WithMetrics(&metrics, "test"),
		sqsbatch.WithBackoff(sqsclient.Visibility(s.sqs), backoff.Policy{Base: time.Minute, Jitter: backoff.None})))
	s.play(h, "lost")
	s.play(h, "lost too")
	dead := s.dead()
	if len(dead) != 0 || !strings.Contains(log.String(), "is gone") || !strings.Contains(metrics.String(), `"PartialResponseSuspected":1`) {
		t.Errorf("dead-lettered %v; %s%s", dead, log.String(), metrics.String())
	}
}
