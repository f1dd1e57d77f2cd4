// Package functions_test runs the whole flow with the project's own functions: source
// queue, retry levels and dead-letter queue on an embedded AWS with skipped time, and
// the functions in this process.
package functions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	lambdasdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/functions/consumer/consume"
	"github.com/reliableq/reliableq/functions/jsonlog"
	"github.com/reliableq/reliableq/functions/order"
	"github.com/reliableq/reliableq/functions/outbox"
	"github.com/reliableq/reliableq/functions/producer/produce"
	"github.com/reliableq/reliableq/functions/retry/replay"
	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/localawstest"
	"github.com/reliableq/reliableq/sqsbatch"
)

const deadLetters = "dlq_for_reliable_q"

// flow is the chain of queues with its functions.
type flow struct {
	t      *testing.T
	aws    *localawstest.Server
	sqs    *sqs.Client
	log    bytes.Buffer // of all functions
	logger *jsonlog.Logger
}

// level is how one retry level is configured.
type level struct {
	attempts    int // replays that it adds
	base, limit time.Duration
}

// newFlow returns a chain whose levels add the given numbers of replays.
func newFlow(t *testing.T, reporting string, attempts ...int) *flow {
	t.Helper()
	var levels []level
	for _, n := range attempts {
		levels = append(levels, level{n, 2 * time.Second, 15 * time.Minute})
	}
	return newLevels(t, reporting, levels...)
}

func newLevels(t *testing.T, reporting string, levels ...level) *flow {
	t.Helper()
	server := localawstest.NewWith(t, localaws.Options{NoAuth: true, ClockMode: clock.Skip, Seed: 1})
	f := &flow{t: t, aws: server, sqs: sqs.NewFromConfig(server.Config())}
	f.logger = jsonlog.New(&f.log, slog.LevelInfo)
	next := deadLetters
	f.queue(next, nil)
	for number := len(levels); number >= 1; number-- {
		name := fmt.Sprintf("reliable_q_retry_%d", number)
		f.queue(name, map[string]string{"DelaySeconds": "10", "VisibilityTimeout": "10", "RedrivePolicy": f.redrive(next, 3)})
		next = name
	}
	f.queue("reliable_q", map[string]string{"DelaySeconds": "2", "VisibilityTimeout": "10", "RedrivePolicy": f.redrive(next, 5)})
	source := f.outbox()
	budget := 0
	for i, l := range levels {
		budget += l.attempts
		handler, err := replay.New(replay.Level{Number: i + 1, MaxAttempts: budget, Backoff: replay.Policy(l.base, l.limit)}, source, f.logger)
		f.function(fmt.Sprintf("reliable_q_retry_%d", i+1), handler, err, true)
	}
	handler, err := consume.New(reporting, f.logger)
	f.function("reliable_q", handler, err, reporting == consume.PerMessage)
	return f
}

func (f *flow) arn(name string) string {
	return "arn:aws:sqs:" + f.aws.Region() + ":" + f.aws.Account() + ":" + name
}

func (f *flow) redrive(to string, receives int) string {
	return fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, f.arn(to), receives)
}

func (f *flow) queue(name string, attributes map[string]string) {
	f.t.Helper()
	if _, err := f.sqs.CreateQueue(f.t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes}); err != nil {
		f.t.Fatal(err)
	}
}

func (f *flow) outbox() *outbox.Outbox {
	f.t.Helper()
	o, err := outbox.Open(f.t.Context(), f.sqs, "reliable_q")
	if err != nil {
		f.t.Fatal(err)
	}
	return o
}

// function creates a function that reads the queue with its name.
func (f *flow) function(queue string, handler sqsbatch.Handler, err error, reports bool) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
	f.aws.RegisterHandler(queue, func(ctx context.Context, event []byte) ([]byte, error) {
		// A new handler for each function: the result of Invoke is in a pooled buffer,
		// which the next call of the same handler may overwrite.
		return lambda.NewHandler(handler).Invoke(ctx, event)
	})
	client := lambdasdk.NewFromConfig(f.aws.Config())
	if _, err := client.CreateFunction(f.t.Context(), &lambdasdk.CreateFunctionInput{
		FunctionName: &queue, Role: aws.String("arn:aws:iam::" + f.aws.Account() + ":role/runs-functions"),
		Runtime: lambdatypes.RuntimeProvidedal2023, Handler: aws.String("bootstrap"), Code: &lambdatypes.FunctionCode{}, Timeout: aws.Int32(3),
	}); err != nil {
		f.t.Fatal(err)
	}
	in := &lambdasdk.CreateEventSourceMappingInput{FunctionName: &queue, EventSourceArn: aws.String(f.arn(queue)), BatchSize: aws.Int32(5)}
	if reports {
		in.FunctionResponseTypes = []lambdatypes.FunctionResponseType{lambdatypes.FunctionResponseTypeReportBatchItemFailures}
	}
	if _, err := client.CreateEventSourceMapping(f.t.Context(), in); err != nil {
		f.t.Fatal(err)
	}
}

