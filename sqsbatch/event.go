package sqsbatch

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// ErrNotSQS is wrapped by the error of an invocation whose event is not a batch of SQS
// messages. Such an event must not be acknowledged as if it had been processed.
var ErrNotSQS = errors.New("not a batch of SQS messages")

// sqsSource is the event source of a record of SQS.
const sqsSource = "aws:sqs"

// Handler is a Lambda handler for batches of SQS messages.
type Handler func(ctx context.Context, event events.SQSEvent) (events.SQSEventResponse, error)

// Invoke processes an event and returns the response, both as JSON. lambda.Start calls
// it. An event that is not a batch of SQS messages fails with an error that wraps
// [ErrNotSQS] and names what came.
func (h Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var event events.SQSEvent
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, fmt.Errorf("sqsbatch: %w: %s: %w", ErrNotSQS, describe(payload), err)
	}
	if len(event.Records) == 0 {
		return nil, fmt.Errorf("sqsbatch: %w: %s", ErrNotSQS, describe(payload))
	}

	response, err := h(ctx, event)
	if err != nil {
		return nil, err
	}
	return json.Marshal(response)
}

// validateEvent returns an error if an event is not a batch of SQS messages. A record
// without a source is accepted if it has a message id, for events that tests make.
func validateEvent(event events.SQSEvent) error {
	if len(event.Records) == 0 {
		return fmt.Errorf("sqsbatch: %w: the event has no records", ErrNotSQS)
	}
	for i := range event.Records {
		m := &event.Records[i]
		if m.EventSource == sqsSource || m.EventSource == "" && m.MessageId != "" {
			continue
		}
		return fmt.Errorf("sqsbatch: %w: record %d is from %s", ErrNotSQS, i+1, cmp.Or(m.EventSource, "an unknown source"))
	}
	return nil
}

// describe returns what an event that is not a batch of SQS messages seems to be.
func describe(payload []byte) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(payload, &fields) != nil {
		return "the event is " + jsonKind(payload)
	}

	text := func(name string) string {
		var s string
		_ = json.Unmarshal(fields[name], &s) // empty if it is no text
		return s
	}
	has := func(name string) bool {
		_, ok := fields[name]
		return ok
	}
	switch {
	case has("detail-type"):
		return fmt.Sprintf("an EventBridge event %q from %s", text("detail-type"), text("source"))
	case has("requestContext"):
		return "an HTTP request"
	case has("records"), has("Records") && len(fields) > 1:
		return fmt.Sprintf("an event from %s", cmp.Or(text("eventSource"), "an unknown source"))
	case has("Records"):
		return "the event has no records of SQS"
	case len(fields) == 0:
		return "the event is empty"
	}
	return "an event with the members " + strings.Join(slices.Sorted(maps.Keys(fields)), ", ")
}

// jsonKind returns the kind of a JSON value that is not an object.
func jsonKind(payload []byte) string {
	var value any
	if json.Unmarshal(payload, &value) != nil {
		return "not JSON"
	}
	switch value.(type) {
	case nil:
		return "null"
	case []any:
		return "a list"
	case string:
		return "a text"
	case float64:
		return "a number"
	}
	return "a truth value"
}
