// Package consume is the consumer: it processes orders, fails those without a
// store, and reports each message's fate by itself or the whole batch's at once.
package consume

import (
	"context"
	"errors"
	"fmt"

	"github.com/reliableq/reliableq/functions/journal"
	"github.com/reliableq/reliableq/functions/order"
	"github.com/reliableq/reliableq/sqsbatch"
)

// The two ways to report failure, as the variable FAILURE_REPORTING names them.
const (
	// PerMessage reports the failed messages; the others are done with.
	PerMessage = "per_message"
	// WholeBatch works through all of a batch and then fails the invocation if
	// one message failed, as functions do that know nothing of partial failures.
	// SQS delivers all of the batch again, the good ones too, though they were
	// processed: what that costs is what this mode is there to show.
	WholeBatch = "whole_batch"
)

// New makes the Lambda handler. It says in the journal what became of each
// message and of the batch. Further options, such as an idempotency store, are
// taken as they are.
func New(reporting string, j *journal.Journal, further ...sqsbatch.Option) (sqsbatch.Handler, error) {
	policy := sqsbatch.ReportEach
	if reporting == WholeBatch {
		policy = sqsbatch.FailIfAny
	}
	process := func(ctx context.Context, m sqsbatch.Message[order.Order]) error {
		if err := check(m); err != nil {
			return err
		}
		j.InfoContext(ctx, "processed", "message_id", m.ID(), "order_id", m.Body.OrderID,
			"origin_message_id", m.OriginID(), "receive_count", m.ReceiveCount())
		return nil
	}
	options := append([]sqsbatch.Option{sqsbatch.WithFailures(policy), sqsbatch.WithReport(report(j))}, further...)
	return sqsbatch.New(process, options...)
}

// check is the rule by which a message is good or bad.
func check(m sqsbatch.Message[order.Order]) error {
	if _, ok := m.Attribute(order.StoreID); !ok {
		return &Refusal{"missing_store_id", true}
	}
	healed, failing, err := m.Int(order.FailUntilReplay)
	if err != nil {
		return &Refusal{"invalid_" + order.FailUntilReplay, err.Error()}
	}
	if replays, _, err := m.Int(order.ReplayCount); failing && (err != nil || replays < healed) {
		return &Refusal{order.FailUntilReplay, healed}
	}
	return nil
}

type resp struct {
	Status    bool `json:"status"`
	Total     int  `json:"tot_msgs"`
	Succeeded int  `json:"s_msgs"`
}

func report(j *journal.Journal) func(context.Context, sqsbatch.Report) {
	return func(ctx context.Context, r sqsbatch.Report) {
		for i := range r.Results {
			result := &r.Results[i]
			if !result.Outcome.Done() {
				j.ErrorContext(ctx, result.Outcome.String(), "message_id", result.Message.MessageId,
					"receive_count", result.ReceiveCount(), "origin_message_id", result.OriginID(), "error", reason(result.Err))
			}
		}
		done := r.Count(sqsbatch.Succeeded)
		j.Resp(ctx, resp{Status: done == len(r.Results), Total: len(r.Results), Succeeded: done})
	}
}

// Refusal is why a message cannot be processed.
type Refusal struct {
	// Reason is one word, such as missing_store_id.
	Reason string
	// Detail is true, or the value that was refused.
	Detail any
}

// Error is the reason and its detail.
func (r *Refusal) Error() string { return fmt.Sprintf("%s: %v", r.Reason, r.Detail) }

// reason is an error as the log shows it: a refusal as {"reason":detail}.
func reason(err error) any {
	if refusal := (*Refusal)(nil); errors.As(err, &refusal) {
		return map[string]any{refusal.Reason: refusal.Detail}
	}
	return err.Error()
}
