package lambda

import (
	"errors"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
)

const (
	defaultRetries = 2
	defaultAge     = 6 * time.Hour
	minBackoff     = time.Second // after a throttle
	maxBackoff     = 5 * time.Minute
)

// retryAfter returns how long a failed event waits for its next attempt after the given
// number of attempts (LAM C48).
func retryAfter(attempts int) time.Duration { return time.Duration(attempts) * time.Minute }

// asyncEvent is an asynchronous invocation that is not finished (LAM C48). Its JSON is
// stored.
type asyncEvent struct {
	// ID is the request id, the same on every attempt.
	ID string
	// Account, Region, Name and Qualifier say which function is invoked.
	Account, Region, Name, Qualifier string
	// Trace is the trace header of the request.
	Trace string
	// Client is the client context as JSON, or empty.
	Client string
	// Payload is the event itself.
	Payload []byte
	// Accepted is the time of the request, in service time.
	Accepted time.Time
	// Attempts counts the times that the function ran.
	Attempts int
	// Backoff is the last wait after a throttle.
	Backoff time.Duration
	// Due is the time of the next attempt, in service time.
	Due time.Time
}

// request returns the invocation that each attempt makes.
func (e *asyncEvent) request() invocationRequest {
	return invocationRequest{
		ref:       reference{functionKey{awsapi.Scope{Account: e.Account, Region: e.Region}, e.Name}, e.Qualifier},
		requestID: e.ID,
		trace:     e.Trace,
		client:    e.Client,
		payload:   e.Payload,
	}
}

// enqueueEvent accepts an asynchronous invocation. It returns when the event is durable
// and its first attempt has been started.
func (s *Service) enqueueEvent(req invocationRequest) error {
	s.mu.Lock()
	if s.environments.closed {
		s.mu.Unlock()
		return errClosed
	}

	_, v, err := s.selectVersion(req.ref)
	if err != nil {
		s.mu.Unlock()
		return err
	}

	// The store gets the event before the caller gets its response, so that no accepted
	// event is lost.
	now := s.opts.Clock.Now()
	e := &asyncEvent{
		ID:        req.requestID,
		Account:   req.ref.Account,
		Region:    req.ref.Region,
		Name:      req.ref.name,
		Qualifier: req.ref.qualifier,
		Trace:     req.trace,
		Client:    req.client,
		Payload:   req.payload,
		Accepted:  now,
		Due:       now,
	}
	s.recordCount(req.ref.functionKey, req.ref.qualifier, v.number, "AsyncEventsReceived", 1)
	commit := s.storeEvent(e)
	s.mu.Unlock()

	if err := commit.Wait(); err != nil {
		return errService.With("store event: %v", err)
	}
	s.startAttempt(e)
	return nil
}

// startAttempt starts the next attempt of an event: in a goroutine, or as an event of
// the clock when the function's invocations are simulated.
func (s *Service) startAttempt(e *asyncEvent) {
	s.mu.Lock()
	delete(s.pendingEvents, e)
	if s.environments.closed {
		s.mu.Unlock()
		return
	}

	// A simulated attempt counts as work in progress only while its event runs.
	if s.opts.SimulatedDuration != nil && s.handlers[e.Name] != nil {
		s.mu.Unlock()
		s.opts.Clock.After(0, clock.Transition, func() {
			if s.resume() {
				s.attempt(e)
				s.suspend()
			}
		})
		return
	}

	s.work.Add(1)
	s.opts.Clock.Begin()
	s.mu.Unlock()

	go func() {
		defer s.work.Done()
		defer s.opts.Clock.End()
		s.attempt(e)
	}()
}

