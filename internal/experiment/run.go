package experiment

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/reliableq/reliableq/internal/simulate"
)

// Run makes all runs of a plan on all processors. done, unless nil, is called after
// each run with the number of finished runs; calls are serialized. The error is
// that of the plan, of ctx, or of a run that broke an invariant, with its settings
// and seed. There is no report then.
func Run(ctx context.Context, p Plan, done func(runs int)) (Report, error) {
	if err := p.Check(); err != nil {
		return Report{}, err
	}

	var points []Settings
	for _, q := range p.Studies {
		points = append(points, q.Points...)
	}

	// The figures of point i are those of runs i*Seeds to (i+1)*Seeds-1.
	figures := make([]*simulate.Figures, len(points)*p.Seeds)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	var mu sync.Mutex // guards finished, and serializes the calls of done
	finished := 0
	for i := range figures {
		group.Go(func() (err error) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if figures[i], err = runOnce(ctx, points[i/p.Seeds], p.Seed+uint64(i%p.Seeds), p.Messages); err != nil {
				return err
			}

			mu.Lock()
			defer mu.Unlock()
			if finished++; done != nil {
				done(finished)
			}
			return nil
		})
	}

	if err := group.Wait(); err != nil {
		return Report{}, err
	}
	return p.report(points, figures), nil
}

// report summarizes the figures of each point and returns the report.
func (p Plan) report(points []Settings, figures []*simulate.Figures) Report {
	r := Report{
		Messages: p.Messages,
		Seed:     p.Seed,
		Seeds:    p.Seeds,
		Prices:   p.Prices,
		Studies:  []Study{},
		Cells:    []Cell{},
	}

	n := 0
	for _, q := range p.Studies {
		var cells []Cell
		for range q.Points {
			c := summarize(points[n], figures[n*p.Seeds:(n+1)*p.Seeds], p.Prices)
			c.Study = q.Name
			cells = append(cells, c)
			n++
		}

		r.Studies = append(r.Studies, Study{
			Name:     q.Name,
			Title:    q.Title,
			Question: q.Text,
			Axes:     VaryingAxes(cells),
			Findings: findings(cells),
		})
		r.Cells = append(r.Cells, cells...)
	}
	return r
}

// runOnce makes one run and returns its figures.
func runOnce(ctx context.Context, s Settings, seed uint64, messages int) (*simulate.Figures, error) {
	scenario, err := s.scenario(seed, messages)
	if err != nil {
		return nil, err
	}

	r, err := simulate.Run(ctx, scenario, simulate.Options{Measure: true})
	if err != nil {
		return nil, err
	}
	for _, v := range r.Violations {
		if !mayBreak[v.Rule] {
			return nil, fmt.Errorf("seed %d, %+v: the run broke an invariant: %s", seed, s, v)
		}
	}
	return r.Figures, nil
}

// mayBreak are the invariants that hold only with safe settings. An experiment tries
// unsafe settings too, and counts the effects. It counts lost messages as well.
// All other invariants hold with any settings.
var mayBreak = map[string]bool{
	"good":      true,
	"duplicate": true,
	"counts":    true,
	"lost":      true,
}

// scenario returns the scenario of a run with these settings.
func (s Settings) scenario(seed uint64, messages int) (simulate.Scenario, error) {
	out, err := simulate.Draw(simulate.Design, seed, messages)
	if err != nil {
		return simulate.Scenario{}, err
	}

	// All levels are those of the design, whatever the source queue's settings.
	level := out.Levels[0]
	level.BatchSize = out.BatchSize
	level.Timeout = out.Timeout

	out.BadShare = s.BadShare
	out.Mode = s.Mode
	out.BatchSize = s.BatchSize
	out.Every = time.Duration(10 / s.Rate * float64(time.Second))
	out.Work = overhead
	out.Each = time.Duration(s.Work * float64(time.Second))
	out.Timeout = time.Duration(s.Timeout()) * time.Second
	out.Window = time.Duration(s.Window) * time.Second
	out.Reserved = s.Reserved
	out.MaxConcurrency = s.MaxConcurrency
	out.MaxReorder = s.MaxReorder
	out.Source.Visibility = time.Duration(s.Visibility) * time.Second
	out.Source.MaxReceives = s.MaxReceives

	out.Levels = nil
	for range s.Levels {
		out.Levels = append(out.Levels, level)
	}
	return out, nil
}

// overhead is the longest time that an invocation takes in addition to the work on
// its messages, and the longest time that a retry function takes.
const overhead = 20 * time.Millisecond
