package control

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/reliableq/reliableq/localaws/clock"
)

// clockState is the clock as it is shown.
type clockState struct {
	Now            time.Time `json:"now"`
	Mode           string    `json:"mode"`
	Held           bool      `json:"held"`
	SkippedSeconds float64   `json:"skipped_seconds"`
	Work           int       `json:"work"`
	Moves          int       `json:"moves"`
	Upkeep         int       `json:"upkeep"`
	NextMove       time.Time `json:"next_move,omitzero"`
}

func (h *Handler) state() clockState {
	s := h.opts.Clock.State()
	return clockState{
		Now: s.Now, Mode: h.opts.Clock.Mode().String(), Held: s.Held, SkippedSeconds: s.Skipped.Seconds(),
		Work: s.Work, Moves: s.Moves, Upkeep: s.Upkeep, NextMove: s.NextMove,
	}
}

func (h *Handler) clock(*http.Request) (any, error) { return h.state(), nil }

func (h *Handler) hold(*http.Request) (any, error) {
	h.opts.Clock.Hold()
	return h.state(), nil
}

func (h *Handler) release(*http.Request) (any, error) {
	h.opts.Clock.Release()
	return h.state(), nil
}

func (h *Handler) advance(r *http.Request) (any, error) {
	var in struct {
		Duration string `json:"duration"`
		Timeout  string `json:"timeout"`
	}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	if in.Duration == "" {
		return nil, badRequest(`duration is missing: send {"duration": "90s"}`)
	}
	d, err := length("duration", in.Duration)
	if err != nil {
		return nil, err
	}
	ctx, cancel, err := h.limit(r, in.Timeout)
	if err != nil {
		return nil, err
	}
	defer cancel()
	if err := h.opts.Clock.Advance(ctx, d); errors.Is(err, clock.ErrTooFar) {
		return nil, badRequest("duration: %v", err)
	} else if err != nil {
		return nil, h.unfinished(ctx, "the advance has not come to its end", err)
	}
	return h.state(), nil
}

// settled is where everything is once nothing is left to happen.
type settled struct {
	Clock  clockState `json:"clock"`
	Queues []Queue    `json:"queues"`
}

func (h *Handler) settle(r *http.Request) (any, error) {
	var in struct {
		Timeout string `json:"timeout"`
	}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	at, err := h.place(r)
	if err != nil {
		return nil, err
	}
	ctx, cancel, err := h.limit(r, in.Timeout)
	if err != nil {
		return nil, err
	}
	defer cancel()
	if err := h.opts.Clock.Settle(ctx); err != nil {
		return nil, h.unfinished(ctx, "the clock has not settled", err)
	}
	return settled{h.state(), h.list(at)}, nil
}

// limit makes the context of a request that waits, with its timeout in machine
// time; an empty one waits as long as the client does.
func (h *Handler) limit(r *http.Request, timeout string) (context.Context, context.CancelFunc, error) {
	var d time.Duration
	if timeout != "" {
		var err error
		if d, err = length("timeout", timeout); err != nil {
			return nil, nil, err
		}
		if d == 0 {
			d = time.Nanosecond
		}
	}
	ctx, cancel := h.wait(r, d)
	return ctx, cancel, nil
}

// unfinished is the answer when a wait ended too early: why, and what the clock was
// still waiting for.
func (h *Handler) unfinished(ctx context.Context, what string, err error) error {
	s := h.state()
	f := &fault{Code: "Unavailable", status: http.StatusServiceUnavailable, Details: s}
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errTimeout):
		f.Code, f.status = "Timeout", http.StatusGatewayTimeout
	case cause == nil:
		cause = err
	}
	f.Message = fmt.Sprintf("%s: %v; %s", what, cause, s.left())
	return f
}

// left says what a clock is still waiting for, and who has to move it.
func (s clockState) left() string {
	left := fmt.Sprintf("%d under way, %d to come", s.Work, s.Moves)
	switch {
	case s.Moves == 0 || s.Work > 0:
	case s.Held:
		left += ", and the clock is held: release or advance it"
	case s.Mode == clock.Manual.String():
		left += ", and the clock is manual: advance it"
	}
	return left
}
