package simulate

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// Totals adds up many runs.
type Totals struct {
	// Runs is how many ran.
	Runs int `json:"runs"`
	// Messages, Replays, Receives, Processed, Dead and Struck are the sums of the
	// runs'.
	Messages  int `json:"messages"`
	Replays   int `json:"replays"`
	Receives  int `json:"receives"`
	Processed int `json:"processed"`
	Dead      int `json:"dead"`
	Struck    int `json:"faults_struck"`
	// Crashes is how often servers were killed and came back.
	Crashes int `json:"crashes"`
	// Simulated is the service time of all runs together.
	Simulated time.Duration `json:"-"`
	// SimulatedSeconds is Simulated in seconds.
	SimulatedSeconds float64 `json:"simulated_seconds"`
	// Failed are the runs that broke an invariant, in order of seed.
	Failed []Result `json:"failed"`
}

func (t *Totals) add(r Result) {
	t.Runs++
	t.Messages += r.Messages
	t.Replays += r.Replays
	t.Receives += r.Receives
	t.Processed += r.Processed
	t.Dead += r.Dead
	t.Struck += r.Struck
	t.Crashes += r.Crashes
	t.Simulated += r.Simulated
	t.SimulatedSeconds = t.Simulated.Seconds()
	if len(r.Violations) > 0 {
		t.Failed = append(t.Failed, r)
	}
}

// Batch says which runs to make.
type Batch struct {
	// Kind is the kind of scenario.
	Kind string
	// Seed is the first run's; each further run has the next.
	Seed uint64
	// Messages is how many orders each run sends.
	Messages int
	// Runs is how many to make.
	Runs int
	// Most ends the batch once so many runs have failed; 0 means no end.
	Most int
}

// Many runs a batch on all processors, and adds up the results in order of seed.
// each, unless nil, is called after every run, in that order.
func Many(ctx context.Context, b Batch, o Options, each func(Result)) (Totals, error) {
	ctx, cancel := context.WithCancel(ctx)
	type answer struct {
		result Result
		err    error
	}
	slots := make(chan chan answer, runtime.GOMAXPROCS(0)) // in order of seed
	var wg sync.WaitGroup
	defer func() {
		cancel()
		wg.Wait()
	}()
	wg.Go(func() {
		defer close(slots)
		for n := range b.Runs {
			slot := make(chan answer, 1)
			select {
			case slots <- slot:
			case <-ctx.Done():
				return
			}
			wg.Go(func() {
				r, err := one(ctx, b, o, b.Seed+uint64(n))
				slot <- answer{r, err}
			})
		}
	})
	t := Totals{Failed: []Result{}}
	for slot := range slots {
		a := <-slot
		if a.err != nil {
			return t, a.err
		}
		t.add(a.result)
		if each != nil {
			each(a.result)
		}
		if b.Most > 0 && len(t.Failed) >= b.Most {
			return t, nil
		}
	}
	if err := ctx.Err(); err != nil {
		return t, fmt.Errorf("simulate: %w", err)
	}
	return t, nil
}

func one(ctx context.Context, b Batch, o Options, seed uint64) (Result, error) {
	s, err := Draw(b.Kind, seed, b.Messages)
	if err != nil {
		return Result{}, err
	}
	return Run(ctx, s, o)
}
