package control

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
)

// clockState returns the clock as the control API shows it.
func (h *Handler) clockState() Clock {
	s := h.opts.Clock.State()
	return Clock{
		Now:            s.Now,
		Mode:           h.opts.Clock.Mode().String(),
		Held:           s.Held,
		SkippedSeconds: s.Skipped.Seconds(),
		Work:           s.Work,
		Transitions:    s.Transitions,
		Upkeep:         s.Upkeep,
		NextTransition: s.NextTransition,
	}
}

func (h *Handler) clock(*http.Request) (any, error) { return h.clockState(), nil }

func (h *Handler) hold(*http.Request) (any, error) {
	h.opts.Clock.Hold()
	return h.clockState(), nil
}

func (h *Handler) release(*http.Request) (any, error) {
	h.opts.Clock.Release()
	return h.clockState(), nil
}

func (h *Handler) advance(r *http.Request) (any, error) {
	var in advanceRequest
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	if in.Duration == "" {
		return nil, badRequest(`duration is missing: send {"duration": "90s"}`)
	}

	d, err := parseDuration("duration", in.Duration)
	if err != nil {
		return nil, err
	}

	ctx, cancel, err := h.waitContext(r, in.Timeout)
	if err != nil {
		return nil, err
	}
	defer cancel()

	err = h.opts.Clock.Advance(ctx, d)
	switch {
	case errors.Is(err, clock.ErrTooFar):
		return nil, badRequest("duration: %v", err)
	case err != nil:
		return nil, h.waitError(ctx, "the advance did not finish", err)
	}

	return h.clockState(), nil
}

// settle waits until the clock has settled (see [clock.Clock.Settle]), and returns the
// clock and the queues of a scope.
func (h *Handler) settle(r *http.Request) (any, error) {
	var in settleRequest
	if err := decode(r, &in); err != nil {
		return nil, err
	}

	// Before the wait: a malformed scope is refused at once.
	at, err := h.scope(r)
	if err != nil {
		return nil, err
	}

	ctx, cancel, err := h.waitContext(r, in.Timeout)
	if err != nil {
		return nil, err
	}
	defer cancel()

	if err := h.opts.Clock.Settle(ctx); err != nil {
		return nil, h.waitError(ctx, "the clock did not settle", err)
	}
	return Settled{Clock: h.clockState(), Queues: h.listQueues(at)}, nil
}

var errClosing = errors.New("the server is shutting down")

// waitContext returns the context of a request that waits for the clock. It ends
// with the request, with Close, or after a timeout in machine time, unless that is
// empty.
func (h *Handler) waitContext(r *http.Request, timeout string) (context.Context, context.CancelFunc, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	stop := func() { cancel(nil) }
	if timeout != "" {
		d, err := parseDuration("timeout", timeout)
		if err != nil {
			cancel(nil)
			return nil, nil, err
		}
		timer := time.AfterFunc(d, func() { cancel(ErrTimeout) })
		stop = func() {
			timer.Stop()
			cancel(nil)
		}
	}

	// Close ends the wait, too.
	go func() {
		select {
		case <-h.done:
			cancel(errClosing)
		case <-ctx.Done():
		}
	}()

	return ctx, stop, nil
}

// waitError returns the error of a wait for the clock that ended too early: why it ended,
// and what the clock was still waiting for.
func (h *Handler) waitError(ctx context.Context, what string, err error) error {
	state := h.clockState()
	e := &Error{
		Code:    "Unavailable",
		Details: &state,
		Status:  http.StatusServiceUnavailable,
	}

	// The cause is better than the error, which is only that the context ended.
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, ErrTimeout):
		e.Code = "Timeout"
		e.Status = http.StatusGatewayTimeout
	case cause == nil:
		cause = err
	}

	e.Message = fmt.Sprintf("%s: %v; %s", what, cause, state.pending())
	return e
}

// pending describes what a clock is waiting for, and who has to move it.
func (c Clock) pending() string {
	text := fmt.Sprintf("%d in progress, %d scheduled", c.Work, c.Transitions)
	switch {
	case c.Transitions == 0 || c.Work > 0:
	case c.Held:
		text += ", and the clock is held: release or advance it"
	case c.Mode == clock.Manual.String():
		text += ", and the clock is manual: advance it"
	}
	return text
}
