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

// event is an asynchronous invocation on its way (LAM C48).
type event struct {
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

func (e *event) order() order {
	return order{
		ref:       reference{key{place{e.Account, e.Region}, e.Name}, e.Qualifier},
		requestID: e.ID, trace: e.Trace, client: e.Client, payload: e.Payload,
	}
}

// enqueue accepts an asynchronous invocation.
func (s *Service) enqueue(o order) error {
	s.mu.Lock()
	if s.fleet.closed {
		s.mu.Unlock()
		return errClosed
	}
	_, v, err := s.draw(o.ref)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	now := s.opts.Clock.Now()
	e := &event{
		ID: o.requestID, Account: o.ref.account, Region: o.ref.region, Name: o.ref.name, Qualifier: o.ref.qualifier,
		Trace: o.trace, Client: o.client, Payload: o.payload, Accepted: now, Due: now,
	}
	s.count(o.ref.key, o.ref.qualifier, v.number, "AsyncEventsReceived", 1)
	commit := s.keepEvent(e)
	s.mu.Unlock()
	if err := commit.Wait(); err != nil {
		return errService.With("keep event: %v", err)
	}
	s.attempt(e)
	return nil
}

// attempt lets an event begin its next attempt.
func (s *Service) attempt(e *event) {
	s.mu.Lock()
	delete(s.waiting, e)
	if s.fleet.closed {
		s.mu.Unlock()
		return
	}
	if s.opts.Serial != nil && s.handlers[e.Name] != nil {
		s.mu.Unlock()
		s.opts.Clock.After(0, clock.Moves, func() {
			if s.resume() {
				s.try(e)
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
		s.try(e)
	}()
}

// try runs the function for an event, once, and decides how it goes on.
func (s *Service) try(e *event) {
	cfg := s.asyncConfig(e)
	if cfg.gone {
		s.finish(e, cfg, verdict{dropped: true})
		return
	}
	if s.opts.Clock.Now().Sub(e.Accepted) > cfg.age {
		s.finish(e, cfg, verdict{condition: "EventAgeExceeded"})
		return
	}
	a, err := s.admit(e.order())
	if err != nil {
		s.refused(e, cfg, err)
		return
	}
	age := s.opts.Clock.Now().Sub(e.Accepted)
	s.record(a.fn.key, e.Qualifier, a.version.number, Datum{Name: "AsyncEventAge", Unit: "Milliseconds", Value: float64(age) / 1e6})
	out := sandbox.Outcome{}
	_, err = s.run(a, func(o sandbox.Outcome) { out = o })
	number := a.version.number
	s.leave(a)
	if err != nil {
		s.refused(e, cfg, err)
		return
	}
	e.Attempts++
	switch {
	case !out.Failed:
		s.finish(e, cfg, verdict{condition: "Success", ran: true, version: number, payload: out.Payload})
	case e.Attempts > cfg.retries:
		s.finish(e, cfg, verdict{condition: "RetriesExhausted", ran: true, failed: true, version: number, payload: out.Payload})
	default:
		s.postpone(e, retryAfter(e.Attempts))
	}
}

// refused handles an attempt at which the function was not run: a throttle or a
// fault of the service's is tried again with growing delays, until the event is
// too old (LAM C48, C51).
func (s *Service) refused(e *event, cfg asyncConfig, err error) {
	var api *awsapi.Error
	switch {
	case errors.Is(err, errClosed):
		return // a durable store has it for the next start
	case cfg.stopped:
		s.finish(e, cfg, verdict{condition: "ZeroReservedConcurrency"})
	case errors.As(err, &api) && api.Code == errRecursive.Code:
		s.finish(e, cfg, verdict{condition: "RetriesExhausted", ran: true, failed: true, version: latest, payload: recursionPayload(api)})
	default:
		e.Backoff = min(max(2*e.Backoff, firstBackoff), lastBackoff)
		s.postpone(e, e.Backoff)
	}
}

// postpone books the next attempt.
func (s *Service) postpone(e *event, d time.Duration) {
	s.mu.Lock()
	e.Due = s.opts.Clock.Now().Add(d)
	commit := s.keepEvent(e)
	s.mu.Unlock()
	if err := commit.Wait(); err != nil {
		s.opts.Logger.Error("keep event", "id", e.ID, "error", err)
	}
	s.book(e)
}

// book lets an event go on when it is due.
func (s *Service) book(e *event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting[e] = s.opts.Clock.Schedule(e.Due, clock.Moves, func() { s.attempt(e) })
}

// asyncConfig is how a function's events are handled.
type asyncConfig struct {
	retries   int
	age       time.Duration
	onSuccess string
	onFailure string
	deadQueue string
	role      string
	gone      bool // the function is not there any more
	stopped   bool // its reserved concurrency is zero
}

func (s *Service) asyncConfig(e *event) asyncConfig {
	s.mu.Lock()
	defer s.mu.Unlock()
	cfg := asyncConfig{retries: defaultRetries, age: defaultAge}
	ref := e.order().ref
	fn, v, err := s.draw(ref)
	if err != nil {
		cfg.gone = true
		return cfg
	}
	cfg.role, cfg.deadQueue = v.Role, v.DeadLetter
	cfg.stopped = fn.reserved != nil && *fn.reserved == 0
	if set := fn.invokes[orLatest(ref.qualifier)]; set != nil {
		if set.Retries != nil {
			cfg.retries = *set.Retries
		}
		if set.Age != nil {
			cfg.age = seconds(*set.Age)
		}
		cfg.onSuccess, cfg.onFailure = set.OnSuccess, set.OnFailure
	}
	return cfg
}

// orLatest is the qualifier under which an unqualified function's settings are
// kept.
func orLatest(qualifier string) string {
	if qualifier == "" {
		return latest
	}
	return qualifier
}

// forget drops an event that is done with.
func (s *Service) forget(e *event) {
	s.mu.Lock()
	commit := s.dropEvent(e)
	s.mu.Unlock()
	if err := commit.Wait(); err != nil {
		s.opts.Logger.Error("forget event", "id", e.ID, "error", err)
	}
}

// dropEvent deletes an event from the store, with mu held.
func (s *Service) dropEvent(e *event) store.Commit {
	if !s.opts.Store.Durable() {
		return store.Commit{}
	}
	b := s.opts.Store.Batch()
	b.Delete(tableEvents, e.ID)
	return b.Apply()
}

// keepEvent writes an event, with mu held.
func (s *Service) keepEvent(e *event) store.Commit { return s.put(tableEvents, e.ID, e) }
