package lambda

import (
	"errors"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/lambda/sandbox"
	"github.com/reliableq/reliableq/localaws/store"
)

const (
	defaultRetries = 2
	defaultAge     = 6 * time.Hour
	firstBackoff   = time.Second
	lastBackoff    = 5 * time.Minute
)

// retryAfter is how long a failed event waits for its next attempt, by the number
// of attempts that it has had (LAM C48).
func retryAfter(attempts int) time.Duration { return time.Duration(attempts) * time.Minute }

// asyncEvent is an asynchronous invocation on its way (LAM C48).
type asyncEvent struct {
	// ID is the request id, the same on every attempt.
	ID string
	// Account, Region, Name and Qualifier say what is invoked.
	Account, Region, Name, Qualifier string
	// Trace is the trace header that it came with.
	Trace string
	// Client is the client context as JSON, or empty.
	Client string
	// Payload is the event itself.
	Payload []byte
	// Accepted is when it was, in service time.
	Accepted time.Time
	// Attempts counts the times that the function ran.
	Attempts int
	// Backoff is the last wait after a throttle.
	Backoff time.Duration
	// Due is when the next attempt is.
	Due time.Time
}

func (e *asyncEvent) request() invocationRequest {
	return invocationRequest{
		ref:       reference{functionKey{scope{e.Account, e.Region}, e.Name}, e.Qualifier},
		requestID: e.ID,
		trace:     e.Trace,
		client:    e.Client,
		payload:   e.Payload,
	}
}

// enqueueEvent accepts an asynchronous invocation.
func (s *Service) enqueueEvent(o invocationRequest) error {
	s.mu.Lock()
	if s.environments.closed {
		s.mu.Unlock()
		return errClosed
	}

	_, v, err := s.selectVersion(o.ref)
	if err != nil {
		s.mu.Unlock()
		return err
	}

	now := s.opts.Clock.Now()
	e := &asyncEvent{
		ID:        o.requestID,
		Account:   o.ref.account,
		Region:    o.ref.region,
		Name:      o.ref.name,
		Qualifier: o.ref.qualifier,
		Trace:     o.trace,
		Client:    o.client,
		Payload:   o.payload,
		Accepted:  now,
		Due:       now,
	}

	s.recordCount(o.ref.functionKey, o.ref.qualifier, v.number, "AsyncEventsReceived", 1)
	commit := s.storeEvent(e)
	s.mu.Unlock()
	if err := commit.Wait(); err != nil {
		return errService.With("keep event: %v", err)
	}

	s.startAttempt(e)
	return nil
}

