package main

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/progress"
	"github.com/reliableq/reliableq/internal/duration"
	"github.com/reliableq/reliableq/internal/simulate"
)

type simulateVerb struct {
	JSON     bool   `name:"json" help:"Print one JSON object with the totals and every run's event log; the same seeds print the same bytes."`
	Seed     uint64 `default:"1" help:"Seed of the first run; each further run has the next (${default})."`
	Messages int    `default:"40" help:"Number of orders in each run (${default})."`
	Runs     int    `default:"100" help:"Number of runs (${default})."`
	Scenario string `default:"mixed" enum:"mixed,design,calm,faults,crashes" help:"Kind of run: design (the deployment's own shape), calm (a shape from the seed), faults (the same with injected faults), crashes (the same, and the embedded AWS is killed and restarts), or mixed (${default})."`
	Timeline int    `placeholder:"ORDER" help:"Print what happened to the order with this number, in a single run."`
}

// simulated is the result of the verb. It depends on the seeds alone.
type simulated struct {
	simulate.Totals
	Events []simulate.Event `json:"events"`
}

// Run makes the runs. It stops at the first that breaks an invariant, and prints how to
// repeat it.
func (v *simulateVerb) Run(ctx context.Context, a *app) error {
	if v.Messages < 1 || v.Runs < 1 || v.Timeline < 0 || v.Timeline > v.Messages {
		return usageError{hint.New("--messages and --runs must be 1 or more, and --timeline the number of an order", "see reliableq simulate --help")}
	}
	if v.Timeline > 0 {
		return v.timeline(ctx, a)
	}

	out, took, err := v.simulate(ctx, a)
	if err != nil {
		return err
	}

	if err := a.report(v.JSON, out, func() { writeTotals(a.out, out.Totals, took) }); err != nil {
		return err
	}

	switch {
	case len(out.Failed) == 0:
		return nil
	case v.JSON:
		return errVerdict
	}

	return v.showFailed(ctx, a, out.Failed[0])
}

// simulate makes the runs, with their event logs if these will be printed. It returns
// also how long the runs took.
func (v *simulateVerb) simulate(ctx context.Context, a *app) (simulated, time.Duration, error) {
	// Runs allocate much and hold little: less frequent garbage collection makes them a
	// quarter faster.
	debug.SetGCPercent(400)
	start := time.Now()
	p := a.progress(v.JSON)
	defer p.Close()

	task := p.Begin("simulate", progress.Span{Total: v.Runs})
	out := simulated{Events: []simulate.Event{}}
	batch := simulate.Batch{
		Kind:      v.Scenario,
		Seed:      v.Seed,
		Messages:  v.Messages,
		Runs:      v.Runs,
		MaxFailed: 1,
	}

	// Runs end in any order; the totals and events come in order of seed.
	done := 0
	var err error
	out.Totals, err = simulate.Many(ctx, batch, simulate.Options{Log: v.JSON}, func(r simulate.Result) {
		done++
		task.Update(done, fmt.Sprintf("seed %d", r.Scenario.Seed))
		out.Events = append(out.Events, r.Log...)
	})

	if err != nil {
		task.Fail()
		return out, 0, err
	}

	task.End(fmt.Sprintf("%d runs", out.Runs))
	return out, time.Since(start), nil
}

// writeTotals writes the totals for people. Each order is counted once.
func writeTotals(w io.Writer, t simulate.Totals, took time.Duration) {
	fmt.Fprintf(w, "%d runs in %s: %s of service time, %.0f times as fast as real time\n",
		t.Runs, duration.Format(took), duration.Format(t.Simulated), t.Simulated.Seconds()/took.Seconds())

	fmt.Fprintf(w, "%d orders: %d only processed, %d only dead-lettered, %d both",
		t.Messages, t.Processed-t.ProcessedAndDead, t.DeadOrders-t.ProcessedAndDead, t.ProcessedAndDead)
	if neither := t.Messages - (t.Processed + t.DeadOrders - t.ProcessedAndDead); neither > 0 {
		fmt.Fprintf(w, ", %d neither", neither)
	}

	fmt.Fprintf(w, "\n%d receives, %d replays, %d dead letters, %d injected faults, %d crashes\n",
		t.Receives, t.Replays, t.Dead, t.Injected, t.Crashes)
	if len(t.Failed) == 0 {
		fmt.Fprintln(w, "every invariant held")
	}
}

// timeline makes a single run and prints what happened to one order.
func (v *simulateVerb) timeline(ctx context.Context, a *app) error {
	s, err := simulate.Draw(v.Scenario, v.Seed, v.Messages)
	if err != nil {
		return err
	}

	r, err := simulate.Run(ctx, s, simulate.Options{Log: true})
	if err != nil {
		return err
	}

	if err := simulate.WriteTimeline(a.out, r.Log, v.Timeline); err != nil {
		return err
	}

	for _, broken := range r.Violations {
		fmt.Fprintln(a.errs, broken)
		err = errVerdict
	}

	return err
}

// showFailed prints the invariants that a run broke, the command that repeats it, and
// what happened to the message. A run depends on its seed alone: it is repeated for
// the timeline.
func (v *simulateVerb) showFailed(ctx context.Context, a *app, failed simulate.Result) error {
	fmt.Fprintf(a.out, "\nseed %d (%s) broke %d invariants:\n", failed.Scenario.Seed, failed.Scenario.Kind, len(failed.Violations))

	// The first violation that names an order is the one to show.
	number := 0
	for i, broken := range failed.Violations {
		if number == 0 {
			number = broken.Order
		}
		if i < 10 {
			fmt.Fprintln(a.out, "  "+broken.String())
		}
	}

	fmt.Fprintf(a.out, "repeat it with:\n  reliableq simulate --seed %d --messages %d --runs 1 --scenario %s\n", failed.Scenario.Seed, v.Messages, v.Scenario)
	if number == 0 {
		return errVerdict
	}

	// Repeat the run, now with its event log.
	r, err := simulate.Run(ctx, failed.Scenario, simulate.Options{Log: true})
	if err != nil {
		return err
	}

	fmt.Fprintf(a.out, "what happened to order %d:\n", number)
	if err := simulate.WriteTimeline(a.out, r.Log, number); err != nil {
		return err
	}

	return errVerdict
}
