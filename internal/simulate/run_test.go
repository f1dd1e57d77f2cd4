package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/functions/order"
	"github.com/reliableq/reliableq/functions/outbox"
	"github.com/reliableq/reliableq/functions/retry/replay"
	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/sqs"
	"github.com/reliableq/reliableq/sqsbatch"
)

// simulate runs a scenario and returns its result and its event log as JSON lines.
func simulate(t testing.TB, s Scenario, o Options) (Result, string) {
	t.Helper()
	o.Log = true
	r, err := Run(t.Context(), s, o)
	if err != nil {
		t.Fatal(err)
	}

	var log bytes.Buffer
	enc := json.NewEncoder(&log)
	for i := range r.Log {
		if err := enc.Encode(&r.Log[i]); err != nil {
			t.Fatal(err)
		}
	}
	return r, log.String()
}

func drawn(t testing.TB, kind string, seed uint64, messages int) Scenario {
	t.Helper()
	s, err := Draw(kind, seed, messages)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestManySeedsHold(t *testing.T) {
	t.Parallel()
	runs := 1500
	if testing.Short() {
		runs = 100
	}
	totals, err := Many(t.Context(), Batch{Kind: Mixed, Seed: 1, Messages: 15, Runs: runs, MaxFailed: 5}, Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range totals.Failed {
		t.Errorf("seed %d, %s: %v", r.Scenario.Seed, r.Scenario.Kind, r.Violations)
	}
	if n := totals.Processed + totals.DeadOrders - totals.ProcessedAndDead; n != totals.Messages {
		t.Errorf("%d orders were processed or dead-lettered, want all %d: %+v", n, totals.Messages, totals)
	}
	if totals.Runs != runs || totals.Injected == 0 || totals.Dead == 0 || totals.Processed == 0 {
		t.Errorf("want all runs, with faults, processed and dead-lettered orders: %+v", totals)
	}
}

func TestSameSeedGivesSameLog(t *testing.T) {
	t.Parallel()
	for seed := uint64(1); seed <= 60; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			s := drawn(t, Mixed, seed, 20)
			one, first := simulate(t, s, Options{})
			two, second := simulate(t, s, Options{})
			if first != second {
				t.Fatalf("%s: %s", s.Kind, cmp.Diff(strings.Split(first, "\n"), strings.Split(second, "\n")))
			}
			if len(one.Log) < 20*2 {
				t.Errorf("the log has only %d events", len(one.Log))
			}

			one.Took = 0
			two.Took = 0
			if diff := cmp.Diff(one, two); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSeedsGiveDifferentLogs(t *testing.T) {
	t.Parallel()
	_, one := simulate(t, drawn(t, Design, 1, 20), Options{})
	_, two := simulate(t, drawn(t, Design, 2, 20), Options{})
	if one == two {
		t.Error("seeds 1 and 2 gave the same log")
	}
}

func TestLogDoesNotChangeTheRun(t *testing.T) {
	t.Parallel()
	s := drawn(t, Faulty, 3, 30)
	logged, _ := simulate(t, s, Options{})
	plain, err := Run(t.Context(), s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	logged.Log, logged.Took, plain.Took = nil, 0, 0
	if diff := cmp.Diff(plain, logged); diff != "" {
		t.Error(diff)
	}
}

// With the default numbers a bad message is received five times from the source queue
// and once from the retry queue for each of three replays, and then five and three
// times until it is dead-lettered.
func TestDesignDeadLettersABadMessageAfterItsReceives(t *testing.T) {
	t.Parallel()
	s := drawn(t, Design, 7, 50)
	r, _ := simulate(t, s, Options{})
	bad := int(math.Round(50 * s.BadShare))
	if want := (50 - bad) + bad*(3*(5+1)+5+3); r.Receives != want || r.Dead != bad || r.Processed != 50-bad || len(r.Violations) > 0 {
		t.Errorf("%d receives, want %d; %d dead-lettered, %d processed; %v", r.Receives, want, r.Dead, r.Processed, r.Violations)
	}
}

// deleting is a retry function with a bug: it deletes a message before SQS has
// accepted its copy.
func deleting(level replay.Level, to *outbox.Outbox, aws *localaws.Server) (sqsbatch.Handler, error) {
	sound, err := replay.New(level, to, noLog)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, event events.SQSEvent) (events.SQSEventResponse, error) {
		url := aws.URL() + "/" + aws.Account() + "/" + levelName(level.Number)
		for i := range event.Records {
			m := &event.Records[i]
			count := 0
			if v := m.MessageAttributes[order.ReplayCount].StringValue; v != nil {
				var err error
				if count, err = strconv.Atoi(*v); err != nil {
					return events.SQSEventResponse{}, err
				}
			}
			if count < level.MaxAttempts { // the correct handler will send a copy, if SQS accepts it
				if _, err := aws.Do(ctx, "sqs", "DeleteMessage", &sqs.DeleteMessageInput{QueueURL: url, ReceiptHandle: m.ReceiptHandle}); err != nil {
					return events.SQSEventResponse{}, err
				}
			}
		}
		return sound(ctx, event)
	}, nil
}

func TestDeleteBeforeSendIsFoundWithinAThousandRuns(t *testing.T) {
	t.Parallel()
	totals, err := Many(t.Context(), Batch{Kind: Mixed, Seed: 1, Messages: 15, Runs: 1000, MaxFailed: 1}, Options{Retry: deleting}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(totals.Failed) == 0 {
		t.Fatalf("%d runs found nothing", totals.Runs)
	}
	failed := totals.Failed[0]
	t.Logf("found in run %d, by %v", totals.Runs, failed.Violations[0])
	i := slices.IndexFunc(failed.Violations, func(v Violation) bool { return v.Rule == "lost" })
	if i < 0 {
		t.Fatalf("the violations do not report that a message was lost: %v", failed.Violations)
	}
	lost := failed.Violations[i]
	again, _ := simulate(t, failed.Scenario, Options{Retry: deleting})
	if diff := cmp.Diff(failed.Violations, again.Violations); diff != "" {
		t.Fatalf("the replay breaks other rules: %s", diff)
	}
	var timeline strings.Builder
	if err := WriteTimeline(&timeline, again.Log, lost.Order); err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(lost.Text, "accepted as ")
	id, _, _ := strings.Cut(rest, ",")
	lines := strings.Split(strings.TrimSpace(timeline.String()), "\n")
	if len(id) != 36 || !strings.Contains(lines[0], id) || !strings.Contains(lines[0], "sent") {
		t.Errorf("the timeline does not begin with the sending of %s:\n%s", id, &timeline)
	}
	t.Logf("\n%s", &timeline)
	if !strings.Contains(timeline.String(), "deleted   reliable_q_retry_") {
		t.Errorf("the timeline does not show the deletion:\n%s", &timeline)
	}
}

func TestManyReportsInOrderOfSeeds(t *testing.T) {
	t.Parallel()
	var seeds []uint64
	if _, err := Many(t.Context(), Batch{Kind: Calm, Seed: 5, Messages: 3, Runs: 20}, Options{}, func(r Result) {
		seeds = append(seeds, r.Scenario.Seed)
	}); err != nil {
		t.Fatal(err)
	}
	if len(seeds) != 20 || seeds[0] != 5 || !slices.IsSorted(seeds) {
		t.Errorf("seeds %v", seeds)
	}
}

func TestManyStopsWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	runs := 0
	_, err := Many(ctx, Batch{Kind: Calm, Messages: 3, Runs: 1 << 30}, Options{}, func(Result) {
		if runs++; runs == 3 {
			cancel()
		}
	})
	if err == nil || runs > 20 {
		t.Errorf("%d runs, error %v", runs, err)
	}
}

func TestDrawRefusesInvalidArguments(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		kind     string
		messages int
	}{
		"unknown kind": {"stormy", 1},
		"no messages":  {Mixed, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Draw(tt.kind, 1, tt.messages); err == nil {
				t.Errorf("%s with %d messages was drawn", tt.kind, tt.messages)
			}
		})
	}
}
