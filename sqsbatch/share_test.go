package sqsbatch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/sqsbatch"
)

// works is a handler that takes the time in the body, or blocks until its context
// ends.
func works(ctx context.Context, m sqsbatch.Message[string]) error {
	if m.Body == "fails" {
		return errDown
	}
	took, err := time.ParseDuration(m.Body)
	if err != nil {
		<-ctx.Done()
		return ctx.Err()
	}

	select {
	case <-time.After(took):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// The defaults must be enough: no message that can succeed is dead-lettered because
// others of its batch block or are slow.
func TestHangingAndSlowMessagesDoNotAffectOthers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		good        string
		odd         []string // hangs, fails, or how long it takes
		odds        int      // of 300, together
		concurrency int
		shuffled    bool
	}{
		{good: "2ms", odd: []string{"hangs"}, odds: 15, concurrency: 1},
		{good: "2ms", odd: []string{"hangs"}, odds: 15, concurrency: 1, shuffled: true},
		{good: "2ms", odd: []string{"hangs"}, odds: 60, concurrency: 1, shuffled: true},
		{good: "300ms", odd: []string{"hangs"}, odds: 15, concurrency: 1},
		{good: "300ms", odd: []string{"hangs"}, odds: 60, concurrency: 1, shuffled: true},
		{good: "900ms", odd: []string{"hangs"}, odds: 15, concurrency: 1, shuffled: true}, // the batch fits exactly
		{good: "300ms", odd: []string{"hangs"}, odds: 60, concurrency: 5, shuffled: true},
		{good: "2ms", odd: []string{"5s"}, odds: 15, concurrency: 1},
		{good: "2ms", odd: []string{"5s"}, odds: 15, concurrency: 1, shuffled: true},
		{good: "300ms", odd: []string{"5s"}, odds: 15, concurrency: 1, shuffled: true},
		{good: "300ms", odd: []string{"8s"}, odds: 15, concurrency: 5, shuffled: true},
		{good: "2ms", odd: []string{"hangs", "2s", "fails"}, odds: 30, concurrency: 1},
		{good: "100ms", odd: []string{"hangs", "2s", "fails"}, odds: 45, concurrency: 1, shuffled: true},
		{good: "100ms", odd: []string{"hangs", "8s", "fails"}, odds: 90, concurrency: 5, shuffled: true},
	} {
		t.Run(fmt.Sprintf("%+v", tt), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := &simulatedQueue{visibility: time.Minute, maxReceives: 5, timeout: 10 * time.Second, batch: 10, shuffled: tt.shuffled}
				for i := range 300 {
					body := tt.good
					if i*tt.odds%300 < tt.odds {
						body = tt.odd[i%len(tt.odd)]
					}
					q.add(record(strconv.Itoa(i), body))
				}
				untried := 0
				h := must(t)(sqsbatch.New(works, sqsbatch.WithConcurrency(tt.concurrency),
					sqsbatch.WithReport(func(_ context.Context, r sqsbatch.Report) { untried += r.Count(sqsbatch.NotStarted) })))
				q.run(t, h)

				dead := map[string]int{}
				for _, body := range q.dead {
					dead[body]++
				}
				delete(dead, "hangs")
				delete(dead, "fails")
				if len(dead) != 0 {
					t.Errorf("good messages were dead-lettered: %v", dead)
				}
				t.Logf("%d times returned unprocessed", untried)
			})
		})
	}
}

// limits returns a handler that records how long each message may take, works for the
// time in its body, and blocks if there is none.
func limits(into map[string]time.Duration) func(context.Context, sqsbatch.Message[string]) error {
	return func(ctx context.Context, m sqsbatch.Message[string]) error {
		deadline, _ := ctx.Deadline()
		into[m.ID()] = time.Until(deadline).Round(time.Millisecond)
		return works(ctx, m)
	}
}