// produce makes the producer send orders.
func (f *flow) produce(event string) {
	f.t.Helper()
	p := &produce.Producer{Queue: f.outbox(), Project: "reliable", BadRatio: 0.1, Logger: f.logger, Now: time.Now}
	if _, err := lambda.NewHandler(p.Handle).Invoke(f.t.Context(), []byte(event)); err != nil {
		f.t.Fatal(err)
	}
}

// settle waits until no event is left.
func (f *flow) settle() {
	f.t.Helper()
	if err := f.aws.Clock().Settle(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}

// dead receives the messages of the dead-letter queue.
func (f *flow) dead() []types.Message {
	f.t.Helper()
	f.aws.Clock().Hold() // otherwise time would skip until they are visible again
	defer f.aws.Clock().Release()
	url := aws.String(f.aws.URL() + "/" + f.aws.Account() + "/" + deadLetters)
	var all []types.Message
	for {
		out, err := f.sqs.ReceiveMessage(f.t.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: url, MaxNumberOfMessages: 10,
			MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
		})
		if err != nil {
			f.t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return all
		}
		all = append(all, out.Messages...)
	}
}

// logLine has the fields that a line of the log may have.
type logLine struct {
	Msg        string
	MessageIDs []string `json:"message_ids"`
	BadIDs     []string `json:"bad_message_ids"`
	Origin     string   `json:"origin_message_id"`
	Level      int      `json:"retry_level"`
	Resp       struct {
		Count int     `json:"replay_cnt"`
		Max   int     `json:"max_attempts"`
		Delay float64 `json:"delay_sec"`
	}
}

func (f *flow) lines() []logLine {
	f.t.Helper()
	var all []logLine
	for _, text := range strings.Split(strings.TrimSpace(f.log.String()), "\n") {
		var line logLine
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			f.t.Fatalf("%v in %s", err, text)
		}
		all = append(all, line)
	}
	return all
}

func TestOnlyBadMessagesAreDeadLettered(t *testing.T) {
	t.Parallel()
	f := newFlow(t, consume.PerMessage, 3)
	f.produce(`{"count":89,"bad_ratio":0.05,"seed":7}`)
	f.settle()

	sent, bad, processed, outOfAttempts := 0, map[string]bool{}, map[string]int{}, 0
	for _, line := range f.lines() {
		sent += len(line.MessageIDs)
		for _, id := range line.BadIDs {
			bad[id] = true
		}
		if line.Msg == "processed" {
			processed[line.Origin]++
		}
		if line.Msg == "MaxAttemptsError: Number of retries(4) > max attempts(3)" {
			outOfAttempts++
		}
		if n := line.Resp.Count; n > 0 && (line.Resp.Delay < 0 || line.Resp.Delay > float64(int(2)<<n)) {
			t.Errorf("replay %d was delayed by %v s", n, line.Resp.Delay)
		}
	}
	for id, times := range processed {
		if times != 1 || bad[id] {
			t.Errorf("%s was processed %d times and is bad: %v", id, times, bad[id])
		}
	}
	dead := f.dead()
	for _, m := range dead {
		origin, replays := aws.ToString(m.MessageAttributes[order.OriginID].StringValue), aws.ToString(m.MessageAttributes[order.ReplayCount].StringValue)
		receives, _ := strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
		// Five receives, three receives, and the one of this test (SQS L4).
		if !bad[origin] || replays != "3" || receives != 9 || aws.ToString(m.MessageAttributes[order.Bad].StringValue) != "True" {
			t.Errorf("%s of %s is dead-lettered after %s replays and %d receives", *m.MessageId, origin, replays, receives)
		}
	}
	if sent != 89 || len(bad) != 4 || len(processed) != 85 || len(dead) != 4 {
		t.Errorf("sent %d, bad %d, processed %d, dead-lettered %d", sent, len(bad), len(processed), len(dead))
	}
	if outOfAttempts != 4*3 { // each of the three last receives from the retry queue
		t.Errorf("out of attempts was logged %d times", outOfAttempts)
	}
}

