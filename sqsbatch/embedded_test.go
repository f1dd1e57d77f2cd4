package sqsbatch_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	lambdasdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/backoff"
	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/localawstest"
	"github.com/reliableq/reliableq/sqsbatch"
	"github.com/reliableq/reliableq/sqsbatch/lambdaclient"
	"github.com/reliableq/reliableq/sqsbatch/sqsclient"
)

// stage is an embedded AWS with a queue, its dead-letter queue, and a function
// that reads the queue. Service time skips whatever would be waited for.
type stage struct {
	t        *testing.T
	aws      *localawstest.Server
	sqs      *sqs.Client
	url, dlq string
	enable   func() // lets the mapping read
}

type stageOptions struct {
	fifo       bool
	receives   int           // maxReceiveCount; 3 by default
	timeout    time.Duration // of the function; 3 s by default
	notReports bool          // the mapping lacks ReportBatchItemFailures
}

func newStage(t *testing.T, o stageOptions) *stage {
	t.Helper()
	server := localawstest.NewWith(t, localaws.Options{NoAuth: true, ClockMode: clock.Skip})
	s := &stage{t: t, aws: server, sqs: sqs.NewFromConfig(server.Config())}
	suffix, attributes := "", map[string]string{}
	if o.fifo {
		suffix, attributes = ".fifo", map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true"}
	}
	s.dlq = s.queue("dead"+suffix, attributes)
	attributes["VisibilityTimeout"] = "10"
	attributes["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, s.arn("dead"+suffix), max(o.receives, 3))
	s.url = s.queue("orders"+suffix, attributes)

	functions := lambdasdk.NewFromConfig(server.Config())
	server.RegisterHandler("handler", func(context.Context, []byte) ([]byte, error) { return nil, errors.New("not on stage yet") })
	if _, err := functions.CreateFunction(t.Context(), &lambdasdk.CreateFunctionInput{
		FunctionName: aws.String("handler"), Role: aws.String("arn:aws:iam::" + server.Account() + ":role/runs-functions"),
		Runtime: lambdatypes.RuntimeProvidedal2023, Handler: aws.String("bootstrap"), Code: &lambdatypes.FunctionCode{},
		Timeout: aws.Int32(int32(max(o.timeout, 3*time.Second) / time.Second)),
	}); err != nil {
		t.Fatal(err)
	}
	mapping := &lambdasdk.CreateEventSourceMappingInput{
		FunctionName: aws.String("handler"), EventSourceArn: aws.String(s.arn("orders" + suffix)), BatchSize: aws.Int32(10), Enabled: aws.Bool(false),
	}
	if !o.notReports {
		mapping.FunctionResponseTypes = []lambdatypes.FunctionResponseType{lambdatypes.FunctionResponseTypeReportBatchItemFailures}
	}
	made, err := functions.CreateEventSourceMapping(t.Context(), mapping)
	if err != nil {
		t.Fatal(err)
	}
	s.enable = func() {
		if _, err := functions.UpdateEventSourceMapping(t.Context(), &lambdasdk.UpdateEventSourceMappingInput{UUID: made.UUID, Enabled: aws.Bool(true)}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *stage) arn(name string) string {
	return "arn:aws:sqs:" + s.aws.Region() + ":" + s.aws.Account() + ":" + name
}

func (s *stage) queue(name string, attributes map[string]string) string {
	s.t.Helper()
	out, err := s.sqs.CreateQueue(s.t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		s.t.Fatal(err)
	}
	return *out.QueueUrl
}

// play sends messages ("group/body" for a FIFO queue), lets the handler have
// them, and returns when nothing moves any more.
func (s *stage) play(h sqsbatch.Handler, bodies ...string) {
	s.t.Helper()
	s.aws.RegisterHandler("handler", func(ctx context.Context, event []byte) ([]byte, error) {
		// One for each call: what its Invoke answers lies in a buffer of a pool,
		// which the next call on the same one may be writing to already.
		return lambda.NewHandler(h).Invoke(ctx, event)
	})
	for _, body := range bodies {
		in := &sqs.SendMessageInput{QueueUrl: &s.url, MessageBody: aws.String(body)}
		if group, _, ok := strings.Cut(body, "/"); ok {
			in.MessageGroupId = &group
		}
		if _, err := s.sqs.SendMessage(s.t.Context(), in); err != nil {
			s.t.Fatal(err)
		}
	}
	s.enable()
	if err := s.aws.Clock().Settle(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// dead takes what is in the dead-letter queue, by body.
func (s *stage) dead() map[string]types.Message {
	s.t.Helper()
	s.aws.Clock().Hold() // else time would skip to when they may be received again
	defer s.aws.Clock().Release()
	found := map[string]types.Message{}
	for {
		out, err := s.sqs.ReceiveMessage(s.t.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: &s.dlq, MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"},
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
		})
		if err != nil {
			s.t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return found
		}
		for _, m := range out.Messages {
			found[*m.Body] = m
		}
	}
}

// diary notes when each message was seen, in service time.
type diary struct {
	mu    sync.Mutex // guards seen
	clock *clock.Clock
	seen  map[string][]time.Time
}

func (d *diary) note(body string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.seen == nil {
		d.seen = map[string][]time.Time{}
	}
	d.seen[body] = append(d.seen[body], d.clock.Now())
	return len(d.seen[body])
}

// gaps are the whole seconds between the times that a message was seen.
func (d *diary) gaps(body string) []int {
	var out []int
	for i := 1; i < len(d.seen[body]); i++ {
		out = append(out, int(d.seen[body][i].Sub(d.seen[body][i-1]).Round(time.Second)/time.Second))
	}
	return out
}

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
		if _, isDead := dead[body]; len(d.seen[body]) != times || isDead != (times == 3) {
			t.Errorf("%s was seen %d times and is dead-lettered: %v", body, len(d.seen[body]), isDead)
		}
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

func TestEmbeddedAThrottledMessageComesBackWhenItShall(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	d := &diary{clock: s.aws.Clock()}
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
		if d.note(m.Body) == 1 {
			return sqsbatch.RetryAfter(time.Hour, errDown)
		}
		return nil
	}, sqsbatch.WithBackoff(sqsclient.Visibility(s.sqs), backoff.Policy{Base: time.Minute})))
	s.play(h, "throttled")
	if diff := cmp.Diff([]int{3600}, d.gaps("throttled")); diff != "" || len(s.dead()) != 0 {
		t.Error(diff)
	}
}

func TestEmbeddedAPermanentErrorTakesTheFastPath(t *testing.T) {
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
	for name, want := range map[string]string{"dlq_reason": "permanent", "dlq_error": "no such customer", "dlq_receive_count": "1"} {
		if got := aws.ToString(letter.MessageAttributes[name].StringValue); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if origin := aws.ToString(letter.MessageAttributes["origin_message_id"].StringValue); origin == "" || origin == *letter.MessageId {
		t.Errorf("origin %q of %q", origin, *letter.MessageId)
	}
}

func TestEmbeddedADeadlineInTheMiddleCostsNoMessage(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{timeout: 3 * time.Second})
	d := &diary{clock: s.aws.Clock()}
	var untouched int
	h := must(t)(sqsbatch.New(func(ctx context.Context, m sqsbatch.Message[string]) error {
		if d.note(m.Body) == 1 && m.Body == "slow" {
			<-ctx.Done() // machine time: a function's deadline is the computer's
			return ctx.Err()
		}
		return nil
	}, sqsbatch.WithAnswerTime(2900*time.Millisecond), sqsbatch.WithReport(func(_ context.Context, r sqsbatch.Report) {
		d.mu.Lock()
		defer d.mu.Unlock()
		untouched += r.Count(sqsbatch.NotStarted)
	})))
	s.play(h, "slow", "x", "y")
	if len(s.dead()) != 0 || len(d.seen["x"]) != 1 || len(d.seen["y"]) != 1 || len(d.seen["slow"]) != 2 {
		t.Errorf("seen %v, %d returned untouched", d.seen, untouched)
	}
}

func TestEmbeddedACopyOfWhatIsDoneIsNotProcessedAgain(t *testing.T) {
	t.Parallel()
	s := newStage(t, stageOptions{})
	d := &diary{clock: s.aws.Clock()}
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error { d.note(m.Body); return nil },
		sqsbatch.WithIdempotency(sqsbatch.NewTableStore(table{}, time.Hour), func(m *events.SQSMessage) string { return m.Body })))
	s.play(h, "order 1", "order 1", "order 2", "order 1")
	if len(d.seen["order 1"]) != 1 || len(d.seen["order 2"]) != 1 || len(s.dead()) != 0 {
		t.Errorf("seen %v", d.seen)
	}
}