func TestTimeIsSharedAmongTheMessagesLeft(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		options []sqsbatch.Option
		earlier []string // durations of earlier messages
		event   events.SQSEvent
		want    map[string]time.Duration
	}{
		// Of 10 s, without time for the response.
		"OneMessageHasAll": {
			event: bodies("hangs"),
			want:  map[string]time.Duration{"0": 10 * time.Second},
		},
		"UnknownReservesHalfTheShare": { // the share of one is 2.5 s
			event: bodies("hangs", "0s", "0s", "0s"),
			want:  map[string]time.Duration{"0": 6250 * time.Millisecond, "1": 2500 * time.Millisecond, "2": 2813 * time.Millisecond, "3": 3750 * time.Millisecond},
		},
		"SlowReservesWhatTheyTake": { // more than half of the share, and at most the share
			earlier: []string{"4s", "9s"},
			event:   bodies("hangs", "hangs"),
			want:    map[string]time.Duration{"0": 6 * time.Second, "1": 4 * time.Second},
		},
		"OneSlowMessageChangesNothing": {
			earlier: []string{"0s", "9s"},
			event:   bodies("hangs", "hangs"),
			want:    map[string]time.Duration{"0": 7500 * time.Millisecond, "1": 2500 * time.Millisecond},
		},
		"ABatchThatDoesNotFitGetsTwiceWhatTheyTake": { // the share is 2 s
			earlier: []string{"3s", "3s"},
			event:   bodies("hangs", "0s", "0s", "0s", "0s"),
			want: map[string]time.Duration{"0": 6 * time.Second, "1": 4 * time.Second, "2": 2667 * time.Millisecond,
				"3": 3 * time.Second, "4": 4 * time.Second},
		},
		"TheTimeoutIsAnUpperBound": {
			options: []sqsbatch.Option{sqsbatch.WithMessageTimeout(time.Second)},
			event:   bodies("hangs", "0s"),
			want:    map[string]time.Duration{"0": time.Second, "1": time.Second},
		},
		"TheReserveIsALowerBound": {
			options: []sqsbatch.Option{sqsbatch.WithReserve(9 * time.Second)},
			event:   bodies("hangs", "0s"),
			want:    map[string]time.Duration{"0": 9 * time.Second},
		},
		"AGroupDoesNotWaitForItsFailedMessage": { // only b0 does: a1 and a2 are returned
			event: events.SQSEvent{Records: []events.SQSMessage{ordered("a0", "hangs", "a"), ordered("a1", "0s", "a"), ordered("b0", "0s", "b"), ordered("a2", "0s", "a")}},
			want:  map[string]time.Duration{"a0": 7500 * time.Millisecond, "b0": 2500 * time.Millisecond},
		},
		"AGroupWaitsForAMessageThatIsGivenUp": {
			options: []sqsbatch.Option{sqsbatch.WithDeadLetter(&deadLetterQueue{}), sqsbatch.GiveUpAt(1), sqsbatch.WithConcurrency(5)},
			event:   events.SQSEvent{Records: []events.SQSMessage{ordered("a0", "hangs", "a"), ordered("a1", "0s", "a"), ordered("a2", "0s", "a")}},
			want:    map[string]time.Duration{"a0": 6667 * time.Millisecond, "a1": 2500 * time.Millisecond, "a2": 3333 * time.Millisecond},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				got := map[string]time.Duration{}
				h := must(t)(sqsbatch.New(limits(got), append(tt.options, sqsbatch.WithResponseTime(0))...))
				for _, took := range tt.earlier {
					handle(t, h, bodies(took))
				}
				clear(got)

				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				if _, err := h(ctx, tt.event); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// bodies returns a batch of messages whose ids are their indices.
func bodies(texts ...string) events.SQSEvent {
	var event events.SQSEvent
	for i, text := range texts {
		event.Records = append(event.Records, record(strconv.Itoa(i), text))
	}
	return event
}

// ordered returns a message of a FIFO group.
func ordered(id, body, group string) events.SQSMessage {
	m := grouped(id, group)
	m.Body = body
	return m
}

func TestHangingMessageDoesNotChangeTheEstimate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := must(t)(sqsbatch.New(works, sqsbatch.WithConcurrency(5)))
		timeout := 10 * time.Second
		ten := slices.Repeat([]string{"2ms"}, 10)
		for _, tt := range []struct {
			bodies, want []string
		}{
			{[]string{"hangs"}, []string{"0"}},
			{ten, []string{}},
			{[]string{"9s"}, []string{}}, // slow, but it succeeds
			{ten, []string{}},
			{[]string{"9s"}, []string{}},
			{[]string{"9s"}, []string{}},
			{append([]string{"fails"}, ten...), []string{"0"}},
		} {
			timeout -= time.Millisecond // some time has always passed, so that 10 s never fit
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			response, err := h(ctx, bodies(tt.bodies...))
			cancel()
			if diff := cmp.Diff(tt.want, failed(response)); diff != "" || err != nil {
				t.Errorf("%v: %v %s", tt.bodies, err, diff)
			}
		}
	})
}

