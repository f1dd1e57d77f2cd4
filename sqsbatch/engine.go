package sqsbatch

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// engine is the part of a handler that does not depend on the type of the bodies. It
// lives as long as its execution environment.
type engine struct {
	config
	handleOne  func(ctx context.Context, m *events.SQSMessage) error
	handleBulk func(ctx context.Context, ms []*events.SQSMessage) []error // instead of handleOne
	pace       pace
	mapping    mapping
	redrive    redrive
}

// run is a batch in progress.
type run struct {
	*engine
	results   []Result
	contexts  []messageContext  // of the messages; nil if they have no limit
	only      [1]messageContext // contexts of a batch of one
	began     time.Time
	order     []int           // in which messages are taken; nil for that of the event
	parent    context.Context // the invocation's
	work      messageContext
	deadline  time.Time // of the work; like the next two the zero time if there is none
	settleBy  time.Time // of the requests that follow the work
	end       time.Time // of the invocation
	taken     atomic.Int64
	waiting   atomic.Int64 // messages that no worker has taken
	finished  atomic.Int64
	succeeded atomic.Int64
	failures  atomic.Int64
}

// handle processes a batch. It is the Handler.
func (e *engine) handle(ctx context.Context, event events.SQSEvent) (events.SQSEventResponse, error) {
	if err := validateEvent(event); err != nil {
		return events.SQSEventResponse{}, err
	}

	r := &run{
		engine:  e,
		began:   time.Now(),
		results: plan(event.Records, e.key),
	}

	// All time limits come from the deadline of the invocation.
	work := r.workContext(ctx)
	defer r.work.end()
	if err := r.reserveFits(); err != nil {
		return events.SQSEventResponse{}, err
	}

	// A mapping without ReportBatchItemFailures must be known before a message fails.
	e.mapping.check(ctx, e, r.results)

	if e.handleBulk != nil {
		r.processBulk(work)
	} else {
		r.processAll(work)
	}

	// The work is over. Duplicates need the outcome of their message, and postponing
	// needs all outcomes.
	r.settleDuplicates()
	r.postpone(ctx)

	report := Report{
		Results: r.results,
		Began:   r.began,
		Took:    time.Since(r.began),
	}
	for _, observe := range e.observers {
		observe(ctx, report)
	}
	return e.respond(report)
}

// workContext returns the context of the work. It ends before the function's
// deadline, early enough to settle the messages and return the response.
func (r *run) workContext(ctx context.Context) context.Context {
	r.parent = ctx
	deadline, ends := ctx.Deadline()
	if r.handleOne != nil && (ends || r.timeout > 0) {
		r.contexts = r.only[:]
		if len(r.results) > 1 {
			r.contexts = make([]messageContext, len(r.results)) // one allocation for all
		}
	}
	if !ends {
		return ctx
	}

	// Postponing gets two thirds of the reserved time, the way back the rest.
	reserved := min(r.responseTime, deadline.Sub(r.began)/4)
	r.deadline = deadline.Add(-reserved)
	r.settleBy = deadline.Add(-reserved / 3)
	r.end = deadline
	r.work.Context = ctx
	r.work.deadline = r.deadline
	return &r.work
}

// reserveFits returns an error if the reserve exceeds the function's timeout. Without
// it, every message would be returned unprocessed until SQS dead-letters it.
func (r *run) reserveFits() error {
	if all := r.deadline.Sub(r.began); !r.deadline.IsZero() && r.reserve > max(all, 0) {
		return fmt.Errorf("sqsbatch: no message can start: WithReserve wants %v and the function has %v for the work; "+
			"raise the function's timeout or lower the reserve", r.reserve, all.Round(time.Millisecond))
	}
	return nil
}

// processAll processes the messages, on this goroutine or on several.
func (r *run) processAll(ctx context.Context) {
	for i := range r.results {
		if r.results[i].duplicateOf == 0 {
			r.waiting.Add(1)
		}
	}

	if !r.fits() {
		r.order = orderOf(r.results)
	}
	workers := min(r.concurrency, len(r.results))
	if workers <= 1 {
		r.processGroups(ctx)
		return
	}

	var wg sync.WaitGroup
	wg.Add(workers)
	worker := func() { // one closure in all; wg.Go would allocate two for each
		defer wg.Done()
		r.processGroups(ctx)
	}
	for range workers - 1 {
		go worker()
	}
	worker() // this goroutine is a worker too
	wg.Wait()
}

