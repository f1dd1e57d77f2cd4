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

// Run plays every cell of a plan, on all processors. done, unless nil, is called
// after each run with how many are over, never twice at a time. An error is of
// the plan, of ctx, or a promise that the simulated flow broke, with the settings
// and the seed that show it; no report is made then.
func Run(ctx context.Context, p Plan, done func(runs int)) (Report, error) {
	if err := p.Check(); err != nil {
		return Report{}, err
	}
	var points []Settings
	for _, q := range p.Studies {
		points = append(points, q.Points...)
	}
	figures := make([]*simulate.Figures, len(points)*p.Seeds)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	var mu sync.Mutex // guards over, and the calls of done
	over := 0
	for i := range figures {
		group.Go(func() (err error) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if figures[i], err = play(ctx, points[i/p.Seeds], p.Seed+uint64(i%p.Seeds), p.Messages); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			if over++; done != nil {
				done(over)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return Report{}, err
	}
	return p.report(points, figures), nil
}

// report puts the figures together: of each point, those of its seeds.
func (p Plan) report(points []Settings, figures []*simulate.Figures) Report {
	r := Report{Messages: p.Messages, Seed: p.Seed, Seeds: p.Seeds, Prices: p.Prices, Studies: []Study{}, Cells: []Cell{}}
	n := 0
	for _, q := range p.Studies {
		var cells []Cell
		for range q.Points {
			c := summarize(points[n], figures[n*p.Seeds:(n+1)*p.Seeds], p.Prices)
			c.Study = q.Name
			cells = append(cells, c)
			n++
		}
		r.Studies = append(r.Studies, Study{Name: q.Name, Title: q.Title, Question: q.Text, Axes: Vary(cells), Findings: findings(cells)})
		r.Cells = append(r.Cells, cells...)
	}
	return r
}

// play makes one run.
func play(ctx context.Context, s Settings, seed uint64, messages int) (*simulate.Figures, error) {
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
			return nil, fmt.Errorf("seed %d, %+v: the flow broke a promise: %s", seed, s, v)
		}
	}
	return r.Figures, nil
}

// mayBreak are the rules that hold for deployments whose numbers are sound. An
// experiment tries others too, and counts what they do. Lost messages it counts as
// well; the other rules hold whatever the numbers.
var mayBreak = map[string]bool{"good": true, "duplicate": true, "counts": true, "lost": true}

// scenario is what a run with these settings plays.
func (s Settings) scenario(seed uint64, messages int) (simulate.Scenario, error) {
	out, err := simulate.Draw(simulate.Design, seed, messages)
	if err != nil {
		return simulate.Scenario{}, err
	}
	level := out.Levels[0]
	level.BatchSize, level.Timeout = out.BatchSize, out.Timeout
	out.BadShare, out.Mode, out.BatchSize = s.BadShare, s.Mode, s.BatchSize
	out.Every = time.Duration(10 / s.Rate * float64(time.Second))
	out.Work, out.Each = overhead, time.Duration(s.Work*float64(time.Second))
	out.Timeout = time.Duration(s.Timeout()) * time.Second
	out.Window = time.Duration(s.Window) * time.Second
	out.Reserved, out.MaxConcurrency, out.Stray = s.Reserved, s.MaxConcurrency, s.Stray
	out.Source.Visibility, out.Source.MaxReceives = time.Duration(s.Visibility)*time.Second, s.MaxReceives
	out.Levels = nil
	for range s.Levels {
		out.Levels = append(out.Levels, level)
	}
	return out, nil
}

// overhead is the longest that an invocation takes beside the work on its
// messages; a retry function takes no longer.
const overhead = 20 * time.Millisecond
