package sqsbatch

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Handler is a Lambda handler for batches of SQS messages.
type Handler func(ctx context.Context, event events.SQSEvent) (events.SQSEventResponse, error)

// engine is all of a handler that does not hang on the type of its bodies. It
// lives as long as its execution environment.
type engine struct {
	config
	one     func(ctx context.Context, m *events.SQSMessage) error
	bulk    func(ctx context.Context, ms []*events.SQSMessage) []error // in place of one
	pace    pace
	mapping mapping
}

// run is one batch on its way.
type run struct {
	*engine
	results  []Result
	began    time.Time
	work     workContext
	deadline time.Time // for the work; the zero time if there is none, as with
	closing  time.Time // for the requests that follow it, and
	end      time.Time // the function's own
	taken    atomic.Int64
	started  atomic.Int64
	finished atomic.Int64
	failures atomic.Int64
}

func (e *engine) handle(ctx context.Context, event events.SQSEvent) (events.SQSEventResponse, error) {
	r := &run{engine: e, began: time.Now(), results: plan(event.Records, e.key)}
	work := r.workContext(ctx)
	defer r.work.end()
	if err := r.reserveFits(); err != nil {
		return events.SQSEventResponse{}, err
	}
	e.mapping.look(ctx, e, r.results)
	if e.bulk != nil {
		r.workInBulk(work)
	} else {
		r.workOff(work)
	}
	r.settleTwins()
	r.postpone(ctx)

	report := Report{Results: r.results, Began: r.began, Took: time.Since(r.began)}
	for _, observe := range e.observers {
		observe(ctx, report)
	}
	return e.answer(report)
}

// workContext ends before the function's deadline, early enough to settle what
// was done, and to answer.
func (r *run) workContext(ctx context.Context) context.Context {
	deadline, ends := ctx.Deadline()
	if !ends {
		return ctx
	}
	answer := min(r.answerTime, deadline.Sub(r.began)/4)
	r.deadline, r.closing, r.end = deadline.Add(-answer), deadline.Add(-answer/3), deadline
	r.work.Context, r.work.deadline = ctx, r.deadline
	return &r.work
}

// reserveFits refuses a reserve for which the function is too short: every
// message would be returned untouched, until SQS took it for a bad one.
func (r *run) reserveFits() error {
	if all := r.deadline.Sub(r.began); !r.deadline.IsZero() && r.reserve > all && len(r.results) > 0 {
		return fmt.Errorf("sqsbatch: no message can start: WithReserve wants %v and the function has %v for the work; "+
			"raise the function's timeout or lower the reserve", r.reserve, all.Round(time.Millisecond))
	}
	return nil
}

// workOff runs the messages, on this goroutine or beside each other.
func (r *run) workOff(ctx context.Context) {
	workers := min(r.concurrency, len(r.results))
	if workers <= 1 {
		r.take(ctx)
		return
	}
	var wg sync.WaitGroup
	wg.Add(workers)
	worker := func() { // one closure for all, where wg.Go would make two for each
		defer wg.Done()
		r.take(ctx)
	}
	for range workers - 1 {
		go worker()
	}
	worker()
	wg.Wait()
}

// take works off groups until none is left. A message of a standard queue is a
// group by itself.
func (r *run) take(ctx context.Context) {
	for {
		i := int(r.taken.Add(1)) - 1
		if i >= len(r.results) {
			return
		}
		if r.results[i].head {
			r.chain(ctx, &r.results[i])
		}
	}
}

// chain works off a group in order.
func (r *run) chain(ctx context.Context, result *Result) {
	for {
		switch {
		case result.twin > 0:
			if !result.head { // the one that it repeats went before it
				r.settleTwin(result)
			}
		case r.begin(ctx, result):
			r.finish(ctx, result, r.call(ctx, result.Message))
		}
		if result.next == 0 {
			return
		}
		result = r.passOn(result)
	}
}

// passOn lets what holds up a message, or is a failure of it, hold up the next
// of its group, which it answers.
func (r *run) passOn(result *Result) *Result {
	next := &r.results[result.next-1]
	switch {
	case result.Outcome.Done():
		next.held = result.held
	case result.Err == ErrNoTime || result.Err == ErrBreaker:
		next.held = result.Err
	default:
		next.held = ErrGroup
	}
	return next
}

// begin decides whether a message is started: not if something holds it up,
// without time, with the breaker open, or if the idempotency store knows it.
func (r *run) begin(ctx context.Context, result *Result) (ok bool) {
	defer r.guard(ctx, result)
	if result.Err == nil {
		result.Err = result.held
	}
	if result.Err != nil {
		return false
	}
	now := time.Now()
	switch {
	case ctx.Err() != nil, !r.deadline.IsZero() && now.Add(r.expected()).After(r.deadline):
		result.Err = ErrNoTime
		return false
	case r.breaker.open(int(r.failures.Load()), int(r.finished.Load())):
		result.Err = ErrBreaker
		return false
	}
	if r.store != nil && !r.claim(ctx, result) {
		return false
	}
	r.started.Add(1)
	result.Started = now
	return true
}

// expected is how long a message may take. What was learned never stops the
// first: each invocation has the same time, and what does not fit now never
// would.
func (r *run) expected() time.Duration {
	switch {
	case r.reserve > 0:
		return r.reserve
	case r.bulk != nil || r.started.Load() == 0:
		return 0
	}
	return r.pace.expect()
}

// finish writes down what became of a message that was started.
func (r *run) finish(ctx context.Context, result *Result, err error) {
	defer r.guard(ctx, result)
	r.pace.learn(time.Since(result.Started))
	if err == nil {
		result.Outcome = Succeeded
	} else {
		r.fail(ctx, result, err)
	}
	if result.claim != "" {
		r.settleClaim(ctx, result)
	}
	r.finished.Add(1)
	if !result.Outcome.Done() {
		r.failures.Add(1)
	}
}

// call runs the handler and turns a panic into an error.
func (r *run) call(ctx context.Context, m *events.SQSMessage) (err error) {
	defer recovered(&err)
	if r.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.timeout)
		defer cancel()
	}
	if r.trace != nil {
		return r.traced(ctx, m)
	}
	return r.one(ctx, m)
}

// answer is what Lambda is told.
func (e *engine) answer(report Report) (events.SQSEventResponse, error) {
	ids, first := report.failed()
	whole := e.failures == FailIfAny || e.failures == FailIfAll && len(ids) == len(report.Results) || e.mapping.lacking()
	if len(ids) > 0 && whole {
		var err error = &BatchError{Failed: ids, Total: len(report.Results), First: first}
		if e.mapping.lacking() {
			err = fmt.Errorf("%w, so the batch fails as a whole: %w", ErrIgnored, err)
		}
		return events.SQSEventResponse{}, err
	}
	response := events.SQSEventResponse{BatchItemFailures: make([]events.SQSBatchItemFailure, len(ids))}
	for i, id := range ids {
		response.BatchItemFailures[i].ItemIdentifier = id
	}
	return response, nil
}
