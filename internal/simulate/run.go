package simulate

import (
	"context"
	"fmt"
	"time"
)

// Options says how to run.
type Options struct {
	// Log keeps the event log.
	Log bool
	// Retry makes the retry functions in place of the project's own; nil means
	// the project's.
	Retry Build
	// Measure has the figures measured.
	Measure bool
}

// Result is what became of one run.
type Result struct {
	// Scenario is what was played.
	Scenario Scenario `json:"scenario"`
	// Violations are the invariants that did not hold, none in a good run.
	Violations []Violation `json:"violations,omitempty"`
	// Messages is how many orders SQS accepted.
	Messages int `json:"messages"`
	// Replays is how many copies SQS accepted from the retry functions.
	Replays int `json:"replays"`
	// Receives and Deletes count over all queues.
	Receives int `json:"receives"`
	Deletes  int `json:"deletes"`
	// Processed is how many orders were processed, Dead how many messages are in
	// the dead-letter queue.
	Processed int `json:"processed"`
	Dead      int `json:"dead"`
	// Struck is how often a fault has struck.
	Struck int `json:"struck"`
	// Crashes is how often the server was killed.
	Crashes int `json:"crashes"`
	// Simulated is the service time that went by.
	Simulated time.Duration `json:"simulated"`
	// Took is the machine time that the run took. It alone is not a function of
	// the scenario.
	Took time.Duration `json:"-"`
	// Log is the event log, where it was asked for.
	Log []Event `json:"-"`
	// Figures are what was measured, where it was asked for; else nil.
	Figures *Figures `json:"-"`
}

// Run plays a scenario to its end and holds the invariants against what is left.
// The error is of the machine or of ctx; what the scenario breaks is in the result.
func Run(ctx context.Context, s Scenario, o Options) (Result, error) {
	start := time.Now()
	w, err := newWorld(ctx, s, o)
	if err != nil {
		return Result{}, fmt.Errorf("simulate seed %d: %w", s.Seed, err)
	}
	r, err := w.run(ctx)
	if end := w.close(context.WithoutCancel(ctx)); err == nil {
		err = end
	}
	if err != nil {
		return Result{}, fmt.Errorf("simulate seed %d: %w", s.Seed, err)
	}
	r.Took = time.Since(start)
	return r, nil
}

func (w *world) run(ctx context.Context) (Result, error) {
	if err := w.play(ctx); err != nil {
		return Result{}, err
	}
	violations, err := w.check()
	if err != nil {
		return Result{}, err
	}
	l := &w.ledger
	r := Result{
		Scenario: w.Scenario, Violations: violations, Receives: l.received, Deletes: l.deleted,
		Crashes: w.lives, Simulated: w.server.Clock().Now().Sub(began), Log: l.log,
	}
	if w.meter != nil {
		r.Figures = w.meter.figures(violations)
	}
	for _, e := range l.orders {
		if len(e.origins) > 0 {
			r.Messages++
		}
		if e.effects > 0 {
			r.Processed++
		}
		r.Replays += e.copies
	}
	for _, a := range l.messages {
		if a.dead {
			r.Dead++
		}
	}
	for _, f := range w.server.Faults().List() {
		r.Struck += f.Struck
	}
	return r, nil
}
