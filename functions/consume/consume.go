// Package consume is the consumer: it processes orders, fails those without a
// store, and reports each message's fate by itself or the whole batch's at once.
package consume

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"github.com/reliableq/reliableq/functions/journal"
	"github.com/reliableq/reliableq/functions/order"
)

// The two ways to report failure, as the variable FAILURE_REPORTING names them.
const (
	// PerMessage reports the failed messages; the others are done with.
	PerMessage = "per_message"
	// WholeBatch fails the invocation if one message failed, so that SQS
	// delivers all of the batch again: the good ones, too, which were processed.
	WholeBatch = "whole_batch"
)

// Consumer is the function's wiring.
type Consumer struct {
	// Reporting is PerMessage or WholeBatch.
	Reporting string
	// Journal takes a line for each message and one for the batch.
	Journal *journal.Journal
}

type resp struct {
	Status    bool `json:"status"`
	Total     int  `json:"tot_msgs"`
	Succeeded int  `json:"s_msgs"`
}

// Handle is the Lambda handler.
func (c *Consumer) Handle(ctx context.Context, event events.SQSEvent) (events.SQSEventResponse, error) {
	answer := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	for _, m := range event.Records {
		if err := c.process(ctx, m); err != nil {
			c.Journal.ErrorContext(ctx, "failed", "message_id", m.MessageId, "receive_count", receives(m), "error", reason(err))
			answer.BatchItemFailures = append(answer.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	failed := len(answer.BatchItemFailures)
	c.Journal.Resp(ctx, resp{Status: failed == 0, Total: len(event.Records), Succeeded: len(event.Records) - failed})
	if failed > 0 && c.Reporting == WholeBatch {
		ids := make([]string, failed)
		for i, item := range answer.BatchItemFailures {
			ids[i] = item.ItemIdentifier
		}
		return events.SQSEventResponse{}, fmt.Errorf("%d of %d messages failed: %s", failed, len(event.Records), strings.Join(ids, ", "))
	}
	return answer, nil
}

func (c *Consumer) process(ctx context.Context, m events.SQSMessage) error {
	var o order.Order
	if err := json.Unmarshal([]byte(m.Body), &o); err != nil {
		return &Refusal{"invalid_order", err.Error()}
	}
	if err := check(m); err != nil {
		return err
	}
	c.Journal.InfoContext(ctx, "processed", "message_id", m.MessageId, "order_id", o.OrderID, "origin_message_id", origin(m), "receive_count", receives(m))
	return nil
}

// check is the rule by which an order is good or bad.
func check(m events.SQSMessage) error {
	if _, ok := m.MessageAttributes[order.StoreID]; !ok {
		return &Refusal{"missing_store_id", true}
	}
	healed, failing, err := number(m, order.FailUntilReplay)
	if err != nil {
		return err
	}
	replays, _, err := number(m, order.ReplayCount)
	if err != nil {
		return err
	}
	if failing && replays < healed {
		return &Refusal{order.FailUntilReplay, healed}
	}
	return nil
}

func number(m events.SQSMessage, name string) (n int, ok bool, err error) {
	a, ok := m.MessageAttributes[name]
	if !ok || a.StringValue == nil {
		return 0, false, nil
	}
	n, err = strconv.Atoi(*a.StringValue)
	if err != nil {
		return 0, false, &Refusal{"invalid_" + name, *a.StringValue}
	}
	return n, true, nil
}

func origin(m events.SQSMessage) string {
	if a, ok := m.MessageAttributes[order.OriginID]; ok && a.StringValue != nil {
		return *a.StringValue
	}
	return m.MessageId
}

func receives(m events.SQSMessage) int {
	n, _ := strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
	return n
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
