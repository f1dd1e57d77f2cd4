// Package consume is the logic of the consumer: it processes orders and fails those
// without a store. It reports failed messages one by one, or fails the whole batch.
package consume

import (
	"context"
	"errors"
	"fmt"

	"github.com/reliableq/reliableq/functions/jsonlog"
	"github.com/reliableq/reliableq/functions/order"
	"github.com/reliableq/reliableq/sqsbatch"
)

// The ways to report failures: the values of the variable FAILURE_REPORTING.
const (
	// PerMessage reports the failed messages; the others are deleted.
	PerMessage = "per_message"
	// WholeBatch processes all messages of a batch and then fails the invocation
	// if one of them failed, as a function without partial batch responses does.
	// SQS delivers the whole batch again, although the good messages were
	// processed. This mode exists to demonstrate the cost.
	WholeBatch = "whole_batch"
)

// New returns the Lambda handler. It logs the outcome of each message and of the
// batch. extra options, such as an idempotency store, are passed on to sqsbatch.
func New(reporting string, logger *jsonlog.Logger, extra ...sqsbatch.Option) (sqsbatch.Handler, error) {
	policy := sqsbatch.ReportEach
	if reporting == WholeBatch {
		policy = sqsbatch.FailIfAny
	}

	process := func(ctx context.Context, m sqsbatch.Message[order.Order]) error {
		if err := check(m); err != nil {
			return err
		}

		logger.InfoContext(ctx, "processed", "message_id", m.ID(), "order_id", m.Body.OrderID,
			"origin_message_id", m.OriginID(), "receive_count", m.ReceiveCount())
		return nil
	}

	options := append([]sqsbatch.Option{sqsbatch.WithFailures(policy), sqsbatch.WithReport(report(logger))}, extra...)
	return sqsbatch.New(process, options...)
}

// check returns an error if the message must fail: it has no store, or it asks to fail
// until a later replay.
func check(m sqsbatch.Message[order.Order]) error {
	if _, ok := m.Attribute(order.StoreID); !ok {
		return &RejectedError{"missing_store_id", true}
	}

	// fail_until_replay is the replay count from which the order succeeds.
	from, failing, err := m.Int(order.FailUntilReplay)
	if err != nil {
		return &RejectedError{"invalid_" + order.FailUntilReplay, err.Error()}
	}

	// A message without a replay count was never replayed: its count is 0.
	if replays, _, err := m.Int(order.ReplayCount); failing && (err != nil || replays < from) {
		return &RejectedError{order.FailUntilReplay, from}
	}
	return nil
}

// resp is the summary line of a batch. Scripts depend on its form.
type resp struct {
	Status    bool `json:"status"`
	Total     int  `json:"tot_msgs"`
	Succeeded int  `json:"s_msgs"`
}

// report returns a function that logs the failed messages of a batch, and its summary.
func report(logger *jsonlog.Logger) func(context.Context, sqsbatch.Report) {
	return func(ctx context.Context, r sqsbatch.Report) {
		for i := range r.Results {
			result := &r.Results[i]
			if !result.Outcome.Done() {
				logger.ErrorContext(ctx, result.Outcome.String(), "message_id", result.Message.MessageId,
					"receive_count", result.ReceiveCount(), "origin_message_id", result.OriginID(), "error", reason(result.Err))
			}
		}

		// The status is of this batch only: a failed message can succeed in a later one.
		done := r.Count(sqsbatch.Succeeded)
		logger.Summary(ctx, resp{
			Status:    done == len(r.Results),
			Total:     len(r.Results),
			Succeeded: done,
		})
	}
}

// RejectedError is the error of a message that the consumer does not process.
type RejectedError struct {
	// Reason is a key, such as missing_store_id.
	Reason string
	// Detail is true, or the value that was rejected.
	Detail any
}

// Error returns the reason and the detail.
func (r *RejectedError) Error() string { return fmt.Sprintf("%s: %v", r.Reason, r.Detail) }

// reason returns an error in its form for the log: a RejectedError as {"reason":detail}.
func reason(err error) any {
	if refusal := (*RejectedError)(nil); errors.As(err, &refusal) {
		return map[string]any{refusal.Reason: refusal.Detail}
	}
	return err.Error()
}
