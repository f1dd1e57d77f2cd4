package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/deploy/internal/flowtest"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/verdict"
	"github.com/reliableq/reliableq/functions/consumer/consume"
	"github.com/reliableq/reliableq/localaws/clock"
)

// runToVerdict runs the demo and returns the verdict.
func (w *deployment) runToVerdict(r *Run, request Request) verdict.Verdict {
	w.t.Helper()
	facts, err := r.Do(w.t.Context(), request)
	if err != nil {
		w.t.Fatal(err)
	}
	return verdict.Judge(facts)
}

func TestARunEndsWithTheFactsOfEveryMessage(t *testing.T) {
	t.Parallel()
	w := deploy(t, clock.Skip, consume.PerMessage)
	got := w.runToVerdict(w.run(), Request{Count: 89, BadRatio: 0.05, Seed: 7})
	want := verdict.Verdict{
		Sent: 89, Bad: 4, Processed: 85, DeadLettered: 4, MaxReplays: 3, MinReplays: 3, TotalReplays: 12, Problems: []string{},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, line := range []string{"invoking producer with", "run ...", "all queues empty"} {
		t.Run(line, func(t *testing.T) {
			if !strings.Contains(w.printed.String(), line) {
				t.Errorf("%q was not printed:\n%s", line, w.printed.String())
			}
		})
	}
}

// A receive takes ten messages: all dead-lettered messages must be read even if there
// are more, and the clock that was held for it must be released.
func TestMoreDeadLettersThanAReceiveTakesAreAllRead(t *testing.T) {
	t.Parallel()
	w := deploy(t, clock.Skip, consume.PerMessage)
	got := w.runToVerdict(w.run(), Request{Count: 50, BadRatio: 0.7, Seed: 1})
	if got.DeadLettered != 35 || got.Lost != 0 || !got.Good() {
		t.Errorf("verdict %+v", got)
	}
	if w.AWS.Clock().Held() {
		t.Error("the clock is still held")
	}
}

func TestASecondRunCountsOnlyItsMessages(t *testing.T) {
	t.Parallel()
	w := deploy(t, clock.Skip, consume.PerMessage)
	first := w.runToVerdict(w.run(), Request{Count: 20, BadRatio: 0.25, Seed: 1})
	second := w.runToVerdict(w.run(), Request{Count: 10, BadRatio: 0.1, Seed: 1})
	if first.Sent != 20 || first.DeadLettered != 5 || second.Sent != 10 || second.DeadLettered != 1 || !second.Good() {
		t.Errorf("first %+v, second %+v", first, second)
	}
	if second.TotalReplays != 3 || second.Processed != 9 {
		t.Errorf("lines of the first run are counted in the second: %+v", second)
	}
	depths, err := w.run().Client.Depths(t.Context(), w.Deployment)
	if err != nil || depths[2].Visible != 6 {
		t.Errorf("the dead-letter queue is left with %+v, %v", depths[2], err)
	}
}

func TestAWholeBatchIsJudgedByItsOwnRule(t *testing.T) {
	t.Parallel()
	w := deploy(t, clock.Skip, consume.WholeBatch)
	got := w.runToVerdict(w.run(), Request{Count: 40, BadRatio: 0.25, Seed: 3})
	if got.Sent != 40 || got.Lost != 0 || !got.Good() || got.Duplicates == 0 || got.WholeBatchEffect() == "" {
		t.Errorf("verdict %+v", got)
	}
}

func TestAdvanceClockMovesAClockThatDoesNotSkip(t *testing.T) {
	t.Parallel()
	w := deploy(t, clock.Manual, consume.PerMessage)
	r := w.run()
	steps := 0
	r.AdvanceClock = func(ctx context.Context) error {
		steps++
		return w.AWS.Clock().Advance(ctx, 30*time.Second)
	}
	got := w.runToVerdict(r, Request{Count: 30, BadRatio: 0.8, Seed: 5})
	if got.DeadLettered != 24 || got.Processed != 6 || !got.Good() || steps == 0 {
		t.Errorf("after %d steps: %+v", steps, got)
	}
}

func TestAnErrorOfAdvanceClockEndsTheRun(t *testing.T) {
	t.Parallel()
	w := deploy(t, clock.Manual, consume.PerMessage)
	r := w.run()
	r.AdvanceClock = func(context.Context) error { return errors.New("the clock is broken") }
	if _, err := r.Do(t.Context(), Request{Count: 3}); err == nil || !strings.Contains(err.Error(), "follow the messages: the clock is broken") {
		t.Errorf("error %v", err)
	}
}

// Messages that a consumer deletes without a log line count as lost, after the run has
// waited for late lines.
func TestAMessageThatVanishesIsLost(t *testing.T) {
	t.Parallel()
	w := deploy(t, clock.Skip, consume.PerMessage)
	w.ReplaceHandler("consumer", func(context.Context, []byte) ([]byte, error) { return []byte(`{"batchItemFailures":[]}`), nil })
	got := w.runToVerdict(w.run(), Request{Count: 7, Seed: 1})
	if got.Sent != 7 || got.Lost != 7 || got.Good() {
		t.Errorf("verdict %+v", got)
	}
}

func TestAFailedProducerIsQuoted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		producer flowtest.Handler
		want     []string
		next     string
	}{
		"it fails": {
			func(context.Context, []byte) ([]byte, error) { return nil, errors.New("no queue") },
			[]string{"the producer failed", "no queue", "START RequestId"}, "reliableq logs producer",
		},
		"its answer is no JSON object": {
			func(context.Context, []byte) ([]byte, error) { return []byte(`"fine"`), nil },
			[]string{"decode the producer's response", `"fine"`}, "",
		},
		"its body is no JSON": {
			func(context.Context, []byte) ([]byte, error) { return []byte(`{"statusCode":200,"body":"fine"}`), nil },
			[]string{"decode the producer's response"}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := deploy(t, clock.Skip, consume.PerMessage)
			w.ReplaceHandler("producer", c.producer)
			_, err := w.run().Do(t.Context(), Request{Count: 1})
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v lacks %q", err, want)
				}
			}
			if !strings.Contains(hint.Of(err), c.next) {
				t.Errorf("hint %q", hint.Of(err))
			}
		})
	}
}

