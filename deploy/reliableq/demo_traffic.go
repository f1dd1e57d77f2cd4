package main

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/demo"
	"github.com/reliableq/reliableq/deploy/internal/flow"
	"github.com/reliableq/reliableq/deploy/internal/progress"
	"github.com/reliableq/reliableq/deploy/internal/target"
	"github.com/reliableq/reliableq/deploy/internal/verdict"
)

// stride is how far --fast moves a clock that does not skip by itself, between two
// looks. What falls due on the way happens at its own time all the same.
const stride = 30 * time.Second

// traffic produces orders and follows them.
func (v *demoVerb) traffic(ctx context.Context, p *progress.Progress, s *stage, d flow.Deployment) (verdict.Facts, error) {
	run := &demo.Run{
		Client: flowOn(s.target), Deployment: d, WholeBatch: v.wholeBatch(d), Progress: p, Pace: v.pace(s),
	}
	if v.Fast && s.info.Clock != "skip" {
		p.Say("the running embedded AWS does not skip by itself: moving its clock")
		clock := controlOf(s.info)
		run.Step = func(ctx context.Context) error {
			_, err := clock.Advance(ctx, stride)
			return err
		}
	}
	return run.Do(ctx, demo.Order{Count: v.Count, BadRatio: v.BadRatio, Seed: v.Seed})
}

// wholeBatch tells how the deployment reports failures: by its own word where it
// has one already.
func (v *demoVerb) wholeBatch(d flow.Deployment) bool {
	if d.FailureReporting != "" {
		return d.FailureReporting == "whole_batch"
	}
	return v.mode() == "whole_batch"
}

// pace is how often to look. Counts and logs of the embedded AWS are exact and
// prompt.
func (v *demoVerb) pace(s *stage) demo.Pace {
	pace := demo.Pace{Look: 250 * time.Millisecond, Rest: 2, Late: 5 * time.Second, Patience: v.Timeout}
	if s.target.Kind != target.Embedded {
		return demo.Pace{Look: 2 * time.Second, Rest: 4, Late: 90 * time.Second, Patience: v.Timeout}
	}
	if v.Fast || s.info.Clock == "skip" {
		pace.Look = 60 * time.Millisecond
	}
	return pace
}