// attempt runs the function once for an event, and finishes the event or schedules the
// next attempt.
func (s *Service) attempt(e *asyncEvent) {
	// The configuration may have changed since the last attempt.
	cfg := s.asyncConfig(e)
	if cfg.functionMissing {
		s.finishEvent(e, cfg, asyncResult{dropped: true})
		return
	}
	age := s.opts.Clock.Now().Sub(e.Accepted)
	if age > cfg.age {
		s.finishEvent(e, cfg, asyncResult{condition: "EventAgeExceeded"})
		return
	}

	a, err := s.admit(e.request())
	if err != nil {
		s.handleNotRun(e, cfg, err)
		return
	}
	s.recordMetric(a.fn.functionKey, e.Qualifier, a.version.number, Datum{
		Name:  "AsyncEventAge",
		Unit:  "Milliseconds",
		Value: float64(age) / 1e6,
	})

	var out sandbox.Outcome
	_, err = s.run(a, func(o sandbox.Outcome) { out = o })
	number := a.version.number
	s.endInvocation(a)
	if err != nil {
		s.handleNotRun(e, cfg, err)
		return
	}

	// The function ran, so the attempt counts.
	e.Attempts++
	if out.Failed && e.Attempts <= cfg.retries {
		s.retryLater(e, retryAfter(e.Attempts))
		return
	}

	result := asyncResult{
		condition: "Success",
		ran:       true,
		failed:    out.Failed,
		version:   number,
		payload:   out.Payload,
	}
	if out.Failed {
		result.condition = "RetriesExhausted"
	}
	s.finishEvent(e, cfg, result)
}

// handleNotRun handles an attempt at which the function was not run. After a throttle or
// an error of the service the event is retried with growing delays until it is too old
// (LAM C48, C51).
func (s *Service) handleNotRun(e *asyncEvent, cfg asyncConfig, err error) {
	var api *awsapi.Error
	switch {
	case errors.Is(err, errClosed):
		// A durable store has the event for the next start.
	case cfg.zeroConcurrency:
		s.finishEvent(e, cfg, asyncResult{condition: "ZeroReservedConcurrency"})
	case errors.As(err, &api) && api.Code == errRecursive.Code:
		s.finishEvent(e, cfg, asyncResult{
			condition: "RetriesExhausted",
			ran:       true,
			failed:    true,
			version:   latest,
			payload:   recursionErrorPayload(api),
		})
	default:
		e.Backoff = min(max(2*e.Backoff, minBackoff), maxBackoff)
		s.retryLater(e, e.Backoff)
	}
}

// retryLater schedules the next attempt of an event and stores its time.
func (s *Service) retryLater(e *asyncEvent, d time.Duration) {
	s.mu.Lock()
	e.Due = s.opts.Clock.Now().Add(d)
	commit := s.storeEvent(e)
	s.mu.Unlock()

	// Without a store the event is still retried by this process.
	if err := commit.Wait(); err != nil {
		s.opts.Logger.Error("cannot store an asynchronous event", "request_id", e.ID, "error", err)
	}
	s.scheduleAttempt(e)
}

// scheduleAttempt schedules the next attempt of an event at the time it is due.
func (s *Service) scheduleAttempt(e *asyncEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pendingEvents[e] = s.opts.Clock.Schedule(e.Due, clock.Transition, func() { s.startAttempt(e) })
}

// asyncConfig is a function's configuration as an attempt uses it.
type asyncConfig struct {
	retries         int
	age             time.Duration
	onSuccess       string // ARN of a destination, or empty
	onFailure       string
	deadLetterQueue string // ARN, or empty
	role            string
	functionMissing bool // the function has been deleted
	zeroConcurrency bool // its reserved concurrency is zero
}

// asyncConfig reads the configuration of an event's function.
func (s *Service) asyncConfig(e *asyncEvent) asyncConfig {
	s.mu.Lock()
	defer s.mu.Unlock()
	cfg := asyncConfig{retries: defaultRetries, age: defaultAge}

	ref := e.request().ref
	fn, v, err := s.selectVersion(ref)
	if err != nil {
		cfg.functionMissing = true
		return cfg
	}

	// Role and dead-letter queue are those of the version, the rest is configured for a
	// qualifier.
	cfg.role = v.Role
	cfg.deadLetterQueue = v.DeadLetter
	cfg.zeroConcurrency = fn.reserved != nil && *fn.reserved == 0

	set := fn.invokeConfigs[qualifierOrLatest(ref.qualifier)]
	if set == nil {
		return cfg
	}
	setIfGiven(&cfg.retries, set.Retries)
	if set.Age != nil {
		cfg.age = seconds(*set.Age)
	}
	cfg.onSuccess = set.OnSuccess
	cfg.onFailure = set.OnFailure
	return cfg
}

// qualifierOrLatest returns the qualifier under which the configuration of an
// unqualified function is stored.
func qualifierOrLatest(qualifier string) string {
	if qualifier == "" {
		return latest
	}
	return qualifier
}