func TestAMissingProducerLogIsAnError(t *testing.T) {
	t.Parallel()
	w := deploy(t, clock.Skip, consume.PerMessage)
	w.ReplaceHandler("producer", func(context.Context, []byte) ([]byte, error) {
		return []byte(`{"statusCode":200,"body":"{\"message\":{\"status\":true,\"tot_msgs\":5,\"bad_msgs\":1}}"}`), nil
	})
	_, err := w.run().Do(t.Context(), Request{Count: 6})
	if err == nil || !strings.Contains(err.Error(), "5 messages were accepted, but its log names 0") || !strings.Contains(hint.Of(err), "LOG_LEVEL") {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}
	if !strings.Contains(w.printed.String(), "had time for 5 of 6 messages") {
		t.Errorf("printed %s", w.printed.String())
	}
}

// Lines may arrive after the queues are empty, as on AWS.
func TestLateLinesOfTheProducerCount(t *testing.T) {
	t.Parallel()
	w := deploy(t, clock.Skip, consume.PerMessage)
	late := make(chan string, 1)
	w.ReplaceHandler("producer", func(ctx context.Context, _ []byte) ([]byte, error) {
		out, err := w.SQS.SendMessage(ctx, &sqs.SendMessageInput{
			QueueUrl: aws.String(w.Deployment.QueueURLs["source"]), MessageBody: aws.String(`{"order_id":"o"}`),
		})
		if err != nil {
			return nil, err
		}
		lc, _ := lambdacontext.FromContext(ctx)
		late <- fmt.Sprintf(`START RequestId: %s|{"msg":"accepted","message_ids":[%q],"bad_message_ids":[%q]}`, lc.AwsRequestID, *out.MessageId, *out.MessageId)
		return []byte(`{"statusCode":200,"body":"{\"message\":{\"status\":true,\"tot_msgs\":1,\"bad_msgs\":1}}"}`), nil
	})
	r := w.run()
	r.Timing.Grace = time.Minute
	looks := 0
	r.AdvanceClock = func(context.Context) error {
		if looks++; looks == 3 {
			for line := range strings.SplitSeq(<-late, "|") {
				w.WriteLog("producer", line)
			}
		}
		return nil
	}
	if got := w.runToVerdict(r, Request{Count: 1}); got.Sent != 1 || got.DeadLettered != 1 || !got.Good() {
		t.Errorf("verdict %+v", got)
	}
}

func TestATimeoutNamesWhereTheMessagesAre(t *testing.T) {
	t.Parallel()
	w := deploy(t, clock.Manual, consume.PerMessage)
	r := w.run()
	r.Timing.Timeout = 100 * time.Millisecond
	_, err := r.Do(t.Context(), Request{Count: 3, Seed: 1})
	if err == nil || !strings.Contains(err.Error(), "the queues were not empty after 0.1 s: source 3, retry_1 0, dlq 0") || !strings.Contains(hint.Of(err), "--timeout") {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}
	if !strings.Contains(w.printed.String(), "run: failed") {
		t.Errorf("printed %s", w.printed.String())
	}
}

func TestTheCauseOfTheContextsEndIsReturned(t *testing.T) {
	t.Parallel()
	w := deploy(t, clock.Manual, consume.PerMessage)
	ended := errors.New("the embedded AWS ended")
	ctx, cancel := context.WithCancelCause(t.Context())
	r := w.run()
	r.AdvanceClock = func(context.Context) error { cancel(ended); return nil }
	if _, err := r.Do(ctx, Request{Count: 3}); !errors.Is(err, ended) {
		t.Errorf("error %v", err)
	}
}

func TestAFlowThatCannotBeReadEndsTheRun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*deployment)
		want   string
	}{
		"a queue is gone":      {func(w *deployment) { w.Deployment.QueueURLs["retry_1"] += "_gone" }, "read the depth of queue retry_1"},
		"the producer is gone": {func(w *deployment) { w.Deployment.Functions["producer"] = "nobody" }, "invoke nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := deploy(t, clock.Manual, consume.PerMessage)
			c.change(w)
			if _, err := w.run().Do(t.Context(), Request{Count: 1}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestTheEndOfALogIsIndentedBelowItsError(t *testing.T) {
	t.Parallel()
	for encoded, want := range map[string]string{
		"":                 "",
		"not base64!":      "",
		"b25lCnR3bwo=":     "\n  one\n  two",
		"T25lIGxpbmUgICA=": "\n  One line",
	} {
		t.Run(encoded, func(t *testing.T) {
			if got := indentedTail(encoded); got != want {
				t.Errorf("%q: %q, want %q", encoded, got, want)
			}
		})
	}
}
