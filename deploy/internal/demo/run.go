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

// Request is the event that the producer is invoked with.
type Request struct {
	// Count is the number of messages.
	Count int `json:"count"`
	// BadRatio is the share of bad messages, from 0 to 1.
	BadRatio float64 `json:"bad_ratio"`
	// Seed determines the messages.
	Seed uint64 `json:"seed"`
}

// Timing is how often the queues and logs are read, and how long to wait.
type Timing struct {
	// Interval is the time between two reads.
	Interval time.Duration
	// EmptyReads is how many reads in a row must find the queues empty. On AWS their
	// counts are approximate.
	EmptyReads int
	// Grace is how long to wait, once the queues are empty, for log lines that become
	// readable late and for dead letters that another consumer has in flight.
	Grace time.Duration
	// Timeout is how long the run may take.
	Timeout time.Duration
}

// Run is one run of the demo on a deployment.
type Run struct {
	// Client calls AWS.
	Client *flow.Client
	// Deployment names the queues and functions.
	Deployment flow.Deployment
	// WholeBatch means that one bad message fails its batch.
	WholeBatch bool
	// Progress shows how far the run has come.
	Progress *progress.Progress
	// Timing is how often to read, and how long to wait.
	Timing Timing
	// AdvanceClock, if not nil, is called between two reads. It advances a clock that
	// does not skip by itself. Nothing else may advance that clock during the run, or
	// messages become visible while the dead-letter queue is read.
	AdvanceClock func(ctx context.Context) error

	log    *messageLog
	tails  map[string]*flow.Tail
	before int // messages in the dead-letter queue when the run began
}

// errTimeout is the cause of the context's end after Timing.Timeout.
var errTimeout = errors.New("the messages are still in the queues")

// Do invokes the producer, follows its messages, and returns the facts for a verdict.
func (r *Run) Do(ctx context.Context, request Request) (verdict.Facts, error) {
	depths, err := r.Client.Depths(ctx, r.Deployment)
	if err != nil {
		return verdict.Facts{}, err
	}

	r.before = depths[len(depths)-1].Total()

	// Messages are recognized by their ids. The time only limits how much is read: with
	// the machine's time it would be hours if time was skipped.
	now, err := r.Client.Now(ctx)
	if err != nil {
		return verdict.Facts{}, err
	}
	since := now.Add(-2 * time.Minute)
	want, err := r.produce(ctx, request)
	if err != nil {
		return verdict.Facts{}, err
	}

	// Follow the log of every function from before the invocation.
	r.tails = map[string]*flow.Tail{}
	for key, group := range r.Deployment.LogGroups {
		r.tails[key] = r.Client.Tail(group, since, "")
	}

	ctx, cancel := context.WithTimeoutCause(ctx, r.Timing.Timeout, errTimeout)
	defer cancel()

	facts, err := r.follow(ctx, want)

	switch cause := context.Cause(ctx); {
	case err == nil:
		return facts, nil
	case errors.Is(cause, errTimeout):
		return verdict.Facts{}, r.timeoutError()
	case cause != nil: // it explains more than the error of the request that it ended
		return verdict.Facts{}, fmt.Errorf("follow the messages: %w", cause)
	}

	return verdict.Facts{}, err
}

// response is what the producer returns.
type response struct {
	StatusCode int    `json:"statusCode"`
	Body       string `json:"body"`
}

// responseBody is the JSON in a response's body.
type responseBody struct {
	Message struct {
		Status bool `json:"status"`
		Total  int  `json:"tot_msgs"`
		Bad    int  `json:"bad_msgs"`
	} `json:"message"`
}

// produce invokes the producer and returns how many messages SQS accepted.
func (r *Run) produce(ctx context.Context, request Request) (int, error) {
	name := r.Deployment.Functions["producer"]
	payload, err := json.Marshal(request)
	if err != nil {
		return 0, fmt.Errorf("encode the producer's event: %w", err)
	}

	r.Progress.Say("invoking %s with %s", name, payload)
	got, err := r.Client.Invoke(ctx, name, payload, true)
	if err != nil {
		return 0, err
	}
	if got.FunctionError != "" {
		return 0, hint.With(fmt.Errorf("the producer failed: %s%s", got.Payload, indentedTail(got.LogTail)), "see its log with reliableq logs producer")
	}

	// The producer returns JSON with JSON as a string in it.
	var resp response
	var body responseBody
	if err := errors.Join(json.Unmarshal(got.Payload, &resp), json.Unmarshal([]byte(resp.Body), &body)); err != nil {
		return 0, fmt.Errorf("decode the producer's response %s: %w", got.Payload, err)
	}
	if body.Message.Total < request.Count {
		r.Progress.Say("the producer had time for %d of %d messages", body.Message.Total, request.Count)
	}

	r.log = newMessageLog(got.RequestID)
	return body.Message.Total, nil
}

// indentedTail returns the end of a function's log, indented below an error.
func indentedTail(encoded string) string {
	tail, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(tail) == 0 {
		return "" // the error is complete without it
	}
	return "\n  " + strings.ReplaceAll(strings.TrimSpace(string(tail)), "\n", "\n  ")
}
