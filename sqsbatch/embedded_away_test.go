package sqsbatch_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/backoff"
	"github.com/reliableq/reliableq/sqsbatch"
	"github.com/reliableq/reliableq/sqsbatch/sqsclient"
)

func TestEmbeddedBackoffInPlaceSpreadsTheReceives(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{receives: 5})
	d := &diary{clock: s.aws.Clock()}
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
		d.note(m.Body)
		return failing(errDown, "bad")(t.Context(), m)
	}, sqsbatch.WithBackoff(sqsclient.Visibility(s.sqs), backoff.Policy{Base: time.Minute, Jitter: backoff.None})))
	s.play(h, "good", "bad")
	if diff := cmp.Diff([]int{60, 120, 240, 480}, d.gaps("bad")); diff != "" {
		t.Error(diff)
	}
	if dead := s.dead(); len(dead) != 1 || len(d.seen["good"]) != 1 {
		t.Errorf("dead-lettered %v", dead)
	}
}

// The message is in the dead-letter queue immediately, and not after the longest
// delay.
func TestEmbeddedLastFailureIsDeadLetteredImmediately(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{receives: 4})
	d := &diary{clock: s.aws.Clock()}
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
		d.note(m.Body)
		return errDown
	}, sqsbatch.WithBackoff(sqsclient.Visibility(s.sqs), backoff.Policy{Base: time.Minute, Jitter: backoff.None})))
	s.play(h, "bad")
	last := d.seen["bad"][len(d.seen["bad"])-1]
	if waited := s.aws.Clock().Now().Sub(last); len(d.seen["bad"]) != 4 || len(s.dead()) != 1 || waited > time.Minute {
		t.Errorf("received %d times, dead-lettered after %v", len(d.seen["bad"]), waited)
	}
}

func TestEmbeddedRetryAfterSetsTheDelay(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	d := &diary{clock: s.aws.Clock()}
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
		if d.note(m.Body) == 1 {
			return sqsbatch.RetryAfter(time.Hour, errDown)
		}
		return nil
	}, sqsbatch.WithBackoff(sqsclient.Visibility(s.sqs), backoff.Policy{Base: time.Minute, Jitter: backoff.None})))
	s.play(h, "throttled")
	if diff := cmp.Diff([]int{3600}, d.gaps("throttled")); diff != "" || len(s.dead()) != 0 {
		t.Error(diff)
	}
}

func TestEmbeddedVisibilityTimeoutIsWithinTheLimit(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	d := &diary{clock: s.aws.Clock()}
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
		if d.note(m.Body) == 1 {
			return sqsbatch.RetryAfter(24*time.Hour, errDown)
		}
		return nil
	}, sqsbatch.WithBackoff(sqsclient.Visibility(s.sqs), backoff.Policy{Base: time.Minute})))
	s.play(h, "patient")
	// SQS refuses a change that exceeds twelve hours since the receive (SQS J10): then
	// the message would become visible after ten seconds.
	if diff := cmp.Diff([]int{12*3600 - 6*60}, d.gaps("patient")); diff != "" {
		t.Error(diff)
	}
}

// counted is the SDK's client, and counts the changes of each request.
type counted struct {
	sqsclient.API
	mu      sync.Mutex // guards entries
	entries []int
	err     error
}

func (c *counted) ChangeMessageVisibilityBatch(
	ctx context.Context, in *sqs.ChangeMessageVisibilityBatchInput, options ...func(*sqs.Options),
) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	c.mu.Lock()
	c.entries = append(c.entries, len(in.Entries))
	c.mu.Unlock()
	if c.err != nil {
		return nil, c.err
	}
	return c.API.ChangeMessageVisibilityBatch(ctx, in, options...)
}

func TestEmbeddedABatchIsPostponedInOneRequest(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{fifo: true})
	d, client := &diary{clock: s.aws.Clock()}, &counted{API: s.sqs}
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
		if d.note(m.Body) == 1 {
			return errDown
		}
		return nil
	}, sqsbatch.WithBackoff(sqsclient.Visibility(client), backoff.Policy{Base: time.Minute, Jitter: backoff.None})))
	s.play(h, "a/1", "b/1", "c/1", "d/1")
	// The four, and one change with which the next batch checks that its mapping has
	// not deleted them.
	if diff := cmp.Diff([]int{4, 1}, client.entries); diff != "" {
		t.Error(diff)
	}
	for _, body := range []string{"a/1", "b/1", "c/1", "d/1"} {
		t.Run(body, func(t *testing.T) {
			if diff := cmp.Diff([]int{60}, d.gaps(body)); diff != "" {
				t.Errorf("%s", diff)
			}
		})
	}
}

