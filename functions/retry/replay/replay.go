// Package replay is the retry function: it sends messages back to the source
// queue, later each time, until they are out of attempts. Those it reports as
// failed, and SQS moves them on.
//
// A copy is accepted by SQS before its original is reported done, so that a
// crash in between can duplicate a message and never lose one.
package replay

import (
	"context"
	"fmt"
	"maps"
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/reliableq/reliableq/backoff"
	"github.com/reliableq/reliableq/functions/journal"
	"github.com/reliableq/reliableq/functions/order"
	"github.com/reliableq/reliableq/functions/outbox"
	"github.com/reliableq/reliableq/sqsbatch"
	"github.com/reliableq/reliableq/sqsbatch/sqsclient"
)

// maxAttributes is how many attributes SQS lets a message carry (SQS G1).
const maxAttributes = 10

// Sender sends messages and answers a result for each, as [outbox.Outbox] does.
type Sender interface {
	// Send answers one result for each message, in their order.
	Send(ctx context.Context, messages []outbox.Message) []outbox.Result
}

// Level is one retry level.
type Level struct {
	// Number of the level, from 1.
	Number int
	// MaxAttempts is how many replays a message may have when this level is done
	// with it. A message carries one count through all levels, so that each
	// level's number holds those of the levels before it.
	MaxAttempts int
	// Backoff shapes the delay: replay n waits up to its ceiling for n.
	Backoff backoff.Policy
}

// replayer is one level at work.
type replayer struct {
	Level
	source  Sender
	journal *journal.Journal
}

// New makes the Lambda handler, which sends copies to the source queue and
// says in the journal what became of each message.
func New(level Level, source Sender, j *journal.Journal) (sqsbatch.Handler, error) {
	r := &replayer{Level: level, source: source, journal: j}
	return sqsbatch.NewBulk(r.replay, sqsbatch.WithReport(r.report))
}

// replay sends copies of the messages that may have one.
func (r *replayer) replay(ctx context.Context, messages []sqsbatch.Message[string]) []error {
	errs := make([]error, len(messages))
	var replays []replay
	var copies []outbox.Message
	var places []int
	for i, m := range messages {
		next, err := r.next(m)
		if err != nil {
			errs[i] = err
			continue
		}
		replays, copies, places = append(replays, next), append(copies, next.copy), append(places, i)
	}
	for i, sent := range r.source.Send(ctx, copies) {
		if sent.Err != nil {
			errs[places[i]] = fmt.Errorf("replay: %w", sent.Err)
			continue
		}
		r.say(ctx, replays[i], sent.ID)
	}
	return errs
}

// replay is a message on its way back.
type replay struct {
	original sqsbatch.Message[string]
	count    int
	copy     outbox.Message
}

// next makes the copy of a message for its next replay, or says why there is
// none.
func (r *replayer) next(m sqsbatch.Message[string]) (replay, error) {
	count, _, err := m.Int(order.ReplayCount)
	if err != nil || count < 0 {
		value, _ := m.Attribute(order.ReplayCount)
		return replay{}, fmt.Errorf("cannot be replayed: %s is %q and not a whole number of 0 or more", order.ReplayCount, value)
	}
	if count >= r.MaxAttempts {
		return replay{}, &MaxAttemptsError{Retries: count + 1, Max: r.MaxAttempts}
	}
	count++
	attributes := sqsclient.Attributes(m.Raw.MessageAttributes)
	maps.Copy(attributes, map[string]types.MessageAttributeValue{
		order.ReplayCount: order.Number(int64(count)),
		order.OriginID:    order.Text(m.OriginID()),
	})
	if len(attributes) > maxAttributes {
		return replay{}, fmt.Errorf("cannot be replayed: it has %d attributes, a replay needs %d, and SQS allows %d",
			len(m.Raw.MessageAttributes), len(attributes), maxAttributes)
	}
	return replay{m, count, outbox.Message{Body: m.Body, Attributes: attributes, Delay: r.Backoff.Delay(count)}}, nil
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

func (r *replayer) say(ctx context.Context, done replay, id string) {
	r.journal.Resp(ctx, resp{
		Status: true, Total: 1, ReplayCount: done.count, MaxAttempts: r.MaxAttempts, Replayed: true,
		Delay: math.Round(done.copy.Delay.Seconds()*100) / 100,
	})
	r.journal.InfoContext(ctx, "replayed", "message_id", done.original.ID(), "new_message_id", id,
		"origin_message_id", done.original.OriginID(), "replay_cnt", done.count, "retry_level", r.Number)
}

// report says of each failure why.
func (r *replayer) report(ctx context.Context, batch sqsbatch.Report) {
	for i := range batch.Results {
		if result := &batch.Results[i]; !result.Outcome.Done() {
			r.journal.ErrorContext(ctx, result.Err.Error(), "message_id", result.Message.MessageId,
				"origin_message_id", result.OriginID(), "receive_count", result.ReceiveCount(), "retry_level", r.Number)
		}
	}
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

// Policy is the delay before a replay: full jitter below min(limit, base * 2^n)
// for replay n. A limit of zero means that no delay is added.
func Policy(base, limit time.Duration) backoff.Policy {
	if limit == 0 {
		base = 0
	}
	return backoff.Policy{Base: base, Cap: limit}
}
