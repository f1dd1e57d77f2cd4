package sqsbatch

import (
	"context"
	"runtime/debug"
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
	deadline time.Time // for the work; the zero time if there is none
	taken    atomic.Int64
	started  atomic.Int64
	finished atomic.Int64
	failures atomic.Int64
}

func (e *engine) handle(ctx context.Context, event events.SQSEvent) (events.SQSEventResponse, error) {
	r := &run{engine: e, began: time.Now(), results: plan(event.Records, e.key)}
	e.mapping.look(ctx, e, r.results)
	work, cancel := r.workContext(ctx)
	defer cancel()
	if e.bulk != nil {
		r.workInBulk(work)
	} else {
		r.work(work)
	}
	r.settleTwins()
	e.postpone(ctx, r.results, r.began)

	report := Report{Results: r.results, Began: r.began, Took: time.Since(r.began)}
	for _, observe := range e.observers {
		observe(ctx, report)
	}
	return e.answer(report)
}

// workContext ends before the function's deadline, early enough to answer.
func (r *run) workContext(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ends := ctx.Deadline()
	if !ends {
		return ctx, func() {}
	}
	r.deadline = deadline.Add(-min(r.answerTime, deadline.Sub(r.began)/4))
	return context.WithDeadline(ctx, r.deadline)
}

// work runs the messages, on this goroutine or beside each other.
func (r *run) work(ctx context.Context) {
	workers := min(r.concurrency, len(r.results))
	if workers <= 1 {
		r.take(ctx)
		return
	}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() { r.take(ctx) })
	}
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

// chain works off a group in order, up to its first failure.
func (r *run) chain(ctx context.Context, result *Result) {
	var broken error
	for ; ; result = &r.results[result.next-1] {
		switch {
		case result.twin > 0: // takes the outcome of the one it repeats
		case broken != nil:
			result.Err = broken
		case r.begin(ctx, result):
			if r.finish(ctx, result, r.call(ctx, result.Message)); !result.Outcome.Done() {
				broken = ErrGroup
			}
		case !result.Outcome.Done():
			broken = result.Err
		}
		if result.next == 0 {
			return
		}
	}
}

// begin decides whether a message is started: not without time, with the
// breaker open, or if the idempotency store knows it.
func (r *run) begin(ctx context.Context, result *Result) bool {
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
	r.pace.learn(time.Since(result.Started))
	result.Err, result.Outcome = err, Succeeded
	if err != nil {
		result.Outcome = Failed
		if IsPermanent(err) && r.deadLetter != nil && r.bury(ctx, result) {
			result.Outcome = DeadLettered
		}
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
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	if r.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.timeout)
		defer cancel()
	}
	if r.trace != nil {
		var end func(error)
		ctx, end = r.trace(ctx, traceOf(m), m)
		defer func() { end(err) }()
	}
	return r.one(ctx, m)
}

// settleTwins gives repeated messages the outcome of the one they repeat.
func (r *run) settleTwins() {
	for i := range r.results {
		if result := &r.results[i]; result.twin > 0 {
			first := &r.results[result.twin-1]
			result.Outcome, result.Err, result.Duplicate = first.Outcome, first.Err, true
		}
	}
}

// answer is what Lambda is told.
func (e *engine) answer(report Report) (events.SQSEventResponse, error) {
	ids, first := report.failed()
	response := events.SQSEventResponse{BatchItemFailures: make([]events.SQSBatchItemFailure, len(ids))}
	for i, id := range ids {
		response.BatchItemFailures[i].ItemIdentifier = id
	}
	whole := e.failures == FailIfAny || e.failures == FailIfAll && len(ids) == len(report.Results) || e.mapping.lacking()
	if len(ids) > 0 && whole {
		return events.SQSEventResponse{}, &BatchError{Failed: ids, Total: len(report.Results), First: first}
	}
	return response, nil
}
