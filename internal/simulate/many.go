package simulate

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// Totals are the sums over many runs.
type Totals struct {
	// Runs is the number of runs.
	Runs int `json:"runs"`
	// Messages, Replays, Receives, Processed, Dead and Injected are the sums of the
	// fields of [Result].
	Messages  int `json:"messages"`
	Replays   int `json:"replays"`
	Receives  int `json:"receives"`
	Processed int `json:"processed"`
	Dead      int `json:"dead"`
	Injected  int `json:"faults_struck"`
	// DeadOrders and ProcessedAndDead are sums as well.
	DeadOrders       int `json:"-"`
	ProcessedAndDead int `json:"-"`
	// Crashes is how often servers were killed.
	Crashes int `json:"crashes"`
	// Simulated is the service time of all runs.
	Simulated time.Duration `json:"-"`
	// SimulatedSeconds is Simulated in seconds.
	SimulatedSeconds float64 `json:"simulated_seconds"`
	// Failed are the runs that broke an invariant, in the order of their seeds.
	Failed []Result `json:"failed"`
}

func (t *Totals) add(r Result) {
	t.Runs++
	t.Messages += r.Messages
	t.Replays += r.Replays
	t.Receives += r.Receives
	t.Processed += r.Processed
	t.Dead += r.Dead
	t.DeadOrders += r.DeadOrders
	t.ProcessedAndDead += r.ProcessedAndDead
	t.Injected += r.Injected
	t.Crashes += r.Crashes
	t.Simulated += r.Simulated
	t.SimulatedSeconds = t.Simulated.Seconds()
	if len(r.Violations) > 0 {
		t.Failed = append(t.Failed, r)
	}
}

// Batch is a number of runs with successive seeds.
type Batch struct {
	// Kind is the kind of scenario.
	Kind string
	// Seed is the seed of the first run; each further run has the next.
	Seed uint64
	// Messages is the number of orders of each run.
	Messages int
	// Runs is the number of runs.
	Runs int
	// MaxFailed stops after this number of failed runs; 0 means no limit.
	MaxFailed int
}

// Many makes the runs of a batch on all processors and adds up their results.
// done, unless nil, is called after each run, in the order of the seeds.
func Many(ctx context.Context, b Batch, o Options, done func(Result)) (Totals, error) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer func() {
		cancel()
		wg.Wait()
	}()

	type outcome struct {
		result Result
		err    error
	}
	// A channel for each run, in the order of the seeds. Its capacity bounds how
	// many runs are in progress.
	pending := make(chan chan outcome, runtime.GOMAXPROCS(0))
	wg.Go(func() {
		defer close(pending)
		for n := range b.Runs {
			slot := make(chan outcome, 1)
			select {
			case pending <- slot:
			case <-ctx.Done():
				return
			}
			wg.Go(func() {
				r, err := drawAndRun(ctx, b, o, b.Seed+uint64(n))
				slot <- outcome{r, err}
			})
		}
	})

	// Results are added in the order of the seeds, whichever run ends first.
	t := Totals{Failed: []Result{}}
	for slot := range pending {
		next := <-slot
		if next.err != nil {
			return t, next.err
		}
		t.add(next.result)
		if done != nil {
			done(next.result)
		}
		if b.MaxFailed > 0 && len(t.Failed) >= b.MaxFailed {
			return t, nil
		}
	}

	if err := ctx.Err(); err != nil {
		return t, fmt.Errorf("simulate: %w", err)
	}
	return t, nil
}

func drawAndRun(ctx context.Context, b Batch, o Options, seed uint64) (Result, error) {
	s, err := Draw(b.Kind, seed, b.Messages)
	if err != nil {
		return Result{}, err
	}
	return Run(ctx, s, o)
}