func TestErrorOfAMessageStoppedAtItsLimitNamesTheLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var report sqsbatch.Report
		h := must(t)(sqsbatch.New(works, sqsbatch.WithReport(func(_ context.Context, r sqsbatch.Report) { report = r })))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, err := h(ctx, bodies("hangs", "2ms")); err != nil {
			t.Fatal(err)
		}
		err := report.Results[0].Err
		if !errors.Is(err, sqsbatch.ErrTimeLimit) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "time limit of 7.275s") {
			t.Errorf("error %v", err)
		}
	})
}

// hangingStore and hangingSender never respond for the message "hangs".
type hangingStore struct{ sqsbatch.IdempotencyStore }

func (s hangingStore) Claim(ctx context.Context, key string, until time.Time) (string, error) {
	if key == "hangs" {
		<-ctx.Done()
		return "", ctx.Err()
	}
	return s.IdempotencyStore.Claim(ctx, key, until)
}

type hangingSender struct{}

func (hangingSender) SendDeadLetter(ctx context.Context, m sqsbatch.DeadLetter) error {
	if m.Body == "hangs" {
		<-ctx.Done()
	}
	return ctx.Err()
}

func TestRequestsThatHangCostOthersNothing(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]sqsbatch.Option{
		"Claim":  sqsbatch.WithIdempotency(hangingStore{sqsbatch.NewMemory(time.Hour)}, nil),
		"Sender": sqsbatch.WithDeadLetter(hangingSender{}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := must(t)(sqsbatch.New(failing(sqsbatch.Permanent(errDown), "hangs"), option))
				if got, _ := invoke(t, h, 10*time.Second, "hangs", "b", "c"); !slices.Equal(got, []string{"hangs"}) {
					t.Errorf("reported %v", got)
				}
			})
		})
	}
}

// slowSender needs some time for each message.
type slowSender struct{ sent []string }

func (s *slowSender) SendDeadLetter(ctx context.Context, m sqsbatch.DeadLetter) error {
	select {
	case <-time.After(20 * time.Millisecond):
		s.sent = append(s.sent, m.Body)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A message that hangs uses up the time for the work. It must still reach the
// dead-letter queue, or its FIFO group never goes on.
func TestMessageThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, build := range map[string]func(options ...sqsbatch.Option) (sqsbatch.Handler, error){
		"New": func(options ...sqsbatch.Option) (sqsbatch.Handler, error) { return sqsbatch.New(works, options...) },
		"NewBulk": func(options ...sqsbatch.Option) (sqsbatch.Handler, error) {
			return sqsbatch.NewBulk(func(ctx context.Context, ms []sqsbatch.Message[string]) []error {
				return []error{works(ctx, ms[0])}
			}, options...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				dlq := &slowSender{}
				h := must(t)(build(sqsbatch.WithDeadLetter(dlq), sqsbatch.GiveUpAt(1)))
				if got, took := invoke(t, h, 10*time.Second, "hangs"); len(got) != 0 || len(dlq.sent) != 1 || took != 9720*time.Millisecond {
					t.Errorf("reported %v after %v, dead-lettered %v", got, took, dlq.sent)
				}
			})
		})
	}
}

// In a batch that does not fit, those with the fewest receives left go first. Messages
// of a group stay in order.
func TestMessagesReceivedMostOftenGoFirstIfTheBatchDoesNotFit(t *testing.T) {
	t.Parallel()
	for took, want := range map[string][]string{
		"1s": {"b", "d", "g1", "g2"},
		"0s": {"a", "b", "g1", "g2", "c", "d"},
	} {
		t.Run(took, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var ran []string
				h := must(t)(sqsbatch.New(func(ctx context.Context, m sqsbatch.Message[string]) error {
					ran = append(ran, m.ID())
					m.Body = took
					return works(ctx, m)
				}, sqsbatch.WithResponseTime(0)))
				handle(t, h, ids("x", "y"))
				ran = nil

				ctx, cancel := context.WithTimeout(t.Context(), 4500*time.Millisecond)
				defer cancel()
				if _, err := h(ctx, events.SQSEvent{Records: []events.SQSMessage{
					record("a", ""), received(record("b", ""), 3), received(grouped("g1", "g"), 2), received(grouped("g2", "g"), 4),
					record("c", ""), received(record("d", ""), 3),
				}}); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, ran); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestBatchThatDoesNotFitLosesNoMessage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &simulatedQueue{visibility: time.Minute, maxReceives: 5, timeout: 10 * time.Second, batch: 10, shuffled: true}
		for i := range 300 {
			q.add(record(strconv.Itoa(i), "2s")) // four of ten fit
		}
		if q.run(t, must(t)(sqsbatch.New(works))); len(q.dead) != 0 {
			t.Errorf("%d good messages were dead-lettered", len(q.dead))
		}
	})
}
