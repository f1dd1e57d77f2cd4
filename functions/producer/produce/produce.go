// Package produce is the logic of the producer: it generates orders, sends them to
// the source queue, and returns how many SQS accepted.
package produce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/reliableq/reliableq/functions/jsonlog"
	"github.com/reliableq/reliableq/functions/order"
	"github.com/reliableq/reliableq/functions/outbox"
)

// batch is the number of orders of one send.
const batch = 10

// leastReserve is the least time that is left for returning the response.
const leastReserve = 500 * time.Millisecond

// Sender sends messages. [outbox.Outbox] implements it.
type Sender interface {
	// Send returns one result for each message, in the same order.
	Send(ctx context.Context, messages []outbox.Message) []outbox.Result
}

// Producer is the function and what it depends on.
type Producer struct {
	// Queue sends the orders.
	Queue Sender
	// Project is the value of the attribute project of each message.
	Project string
	// BadRatio is the share of bad orders if the event has none, 0 to 1.
	BadRatio float64
	// Logger gets a line for each batch with accepted messages, and one for each
	// message that was not accepted.
	Logger *jsonlog.Logger
	// Now returns the time: time.Now, or a fake in tests.
	Now func() time.Time
}

// Response is the function's response, in the form of an HTTP response.
type Response struct {
	// StatusCode is 200.
	StatusCode int `json:"statusCode"`
	// Body is a JSON object as text. Its `status` is false if SQS accepted fewer
	// messages than the event asked for.
	Body string `json:"body"`
}

// tally counts what an invocation has done so far.
type tally struct {
	accepted, bad int
	slowest       time.Duration // duration of the slowest send
	err           error         // of the first message that was not accepted
}

// Handle is the Lambda handler. The event is a [Request]. Handle returns an error if
// the event is malformed, or if no message was accepted and at least one failed.
func (p *Producer) Handle(ctx context.Context, event json.RawMessage) (Response, error) {
	req, err := parse(event)
	if err != nil {
		return Response{}, err
	}
	if _, ends := ctx.Deadline(); req.Count == nil && !ends {
		return Response{}, errors.New("cannot produce without an end: the event has no count and the invocation no deadline")
	}

	// Without an accepted message the invocation fails, so that its caller notices.
	done := p.run(ctx, req)
	if done.accepted == 0 && done.err != nil {
		return Response{}, fmt.Errorf("no message was accepted: %w", done.err)
	}

	complete := done.err == nil && (req.Count == nil || done.accepted == *req.Count)
	body := fmt.Sprintf(`{"message": {"status": %t, "tot_msgs": %d, "bad_msgs": %d}}`, complete, done.accepted, done.bad)
	return Response{StatusCode: 200, Body: body}, nil
}

// run sends batches until the count is reached or the time is used up.
func (p *Producer) run(ctx context.Context, req Request) tally {
	var done tally
	orders := p.generator(req)
	for left := remaining(req); left > 0 && p.timeFor(ctx, done.slowest); left -= batch {
		drafts := make([]order.Draft, min(left, batch))
		for i := range drafts {
			drafts[i] = orders.Next()
		}

		// If nothing was ever accepted, further batches would fail too.
		if p.send(ctx, drafts, &done); done.err != nil && done.accepted == 0 {
			break
		}
	}

	return done
}

// remaining returns how many messages to send.
func remaining(req Request) int {
	if req.Count == nil {
		return maxCount
	}
	return *req.Count
}

// generator returns the source of a request's orders.
func (p *Producer) generator(req Request) *order.Generator {
	share := p.BadRatio
	count := 0
	if req.BadRatio != nil {
		share = *req.BadRatio
	}
	if req.Count != nil {
		count = *req.Count
	}
	if req.Seed != nil {
		return order.Seeded(*req.Seed, count, share)
	}

	return order.Random(p.Now(), count, share)
}

// timeFor reports whether there is time to send another batch and to return the
// response. It reserves twice the duration of the slowest send.
func (p *Producer) timeFor(ctx context.Context, slowest time.Duration) bool {
	if ctx.Err() != nil {
		return false
	}
	deadline, ends := ctx.Deadline()
	return !ends || deadline.Sub(p.Now()) > max(2*slowest, leastReserve)
}

// acceptedLine is the content of the log line from which demo and tests learn the ids of
// a batch's messages.
type acceptedLine struct{ ids, bad, orders []string }

// send sends a batch and adds its results to done.
func (p *Producer) send(ctx context.Context, drafts []order.Draft, done *tally) {
	// The attribute ts of all messages of a batch is the time of its send.
	began := p.Now()
	messages := make([]outbox.Message, len(drafts))
	for i, draft := range drafts {
		body, err := json.Marshal(draft.Order)
		if err != nil {
			done.err = fmt.Errorf("encode order %s: %w", draft.Order.OrderID, err)
			return
		}

		messages[i] = outbox.Message{Body: string(body), Attributes: draft.Attributes(p.Project, began)}
	}

	// Not nil, so that empty lists are [] in the log.
	line := acceptedLine{
		ids:    []string{},
		bad:    []string{},
		orders: []string{},
	}

	for i, result := range p.Queue.Send(ctx, messages) {
		draft := drafts[i]
		if result.Err != nil {
			p.Logger.ErrorContext(ctx, "not accepted", "order_id", draft.Order.OrderID, "error", result.Err.Error())
			if done.err == nil {
				done.err = result.Err
			}

			continue
		}

		done.accepted++
		line.ids = append(line.ids, result.ID)
		line.orders = append(line.orders, draft.Order.OrderID)
		if draft.IsBad() {
			done.bad++
			line.bad = append(line.bad, result.ID)
		}
	}

	done.slowest = max(done.slowest, p.Now().Sub(began))
	if len(line.ids) > 0 {
		p.Logger.InfoContext(ctx, "accepted", "message_ids", line.ids, "bad_message_ids", line.bad, "order_ids", line.orders)
	}
}
