// Package produce is the producer: it makes orders, sends them to the source
// queue, and answers how many SQS accepted.
package produce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/reliableq/reliableq/functions/journal"
	"github.com/reliableq/reliableq/functions/order"
	"github.com/reliableq/reliableq/functions/outbox"
)

// batch is how many orders are sent at once.
const batch = 10

// leastReserve is the time kept for the answer when sends are fast.
const leastReserve = 500 * time.Millisecond

// Sender sends messages and answers a result for each, as [outbox.Outbox] does.
type Sender interface {
	// Send answers one result for each message, in their order.
	Send(ctx context.Context, messages []outbox.Message) []outbox.Result
}

// Producer is the function's wiring.
type Producer struct {
	// Queue takes the orders.
	Queue Sender
	// Project is the value of each message's attribute of that name.
	Project string
	// BadRatio is the share of bad orders where the event gives none, 0 to 1.
	BadRatio float64
	// Journal takes one line for each batch that was accepted.
	Journal *journal.Journal
	// Now is the time; time.Now outside tests.
	Now func() time.Time
}

// Response is what the function answers, in the shape of an HTTP response.
type Response struct {
	// StatusCode is 200.
	StatusCode int `json:"statusCode"`
	// Body is a JSON object as text. Its `status` is false if SQS accepted fewer
	// messages than were asked for.
	Body string `json:"body"`
}

// tally is what an invocation has done so far.
type tally struct {
	accepted, bad int
	slowest       time.Duration // of the batches sent
	err           error         // of the first message that was not accepted
}

// Handle is the Lambda handler: the event is a [Request]. It is an error if the
// event is malformed, or if messages were to be sent and none was accepted.
func (p *Producer) Handle(ctx context.Context, event json.RawMessage) (Response, error) {
	req, err := parse(event)
	if err != nil {
		return Response{}, err
	}
	if _, ends := ctx.Deadline(); req.Count == nil && !ends {
		return Response{}, errors.New("neither a count nor a deadline: this would never end")
	}
	done := p.run(ctx, req)
	if done.accepted == 0 && done.err != nil {
		return Response{}, fmt.Errorf("no message was accepted: %w", done.err)
	}
	complete := done.err == nil && (req.Count == nil || done.accepted == *req.Count)
	body := fmt.Sprintf(`{"message": {"status": %t, "tot_msgs": %d, "bad_msgs": %d}}`, complete, done.accepted, done.bad)
	return Response{StatusCode: 200, Body: body}, nil
}

func (p *Producer) run(ctx context.Context, req Request) tally {
	var done tally
	orders := p.generator(req)
	for left := remaining(req); left > 0 && p.timeFor(ctx, done.slowest); left -= batch {
		drafts := make([]order.Draft, min(left, batch))
		for i := range drafts {
			drafts[i] = orders.Next()
		}
		if p.send(ctx, drafts, &done); done.err != nil && done.accepted == 0 {
			break
		}
	}
	return done
}

func remaining(req Request) int {
	if req.Count == nil {
		return maxCount
	}
	return *req.Count
}

func (p *Producer) generator(req Request) *order.Generator {
	share, count := p.BadRatio, 0
	if req.BadRatio != nil {
		share = *req.BadRatio
	}
	if req.Count != nil {
		count = *req.Count
	}
	if req.Seed != nil {
		return order.Seeded(*req.Seed, count, share)
	}
	return order.Fresh(p.Now(), count, share)
}

// timeFor tells whether another batch can be sent and still be answered for. It
// keeps back twice what the slowest took.
func (p *Producer) timeFor(ctx context.Context, slowest time.Duration) bool {
	if ctx.Err() != nil {
		return false
	}
	deadline, ends := ctx.Deadline()
	return !ends || deadline.Sub(p.Now()) > max(2*slowest, leastReserve)
}

// acceptedLine names the messages of one batch, for whoever follows them.
type acceptedLine struct{ ids, bad, orders []string }

func (p *Producer) send(ctx context.Context, drafts []order.Draft, done *tally) {
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
	line := acceptedLine{ids: []string{}, bad: []string{}, orders: []string{}}
	for i, result := range p.Queue.Send(ctx, messages) {
		draft := drafts[i]
		if result.Err != nil {
			p.Journal.ErrorContext(ctx, "not accepted", "order_id", draft.Order.OrderID, "error", result.Err.Error())
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
		p.Journal.InfoContext(ctx, "accepted", "message_ids", line.ids, "bad_message_ids", line.bad, "order_ids", line.orders)
	}
}
