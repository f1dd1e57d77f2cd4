package simulate

import (
	"context"
	"fmt"
	"time"
)

// Options are the options of a run.
type Options struct {
	// Log records the event log.
	Log bool
	// Retry makes the handlers of the retry functions; nil means the project's
	// own.
	Retry RetryFactory
	// Measure records figures.
	Measure bool
}

// Result is the result of one run.
type Result struct {
	// Scenario is the scenario that was run.
	Scenario Scenario `json:"scenario"`
	// Violations are the invariants that were broken, if any.
	Violations []Violation `json:"violations,omitempty"`
	// Messages is the number of orders that SQS accepted.
	Messages int `json:"messages"`
	// Replays is the number of copies that SQS accepted from the retry functions.
	Replays int `json:"replays"`
	// Receives and Deletes are counted over all queues.
	Receives int `json:"receives"`
	Deletes  int `json:"deletes"`
	// Processed is the number of orders that were processed, Dead the number of
	// messages that were moved to the dead-letter queue. An order may have
	// several dead-lettered messages, and may be processed as well.
	Processed int `json:"processed"`
	Dead      int `json:"dead"`
	// DeadOrders is the number of orders that have a dead-lettered message,
	// ProcessedAndDead the number of those among them that were processed too.
	DeadOrders       int `json:"-"`
	ProcessedAndDead int `json:"-"`
	// Injected is the number of injected faults.
	Injected int `json:"struck"`
	// Crashes is how often the server was killed.
	Crashes int `json:"crashes"`
	// Simulated is the service time of the run.
	Simulated time.Duration `json:"simulated"`
	// Took is the machine time of the run. It is the only field that the scenario
	// does not determine.
	Took time.Duration `json:"-"`
	// Log is the event log, if [Options].Log is set.
	Log []Event `json:"-"`
	// Figures are the figures, if [Options].Measure is set; else nil.
	Figures *Figures `json:"-"`
}

// Run runs a scenario to its end and checks the invariants. Broken invariants are
// in the result; the error is that of ctx, or of the machine.
func Run(ctx context.Context, s Scenario, o Options) (Result, error) {
	start := time.Now()
	sim, err := newSimulation(ctx, s, o)
	if err != nil {
		return Result{}, fmt.Errorf("simulate seed %d: %w", s.Seed, err)
	}

	r, err := sim.run(ctx)
	if closeErr := sim.close(context.WithoutCancel(ctx)); err == nil {
		err = closeErr
	}
	if err != nil {
		return Result{}, fmt.Errorf("simulate seed %d: %w", s.Seed, err)
	}

	r.Took = time.Since(start)
	return r, nil
}

// run plays the scenario and returns its result.
func (sim *simulation) run(ctx context.Context) (Result, error) {
	if err := sim.play(ctx); err != nil {
		return Result{}, err
	}
	violations, err := sim.check()
	if err != nil {
		return Result{}, err
	}

	r := Result{
		Scenario:   sim.Scenario,
		Violations: violations,
		Receives:   sim.tracker.receives,
		Deletes:    sim.tracker.deletes,
		Crashes:    sim.restarts,
		Simulated:  sim.server.Clock().Now().Sub(startTime),
		Log:        sim.tracker.log,
	}
	if sim.meter != nil {
		r.Figures = sim.meter.figures(violations)
	}

	// Orders and messages differ: an order may have several messages.
	for _, o := range sim.tracker.orders {
		r.addOrder(o)
	}
	for _, m := range sim.tracker.sent {
		if m.deadLettered {
			r.Dead++
		}
	}
	for _, f := range sim.server.Faults().List() {
		r.Injected += f.Injected
	}
	return r, nil
}

// addOrder counts an order.
func (r *Result) addOrder(o *trackedOrder) {
	if len(o.sentIDs) > 0 {
		r.Messages++
	}
	if o.processed > 0 {
		r.Processed++
	}
	if o.deadLettered {
		r.DeadOrders++
	}
	if o.processed > 0 && o.deadLettered {
		r.ProcessedAndDead++
	}
	r.Replays += o.replays
}