func TestEmbeddedTheBreakerSparesMessagesTheHandler(t *testing.T) {
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
	// Without the breaker each of the ten would meet each of three failures.
	if len(d.seen) != 10 || calls >= 30 || len(s.dead()) != 0 {
		t.Errorf("%d messages seen in %d calls", len(d.seen), calls)
	}
}

func TestEmbeddedAWholeBatchThatFailsDragsItsGoodMessagesAlong(t *testing.T) {
	t.Parallel()
	for policy, wantDead := range map[sqsbatch.FailurePolicy]int{sqsbatch.FailIfAny: 3, sqsbatch.FailIfAll: 1, sqsbatch.ReportEach: 1} {
		s := newStage(t, stageOptions{fifo: true}) // whose batches are whole
		h := must(t)(sqsbatch.New(failing(errDown, "b/bad"), sqsbatch.WithFailures(policy)))
		s.play(h, "a/1", "b/bad", "c/1")
		if dead := s.dead(); len(dead) != wantDead {
			t.Errorf("policy %v: %d dead-lettered, want %d", policy, len(dead), wantDead)
		}
	}
}

// Without ReportBatchItemFailures the mapping deletes what is reported as
// failed (LAM B37). Unchecked that loses a message; checked it loses none.
func TestEmbeddedAMappingThatIgnoresFailuresIsNoticed(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, nil))
	functions := func(s *stage) *lambdasdk.Client { return lambdasdk.NewFromConfig(s.aws.Config()) }
	for name, tt := range map[string]struct {
		options  func(s *stage) []sqsbatch.Option
		wantDead []string
	}{
		"Unchecked": {func(*stage) []sqsbatch.Option { return nil }, []string{}},
		"Checked": {func(s *stage) []sqsbatch.Option {
			return []sqsbatch.Option{sqsbatch.WithMappingCheck(lambdaclient.MappingCheck(functions(s))), sqsbatch.WithLogger(logger)}
		}, []string{"bad"}},
	} {
		s := newStage(t, stageOptions{notReports: true})
		s.play(must(t)(sqsbatch.New(failing(errDown, "bad"), tt.options(s)...)), "bad")
		dead := []string{}
		for body := range s.dead() {
			dead = append(dead, body)
		}
		slices.Sort(dead)
		if diff := cmp.Diff(tt.wantDead, dead); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if strings.Count(log.String(), "lacks ReportBatchItemFailures") != 1 {
		t.Error(log.String())
	}
}

// Nobody told it, and it finds out: the message that it reported is gone before
// it could have come back.
func TestEmbeddedALostMessageIsMissed(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	s := newStage(t, stageOptions{notReports: true})
	h := must(t)(sqsbatch.New(failing(errDown, "lost", "kept"), sqsbatch.WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
		sqsbatch.WithBackoff(sqsclient.Visibility(s.sqs), backoff.Policy{Base: time.Minute, Jitter: backoff.None})))
	s.play(h, "lost")
	s.play(h, "kept")
	dead := s.dead()
	if _, kept := dead["kept"]; !kept || len(dead) != 1 || !strings.Contains(log.String(), "is gone") {
		t.Errorf("dead-lettered %v; %s", dead, log.String())
	}
}