func TestEmbeddedMessageIsRedeliveredIfPostponingFails(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	var log strings.Builder
	d, client := &diary{clock: s.aws.Clock()}, &counted{API: s.sqs, err: errors.New("no network")}
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
		if d.note(m.Body) == 1 {
			return errDown
		}
		return nil
	}, sqsbatch.WithBackoff(sqsclient.Visibility(client), backoff.Policy{Base: time.Hour}), sqsbatch.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))))
	s.play(h, "a")
	if diff := cmp.Diff([]int{10}, d.gaps("a")); diff != "" || !strings.Contains(log.String(), "not postponed") {
		t.Errorf("%s; %s", diff, log.String())
	}
}

func TestEmbeddedPermanentErrorIsDeadLetteredImmediately(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	d := &diary{clock: s.aws.Clock()}
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
		if d.note(m.Body); m.Body == "hopeless" {
			return sqsbatch.Permanent(errors.New("no such customer"))
		}
		return nil
	}, sqsbatch.WithDeadLetter(sqsclient.DeadLetters(s.sqs, s.dlq))))
	s.play(h, "good", "hopeless")
	dead := s.dead()
	letter, ok := dead["hopeless"]
	if !ok || len(dead) != 1 || len(d.seen["hopeless"]) != 1 {
		t.Fatalf("dead-lettered %v after %d receives", dead, len(d.seen["hopeless"]))
	}
	for name, want := range map[string]string{"dlq_reason": "permanent", "dlq_error": "no such customer", "dlq_receive_count": "1", "dlq_function": "handler"} {
		t.Run(name, func(t *testing.T) {
			if got := aws.ToString(letter.MessageAttributes[name].StringValue); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		})
	}
	if origin := aws.ToString(letter.MessageAttributes["origin_message_id"].StringValue); origin == "" || origin == *letter.MessageId {
		t.Errorf("origin %q of %q", origin, *letter.MessageId)
	}
}

func TestEmbeddedUndecodableBodyIsDeadLetteredImmediately(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	h := must(t)(sqsbatch.New(func(context.Context, sqsbatch.Message[int]) error { return nil },
		sqsbatch.WithDeadLetter(sqsclient.DeadLetters(s.sqs, s.dlq))))
	s.send("no number", func(in *sqs.SendMessageInput) {
		in.MessageAttributes = map[string]types.MessageAttributeValue{"mine": {DataType: aws.String("Binary"), BinaryValue: []byte{0, 1}}}
	})
	s.play(h, "1")
	dead := s.dead()
	letter := dead["no number"]
	if len(dead) != 1 || aws.ToString(letter.MessageAttributes["dlq_reason"].StringValue) != "invalid_body" ||
		string(letter.MessageAttributes["mine"].BinaryValue) != "\x00\x01" {
		t.Errorf("dead-lettered %+v", dead)
	}
}

// The dead-letter queue does not exist: SQS moves the message by redrive.
func TestEmbeddedFailedDeadLetterSendLosesNoMessage(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	d := &diary{clock: s.aws.Clock()}
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
		d.note(m.Body)
		return sqsbatch.Permanent(errDown)
	}, sqsbatch.WithDeadLetter(sqsclient.DeadLetters(s.sqs, s.dlq+"-gone"))))
	s.play(h, "hopeless")
	dead := s.dead()
	if letter, ok := dead["hopeless"]; !ok || len(letter.MessageAttributes) != 0 || len(d.seen["hopeless"]) != 3 {
		t.Errorf("dead-lettered %+v after %d receives", dead, len(d.seen["hopeless"]))
	}
}

func TestEmbeddedDeadLetteredMessageDoesNotBlockItsGroup(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{fifo: true})
	d := &diary{clock: s.aws.Clock()}
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
		if d.note(m.Body); m.Body == "a/1" {
			return sqsbatch.Permanent(errDown)
		}
		return nil
	}, sqsbatch.WithDeadLetter(sqsclient.DeadLetters(s.sqs, s.dlq))))
	s.play(h, "a/1", "a/2")
	dead := s.dead()
	if letter, ok := dead["a/1"]; !ok || letter.Attributes["MessageGroupId"] != "a" || len(dead) != 1 || len(d.seen["a/1"]) != 1 || len(d.seen["a/2"]) != 1 {
		t.Errorf("received %v, dead-lettered %+v", d.seen, dead)
	}
}