// processGroups processes groups until none is left. A message of a standard queue is
// a group by itself.
func (r *run) processGroups(ctx context.Context) {
	for {
		i := int(r.taken.Add(1)) - 1
		if i >= len(r.results) {
			return
		}
		if r.order != nil {
			i = r.order[i]
		}
		if r.results[i].head {
			r.processGroup(ctx, i)
		}
	}
}

// processGroup processes the messages of the group whose first message has the index
// i, in order.
func (r *run) processGroup(ctx context.Context, i int) {
	for {
		result := &r.results[i]
		if result.duplicateOf == 0 {
			r.processMessage(ctx, i)
		} else if !result.head { // in a group, the message that it repeats is settled
			r.settleDuplicate(result)
		}

		if result.next == 0 {
			return
		}

		r.blockNext(result)
		i = result.next - 1
	}
}

// processMessage processes the message with the index i, if it can be started.
func (r *run) processMessage(ctx context.Context, i int) {
	result := &r.results[i]
	result.waiting = int(r.waiting.Add(-1))
	now := time.Now()
	if r.contexts == nil {
		if r.start(ctx, now, result) {
			r.finish(ctx, result, r.call(ctx, result.Message))
		} else {
			r.giveUp(ctx, result)
		}
		return
	}

	// The context of a message has a limit of its own, and ends with the message.
	limit := r.limit(now, result)
	own := &r.contexts[i]
	own.Context = r.parent
	own.deadline = now.Add(limit)
	defer own.end()
	if !r.start(own, now, result) {
		r.giveUp(ctx, result)
		return
	}

	err := r.call(own, result.Message)
	if err != nil && own.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w of %v: %w", ErrTimeLimit, limit.Round(time.Millisecond), err)
	}
	r.finish(ctx, result, err)
}

// blockNext blocks the next message of the group if this one failed or is blocked.
func (r *run) blockNext(result *Result) {
	next := &r.results[result.next-1]
	switch {
	case result.Outcome.Done():
		next.blocked = result.blocked
	case result.Err == ErrNoTime || result.Err == ErrBreaker:
		next.blocked = result.Err
	default:
		next.blocked = ErrGroup
	}
}

// start reports whether a message is to be processed. It is not if an earlier message
// of its group blocks it, if too little time is left, if the breaker is open, or if
// the idempotency store does not grant its key.
func (r *run) start(ctx context.Context, now time.Time, result *Result) (ok bool) {
	defer r.guard(ctx, result)
	if result.Err == nil {
		result.Err = result.blocked
	}
	if result.Err != nil {
		return false
	}

	// Check what costs nothing before the store is asked.
	switch {
	case r.isOver(now), !r.deadline.IsZero() && now.Add(r.expected()).After(r.deadline):
		result.Err = ErrNoTime
		return false
	case r.breaker.open(int(r.failures.Load()), int(r.finished.Load())) && !r.isLast(ctx, result.Message):
		result.Err = ErrBreaker
		return false
	}

	if r.store != nil && !r.claim(ctx, result) {
		return false
	}

	result.Started = now
	return true
}

// isOver reports whether the work must end. It is cheaper than the context's Err.
func (r *run) isOver(now time.Time) bool {
	return r.parent.Err() != nil || !r.deadline.IsZero() && !now.Before(r.deadline)
}

// finish records the outcome of a message that was started.
func (r *run) finish(ctx context.Context, result *Result, err error) {
	defer r.guard(ctx, result)
	if err == nil {
		r.pace.learn(time.Since(result.Started))
		r.succeeded.Add(1)
		result.Outcome = Succeeded
	} else {
		r.fail(ctx, result, err)
	}

	// Update the idempotency store, then the counts of the breaker.
	if result.claim != "" {
		r.settleClaim(ctx, result)
	}

	r.finished.Add(1)
	if !result.Outcome.Done() {
		r.failures.Add(1)
	}
}

// call calls the handler and returns a panic as an error.
func (r *run) call(ctx context.Context, m *events.SQSMessage) (err error) {
	defer recovered(&err)
	if r.trace != nil {
		return r.traced(ctx, m)
	}
	return r.handleOne(ctx, m)
}

// respond returns the response of the invocation.
func (e *engine) respond(report Report) (events.SQSEventResponse, error) {
	// A mapping that ignores partial responses would delete the failed messages.
	ids, errs := report.failed()
	whole := e.failures == FailIfAny || e.failures == FailIfAll && len(ids) == len(report.Results) || e.mapping.ignoresFailures()
	if len(ids) > 0 && whole {
		var err error = &BatchError{
			Failed: ids,
			Total:  len(report.Results),
			Errs:   errs,
		}
		if e.mapping.ignoresFailures() {
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
