// Package replay is the logic of the retry function: it sends messages back to the
// source queue, with a longer delay each time, until they have no attempts left.
// Those without attempts it reports as failed, so that SQS dead-letters them.
//
// It reports the original as done only after SQS has accepted the copy: a crash in
// between can duplicate a message but not lose it.
package replay

import (
	"context"
	"fmt"
	"maps"
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/reliableq/reliableq/backoff"
	"github.com/reliableq/reliableq/functions/jsonlog"
	"github.com/reliableq/reliableq/functions/order"
	"github.com/reliableq/reliableq/functions/outbox"
	"github.com/reliableq/reliableq/sqsbatch"
	"github.com/reliableq/reliableq/sqsbatch/sqsclient"
)

// maxAttributes is the largest number of attributes of a message (SQS G1).
const maxAttributes = 10

// Sender sends messages. [outbox.Outbox] implements it.
type Sender interface {
	// Send returns one result for each message, in the same order.
	Send(ctx context.Context, messages []outbox.Message) []outbox.Result
}

// Level is one retry level.
type Level struct {
	// Number is the level's number, from 1.
	Number int
	// MaxAttempts is the number of replays that a message may have after this
	// level. A message carries one count through all levels, so this number
	// includes the attempts of the levels before it.
	MaxAttempts int
	// Backoff determines the delay of a replay. Replay n is delayed by
	// Backoff.Delay(n).
	Backoff backoff.Policy
}

// replayer is the retry function of a level.
type replayer struct {
	Level
	source Sender
	logger *jsonlog.Logger
}

// New returns the Lambda handler. It sends copies to the source queue and logs the
// outcome of each message.
func New(level Level, source Sender, logger *jsonlog.Logger) (sqsbatch.Handler, error) {
	r := &replayer{
		Level:  level,
		source: source,
		logger: logger,
	}
	return sqsbatch.NewBulk(r.replay, sqsbatch.WithReport(r.report))
}

// replay sends copies of the messages that have attempts left. It returns one error,
// or nil, for each message.
func (r *replayer) replay(ctx context.Context, messages []sqsbatch.Message[string]) []error {
	errs := make([]error, len(messages))
	var replays []replay
	var copies []outbox.Message
	var indices []int // copy i is of messages[indices[i]]
	for i, m := range messages {
		next, err := r.next(m)
		if err != nil {
			errs[i] = err
			continue
		}

		replays = append(replays, next)
		copies = append(copies, next.copy)
		indices = append(indices, i)
	}

	// The original counts as done only after SQS has accepted the copy.
	for i, sent := range r.source.Send(ctx, copies) {
		if sent.Err != nil {
			errs[indices[i]] = fmt.Errorf("replay: %w", sent.Err)
			continue
		}

		r.logReplay(ctx, replays[i], sent.ID)
	}

	return errs
}

// replay is one replay of a message: the original, its new replay count, and the copy.
type replay struct {
	original sqsbatch.Message[string]
	count    int
	copy     outbox.Message
}

// next returns the next replay of a message, or an error if there is none.
func (r *replayer) next(m sqsbatch.Message[string]) (replay, error) {
	count, _, err := m.Int(order.ReplayCount)
	if err != nil || count < 0 {
		value, _ := m.Attribute(order.ReplayCount)
		return replay{}, fmt.Errorf("cannot be replayed: %s is %q and not a whole number of 0 or more", order.ReplayCount, value)
	}

	// Report it as failed, so that SQS receives it again and finally dead-letters it.
	if count >= r.MaxAttempts {
		return replay{}, &MaxAttemptsError{Retries: count + 1, Max: r.MaxAttempts}
	}

	count++

	// The copy has all attributes of the original. The two of a replay are added, or
	// replaced if the original is itself a copy.
	attributes := sqsclient.Attributes(m.Raw.MessageAttributes)
	maps.Copy(attributes, map[string]types.MessageAttributeValue{
		order.ReplayCount: order.Number(int64(count)),
		order.OriginID:    order.Text(m.OriginID()),
	})

	if len(attributes) > maxAttributes {
		return replay{}, fmt.Errorf("cannot be replayed: it has %d attributes, a replay needs %d, and SQS allows %d",
			len(m.Raw.MessageAttributes), len(attributes), maxAttributes)
	}

	return replay{m, count, outbox.Message{
		Body:       m.Body,
		Attributes: attributes,
		Delay:      r.Backoff.Delay(count),
	}}, nil
}

// resp is the summary line of a replay. Scripts depend on its form.
type resp struct {
	Status      bool    `json:"status"`
	Total       int     `json:"tot_msgs"`
	ReplayCount int     `json:"replay_cnt"`
	MaxAttempts int     `json:"max_attempts"`
	Replayed    bool    `json:"replayed_to_main_q"`
	Delay       float64 `json:"delay_sec"`
}

// logReplay logs a replay; id is the id of the copy.
func (r *replayer) logReplay(ctx context.Context, made replay, id string) {
	r.logger.Summary(ctx, resp{
		Status:      true,
		Total:       1,
		ReplayCount: made.count,
		MaxAttempts: r.MaxAttempts,
		Replayed:    true,
		Delay:       math.Round(made.copy.Delay.Seconds()*100) / 100,
	})
	r.logger.InfoContext(ctx, "replayed", "message_id", made.original.ID(), "new_message_id", id,
		"origin_message_id", made.original.OriginID(), "replay_cnt", made.count, "retry_level", r.Number)
}

// report logs the error of each message that failed.
func (r *replayer) report(ctx context.Context, batch sqsbatch.Report) {
	for i := range batch.Results {
		if result := &batch.Results[i]; !result.Outcome.Done() {
			r.logger.ErrorContext(ctx, result.Err.Error(), "message_id", result.Message.MessageId,
				"origin_message_id", result.OriginID(), "receive_count", result.ReceiveCount(), "retry_level", r.Number)
		}
	}
}

// MaxAttemptsError is the error of a message that has had all replays that its level
// allows.
type MaxAttemptsError struct {
	// Retries is the number of the replay that was refused, counted from 1 over all
	// levels: one more than Max, or above.
	Retries int
	// Max is the number of replays that are allowed.
	Max int
}

// Error returns the text that users search their logs for.
func (e *MaxAttemptsError) Error() string {
	return fmt.Sprintf("MaxAttemptsError: Number of retries(%d) > max attempts(%d)", e.Retries, e.Max)
}

// Policy returns the backoff of replays: replay n is delayed by full jitter below
// min(limit, base * 2^n). With a limit of zero there is no delay.
func Policy(base, limit time.Duration) backoff.Policy {
	if limit == 0 {
		base = 0
	}
	return backoff.Policy{
		Base:   base,
		Cap:    limit,
		Jitter: backoff.Full,
	}
}
