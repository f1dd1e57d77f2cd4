// Package replay is the retry function: it sends messages back to the source
// queue, later each time, until they are out of attempts. Those it reports as
// failed, and SQS moves them on.
//
// A copy is accepted by SQS before its original is reported done, so that a
// crash in between can duplicate a message and never lose one.
package replay

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/reliableq/reliableq/backoff"
	"github.com/reliableq/reliableq/functions/journal"
	"github.com/reliableq/reliableq/functions/order"
	"github.com/reliableq/reliableq/functions/outbox"
)

// maxAttributes is how many attributes SQS lets a message carry (SQS G1).
const maxAttributes = 10

// Sender sends messages and answers a result for each, as [outbox.Outbox] does.
type Sender interface {
	// Send answers one result for each message, in their order.
	Send(ctx context.Context, messages []outbox.Message) []outbox.Result
}

// Replayer is the function's wiring.
type Replayer struct {
	// Queue is the source queue.
	Queue Sender
	// Level is the number of this retry queue, from 1.
	Level int
	// MaxAttempts is how many replays a message may have when this level is done
	// with it. A message carries one count through all levels, so that each
	// level's number holds those of the levels before it.
	MaxAttempts int
	// Backoff shapes the delay: replay n waits up to its ceiling for n.
	Backoff backoff.Policy
	// Journal takes what became of each message.
	Journal *journal.Journal
}

// resp is the line of one replay; scripts hold on to its shape.
type resp struct {
	Status      bool    `json:"status"`
	Total       int     `json:"tot_msgs"`
	ReplayCount int     `json:"replay_cnt"`
	MaxAttempts int     `json:"max_attempts"`
	Replayed    bool    `json:"replayed_to_main_q"`
	Delay       float64 `json:"delay_sec"`
}

// replay is a message on its way back.
type replay struct {
	id     string // of the message that was received
	origin string
	count  int
	copy   outbox.Message
}

// Handle is the Lambda handler.
func (r *Replayer) Handle(ctx context.Context, event events.SQSEvent) (events.SQSEventResponse, error) {
	answer := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	fail := func(id string, err error) {
		r.Journal.ErrorContext(ctx, err.Error(), "message_id", id, "level", r.Level)
		answer.BatchItemFailures = append(answer.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: id})
	}
	var replays []replay
	var copies []outbox.Message
	for _, m := range event.Records {
		next, err := r.next(m)
		if err != nil {
			fail(m.MessageId, err)
			continue
		}
		replays, copies = append(replays, next), append(copies, next.copy)
	}
	for i, result := range r.Queue.Send(ctx, copies) {
		if result.Err != nil {
			fail(replays[i].id, fmt.Errorf("replay: %w", result.Err))
			continue
		}
		r.report(ctx, replays[i], result.ID)
	}
	return answer, nil
}

// next makes the copy of a message for its next replay, or says why there is
// none.
func (r *Replayer) next(m events.SQSMessage) (replay, error) {
	count, err := replays(m)
	if err != nil {
		return replay{}, err
	}
	count++
	if count > r.MaxAttempts {
		return replay{}, &MaxAttemptsError{Retries: count, Max: r.MaxAttempts}
	}
	origin := m.MessageId
	if a, ok := m.MessageAttributes[order.OriginID]; ok && a.StringValue != nil {
		origin = *a.StringValue
	}
	attributes := attributesOf(m)
	maps.Copy(attributes, map[string]types.MessageAttributeValue{
		order.ReplayCount: order.Number(int64(count)),
		order.OriginID:    order.Text(origin),
	})
	if len(attributes) > maxAttributes {
		return replay{}, fmt.Errorf("cannot be replayed: it has %d attributes, a replay needs %d, and SQS allows %d",
			len(m.MessageAttributes), len(attributes), maxAttributes)
	}
	delay := r.Backoff.Delay(count)
	return replay{id: m.MessageId, origin: origin, count: count, copy: outbox.Message{Body: m.Body, Attributes: attributes, Delay: delay}}, nil
}

func (r *Replayer) report(ctx context.Context, done replay, id string) {
	r.Journal.Resp(ctx, resp{
		Status: true, Total: 1, ReplayCount: done.count, MaxAttempts: r.MaxAttempts, Replayed: true,
		Delay: math.Round(done.copy.Delay.Seconds()*100) / 100,
	})
	r.Journal.InfoContext(ctx, "replayed", "message_id", done.id, "new_message_id", id, "origin_message_id", done.origin,
		"replay_cnt", done.count, "level", r.Level)
}

// MaxAttemptsError says that a message has had all its replays.
type MaxAttemptsError struct {
	// Retries is the number that its next replay would have.
	Retries int
	// Max is how many it may have.
	Max int
}

// Error is the text that people search their logs for.
func (e *MaxAttemptsError) Error() string {
	return fmt.Sprintf("MaxAttemptsError: Number of retries(%d) > max attempts(%d)", e.Retries, e.Max)
}

var errReplayCount = errors.New("cannot be replayed: " + order.ReplayCount + " is not a whole number of 0 or more")

// replays is how often the message has been replayed so far.
func replays(m events.SQSMessage) (int, error) {
	a, ok := m.MessageAttributes[order.ReplayCount]
	if !ok {
		return 0, nil
	}
	if a.StringValue == nil {
		return 0, errReplayCount
	}
	n, err := strconv.Atoi(*a.StringValue)
	if err != nil || n < 0 || n > math.MaxInt32 {
		return 0, fmt.Errorf("%w: %q", errReplayCount, *a.StringValue)
	}
	return n, nil
}

// attributesOf are the message's own, as SQS takes them, types and all.
func attributesOf(m events.SQSMessage) map[string]types.MessageAttributeValue {
	out := make(map[string]types.MessageAttributeValue, len(m.MessageAttributes)+2)
	for name, a := range m.MessageAttributes {
		out[name] = types.MessageAttributeValue{DataType: &a.DataType, StringValue: a.StringValue, BinaryValue: a.BinaryValue}
	}
	return out
}

// Policy is the delay before a replay: full jitter below min(limit, base * 2^n)
// for replay n. A limit of zero means that no delay is added.
func Policy(base, limit time.Duration) backoff.Policy {
	if limit == 0 {
		base = 0
	}
	return backoff.Policy{Base: base, Cap: limit}
}
