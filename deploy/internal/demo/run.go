package demo

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/flow"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/progress"
	"github.com/reliableq/reliableq/deploy/internal/verdict"
)

// Order is what the producer is asked for.
type Order struct {
	// Count is the number of messages.
	Count int `json:"count"`
	// BadRatio is the share of bad ones, from 0 to 1.
	BadRatio float64 `json:"bad_ratio"`
	// Seed fixes the messages.
	Seed uint64 `json:"seed"`
}

// Pace is how often to look, and how long to wait for what comes late.
type Pace struct {
	// Look is the time between two looks at queues and logs.
	Look time.Duration
	// Rest is how many looks in a row must find the queues empty: on AWS their
	// counts are approximate.
	Rest int
	// Late is how long log lines and hidden messages may take to turn up, once the
	// queues are empty.
	Late time.Duration
	// Patience is how long all of it may take.
	Patience time.Duration
}

// Run is one run of the demo over a deployment.
type Run struct {
	// Client reads and drives the flow.
	Client *flow.Client
	// Deployment is the flow.
	Deployment flow.Deployment
	// WholeBatch says that the consumer reports failures for the whole batch.
	WholeBatch bool
	// Progress shows what goes on.
	Progress *progress.Progress
	// Pace is how often to look.
	Pace Pace
	// Step, if not nil, is called between two looks: it moves a clock that would
	// not hurry by itself. Nobody else may move that meanwhile, or messages come
	// back while the dead-letter queue is read.
	Step func(ctx context.Context) error

	ledger *ledger
	tails  map[string]*flow.Tail
	before int // messages in the dead-letter queue when the run began
}

// Do produces, follows and answers the facts.
func (r *Run) Do(ctx context.Context, order Order) (verdict.Facts, error) {
	depths, err := r.Client.Depths(ctx, r.Deployment)
	if err != nil {
		return verdict.Facts{}, err
	}
	r.before = depths[len(depths)-1].Total()
	since := time.Now().Add(-2 * time.Minute) // messages are told apart by id: this only bounds what is read
	want, err := r.produce(ctx, order)
	if err != nil {
		return verdict.Facts{}, err
	}
	r.tails = map[string]*flow.Tail{}
	for key, group := range r.Deployment.LogGroups {
		r.tails[key] = r.Client.Tail(group, since, "")
	}
	ctx, cancel := context.WithTimeoutCause(ctx, r.Pace.Patience, errPatience)
	defer cancel()
	facts, err := r.follow(ctx, want)
	switch cause := context.Cause(ctx); {
	case err == nil:
		return facts, nil
	case errors.Is(cause, errPatience):
		return verdict.Facts{}, r.stuck()
	case cause != nil: // it says more than the request that it ended
		return verdict.Facts{}, fmt.Errorf("follow the messages: %w", cause)
	}
	return verdict.Facts{}, err
}

var errPatience = errors.New("out of patience")

// answer is what the producer says.
type answer struct {
	StatusCode int    `json:"statusCode"`
	Body       string `json:"body"`
}

type body struct {
	Message struct {
		Status bool `json:"status"`
		Total  int  `json:"tot_msgs"`
		Bad    int  `json:"bad_msgs"`
	} `json:"message"`
}

// produce invokes the producer and answers how many messages it says were
// accepted.
func (r *Run) produce(ctx context.Context, order Order) (int, error) {
	name := r.Deployment.Functions["producer"]
	payload, err := json.Marshal(order)
	if err != nil {
		return 0, fmt.Errorf("write the producer's event: %w", err)
	}
	r.Progress.Say("invoking %s with %s", name, payload)
	got, err := r.Client.Invoke(ctx, name, payload, true)
	if err != nil {
		return 0, err
	}
	if got.FunctionError != "" {
		return 0, hint.With(fmt.Errorf("the producer failed: %s%s", got.Payload, tailOf(got.LogTail)), "its log tells more: reliableq logs producer")
	}
	var a answer
	var b body
	if err := errors.Join(json.Unmarshal(got.Payload, &a), json.Unmarshal([]byte(a.Body), &b)); err != nil {
		return 0, fmt.Errorf("understand the producer's answer %s: %w", got.Payload, err)
	}
	if b.Message.Total < order.Count {
		r.Progress.Say("the producer's time was enough for %d of %d messages", b.Message.Total, order.Count)
	}
	r.ledger = newLedger(got.RequestID)
	return b.Message.Total, nil
}

// tailOf is the end of a function's log, set off below an error.
func tailOf(encoded string) string {
	tail, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(tail) == 0 {
		return ""
	}
	return "\n  " + strings.ReplaceAll(strings.TrimSpace(string(tail)), "\n", "\n  ")
}