// startAttempt lets an event begin its next attempt.
func (s *Service) startAttempt(e *asyncEvent) {
	s.mu.Lock()
	delete(s.pendingEvents, e)
	if s.environments.closed {
		s.mu.Unlock()
		return
	}

	if s.opts.SimulatedDuration != nil && s.handlers[e.Name] != nil {
		s.mu.Unlock()
		s.opts.Clock.After(0, clock.Moves, func() {
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

// attempt runs the function for an event, once, and decides how it goes on.
func (s *Service) attempt(e *asyncEvent) {
	cfg := s.asyncConfig(e)
	if cfg.functionMissing {
		s.finishEvent(e, cfg, asyncResult{dropped: true})
		return
	}

	if s.opts.Clock.Now().Sub(e.Accepted) > cfg.age {
		s.finishEvent(e, cfg, asyncResult{condition: "EventAgeExceeded"})
		return
	}

	a, err := s.admit(e.request())
	if err != nil {
		s.handleNotRun(e, cfg, err)
		return
	}

	age := s.opts.Clock.Now().Sub(e.Accepted)
	s.recordMetric(a.fn.functionKey, e.Qualifier, a.version.number, Datum{
		Name:  "AsyncEventAge",
		Unit:  "Milliseconds",
		Value: float64(age) / 1e6,
	})

	out := sandbox.Outcome{}
	_, err = s.run(a, func(o sandbox.Outcome) { out = o })
	number := a.version.number
	s.endInvocation(a)
	if err != nil {
		s.handleNotRun(e, cfg, err)
		return
	}

	e.Attempts++
	switch {
	case !out.Failed:
		s.finishEvent(e, cfg, asyncResult{
			condition: "Success",
			ran:       true,
			version:   number,
			payload:   out.Payload,
		})
	case e.Attempts > cfg.retries:
		s.finishEvent(e, cfg, asyncResult{
			condition: "RetriesExhausted",
			ran:       true,
			failed:    true,
			version:   number,
			payload:   out.Payload,
		})
	default:
		s.retryLater(e, retryAfter(e.Attempts))
	}
}

// handleNotRun handles an attempt at which the function was not run: a throttle or a
// fault of the service's is tried again with growing delays, until the event is
// too old (LAM C48, C51).
func (s *Service) handleNotRun(e *asyncEvent, cfg asyncConfig, err error) {
	var api *awsapi.Error
	switch {
	case errors.Is(err, errClosed):
		return // a durable store has it for the next start
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
		e.Backoff = min(max(2*e.Backoff, firstBackoff), lastBackoff)
		s.retryLater(e, e.Backoff)
	}
}

// retryLater books the next attempt.
func (s *Service) retryLater(e *asyncEvent, d time.Duration) {
	s.mu.Lock()
	e.Due = s.opts.Clock.Now().Add(d)
	commit := s.storeEvent(e)
	s.mu.Unlock()
	if err := commit.Wait(); err != nil {
		s.opts.Logger.Error("keep event", "id", e.ID, "error", err)
	}
	s.scheduleAttempt(e)
}

// scheduleAttempt lets an event go on when it is due.
func (s *Service) scheduleAttempt(e *asyncEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pendingEvents[e] = s.opts.Clock.Schedule(e.Due, clock.Moves, func() { s.startAttempt(e) })
}

// asyncConfig is how a function's events are handled.
type asyncConfig struct {
	retries         int
	age             time.Duration
	onSuccess       string
	onFailure       string
	deadLetterQueue string
	role            string
	functionMissing bool // the function is not there any more
	zeroConcurrency bool // its reserved concurrency is zero
}

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

	cfg.role = v.Role
	cfg.deadLetterQueue = v.DeadLetter
	cfg.zeroConcurrency = fn.reserved != nil && *fn.reserved == 0
	if set := fn.invokeConfigs[qualifierOrLatest(ref.qualifier)]; set != nil {
		if set.Retries != nil {
			cfg.retries = *set.Retries
		}

		if set.Age != nil {
			cfg.age = seconds(*set.Age)
		}

		cfg.onSuccess = set.OnSuccess
		cfg.onFailure = set.OnFailure
	}

	return cfg
}

// qualifierOrLatest is the qualifier under which an unqualified function's settings are
// kept.
func qualifierOrLatest(qualifier string) string {
	if qualifier == "" {
		return latest
	}
	return qualifier
}

// deleteEvent drops an event that is done with.
func (s *Service) deleteEvent(e *asyncEvent) {
	s.mu.Lock()
	commit := s.deleteStoredEvent(e)
	s.mu.Unlock()
	if err := commit.Wait(); err != nil {
		s.opts.Logger.Error("forget event", "id", e.ID, "error", err)
	}
}

// deleteStoredEvent deletes an event from the store, with mu held.
func (s *Service) deleteStoredEvent(e *asyncEvent) store.Commit {
	if !s.opts.Store.Durable() {
		return store.Commit{}
	}
	b := s.opts.Store.Batch()
	b.Delete(tableEvents, e.ID)
	return b.Apply()
}

// storeEvent writes an event, with mu held.
func (s *Service) storeEvent(e *asyncEvent) store.Commit { return s.put(tableEvents, e.ID, e) }