// Three levels, each with its own function, delays and attempts.
func TestThreeLevelsReplayTheirAttempts(t *testing.T) {
	t.Parallel()
	f := newLevels(t, consume.PerMessage, level{2, time.Second, time.Minute}, level{1, 0, 0}, level{3, 100 * time.Second, 5 * time.Minute})
	f.produce(`{"count":10,"bad_ratio":0.2,"seed":1}`)
	f.settle()

	replays, processed, longest := map[int]int{}, 0, map[int]float64{}
	for _, line := range f.lines() {
		if line.Resp.Max > 0 { // which identifies the level
			longest[line.Resp.Max] = max(longest[line.Resp.Max], line.Resp.Delay)
		}
		switch line.Msg {
		case "replayed":
			replays[line.Level]++
		case "processed":
			processed++
		}
	}
	if diff := cmp.Diff(map[int]int{1: 2 * 2, 2: 2 * 1, 3: 2 * 3}, replays); diff != "" {
		t.Error(diff)
	}
	// Replays 1 and 2 wait up to 2 and 4 s, the third not at all, 4 to 6 up to five
	// minutes: the probability that all six delays are below 8 s is 1 in 10^9.
	if longest[2] > 4 || longest[3] != 0 || longest[6] < 8 || longest[6] > 300 {
		t.Errorf("longest waits by attempts so far: %v", longest)
	}
	dead := f.dead()
	for _, m := range dead {
		if got := aws.ToString(m.MessageAttributes[order.ReplayCount].StringValue); got != "6" {
			t.Errorf("dead-lettered after %s replays", got)
		}
	}
	if processed != 8 || len(dead) != 2 {
		t.Errorf("processed %d, dead-lettered %d", processed, len(dead))
	}
}

func TestMessageThatSucceedsAtItsSecondReplayIsProcessed(t *testing.T) {
	t.Parallel()
	f := newFlow(t, consume.PerMessage, 3)
	source := f.outbox()
	sent := source.Send(t.Context(), []outbox.Message{{Body: `{"order_id":"heals"}`, Attributes: map[string]types.MessageAttributeValue{
		order.StoreID: order.Number(1), order.FailUntilReplay: order.Number(2),
	}}})
	if sent[0].Err != nil {
		t.Fatal(sent[0].Err)
	}
	f.settle()
	if strings.Count(f.log.String(), `"msg":"processed"`) != 1 || strings.Count(f.log.String(), `"msg":"replayed"`) != 2 || len(f.dead()) != 0 {
		t.Error(f.log.String())
	}
	if !strings.Contains(f.log.String(), fmt.Sprintf(`"origin_message_id":%q`, sent[0].ID)) {
		t.Error("the processed message does not name the one that was sent")
	}
}

func TestWholeBatchDeadLettersGoodMessages(t *testing.T) {
	t.Parallel()
	f := newFlow(t, consume.WholeBatch, 3)
	f.produce(`{"count":40,"bad_ratio":0.25,"seed":3}`)
	f.settle()
	twice := 0
	processed := map[string]int{}
	for _, line := range f.lines() {
		if line.Msg == "processed" {
			if processed[line.Origin]++; processed[line.Origin] == 2 {
				twice++
			}
		}
	}
	if twice == 0 {
		t.Error("no good message was processed twice: the batch did not fail as a whole")
	}
}

func TestMessageWithTenAttributesIsNotLost(t *testing.T) {
	t.Parallel()
	f := newFlow(t, consume.PerMessage, 3)
	attributes := map[string]types.MessageAttributeValue{}
	for i := range 10 {
		attributes[fmt.Sprintf("a%d", i)] = order.Text("x")
	}
	if sent := f.outbox().Send(context.Background(), []outbox.Message{{Body: `{}`, Attributes: attributes}}); sent[0].Err != nil {
		t.Fatal(sent[0].Err)
	}
	f.settle()
	dead := f.dead()
	const want = "cannot be replayed: it has 10 attributes, a replay needs 12, and SQS allows 10"
	if len(dead) != 1 || len(dead[0].MessageAttributes) != 10 || !strings.Contains(f.log.String(), want) {
		t.Errorf("dead-lettered %+v; %s", dead, f.log.String())
	}
}
