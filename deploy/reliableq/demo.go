package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/flow"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/infra"
	"github.com/reliableq/reliableq/deploy/internal/progress"
	"github.com/reliableq/reliableq/deploy/internal/target"
	"github.com/reliableq/reliableq/deploy/internal/verdict"
	"github.com/reliableq/reliableq/internal/duration"
)

type demoVerb struct {
	deployFlags
	Count    int           `default:"89" help:"How many messages (${default})."`
	BadRatio float64       `default:"0.05" help:"The share of bad ones, 0 to 1 (${default})."`
	Seed     uint64        `default:"7" help:"The same seed gives the same messages (${default})."`
	Fast     bool          `help:"Skip what would only be waited for; embedded AWS only."`
	Keep     bool          `default:"true" negatable:"" help:"Leave the deployment as it is afterwards; --no-keep takes it down."`
	Timeout  time.Duration `default:"30m" help:"How long the messages may take to come to rest (${default})."`
}

// Help tells more about the verb.
func (*demoVerb) Help() string {
	return `Ends with a verdict that is computed from the functions' logs and the dead-letter queue, never from what was
expected, and exits 3 when it is bad. The deployment stays: a second demo starts its traffic at once.

Examples:
  reliableq demo --fast
  reliableq demo --fast --failure-reporting whole_batch
  reliableq demo --fast --count 1000 --bad-ratio 0.1 --seed 42 --json`
}

func (v *demoVerb) check() error {
	switch {
	case v.Count < 1:
		return hint.New(fmt.Sprintf("--count %d: nothing would be sent", v.Count), "send at least one message")
	case v.BadRatio < 0 || v.BadRatio > 1 || v.BadRatio != v.BadRatio:
		return hint.New(fmt.Sprintf("--bad-ratio %g is not a share", v.BadRatio), "give a number from 0 to 1")
	case v.Fast && v.Target != string(target.Embedded):
		return hint.New("--fast needs a clock that skips, and only the embedded AWS has one", "leave --fast or --target out")
	}
	return nil
}

func (v *demoVerb) Run(ctx context.Context, a *app) error {
	if err := v.check(); err != nil {
		return usageError{err}
	}
	if err := v.timely(); err != nil {
		return err
	}
	p := a.progress(v.JSON)
	defer p.Close()
	began := time.Now()
	clock := "real"
	if v.Fast {
		clock = "skip"
	}
	s, err := v.prepare(ctx, a, p, clock)
	if err != nil {
		return err
	}
	defer s.close()
	ctx, stop := v.watch(ctx, s.info)
	defer stop()
	result, err := v.perform(ctx, a, p, s)
	if err != nil {
		return explain(ctx, err)
	}
	result.Seconds.Build, result.Seconds.Total = verdict.Round(s.build), verdict.Round(time.Since(began))
	took := duration.Format(time.Since(began))
	if !v.Keep {
		if err := errors.Join(s.terraform.Forget(), destroyed(s.terraform.Destroy(ctx))); err != nil {
			return err
		}
	}
	p.Close()
	return v.judge(a, result, took)
}

func destroyed(_ infra.Result, err error) error { return err }

// timely refuses a demo in real time where time is skipped already.
func (v *demoVerb) timely() error {
	dir, err := v.stateDir()
	if err != nil || v.Fast || v.Target != string(target.Embedded) {
		return err
	}
	info, err := daemon.In(dir).Running()
	if err != nil || info.Clock != "skip" {
		return nil // whoever needs one that runs says what is wrong with it
	}
	return hint.New(fmt.Sprintf("the embedded AWS at %s skips time, so that this demo would not be in real time", info.URL),
		"say --fast, or stop it first (reliableq local stop): what is deployed is kept")
}

// demoResult is the verdict with what belongs to it.
type demoResult struct {
	verdict.Verdict
	Mode    string          `json:"mode"`
	Seed    uint64          `json:"seed"`
	Target  string          `json:"target"`
	Seconds verdict.Seconds `json:"seconds"`
}

// judge shows the verdict.
func (v *demoVerb) judge(a *app, r demoResult, took string) error {
	err := a.report(v.JSON, r, func() {
		fmt.Fprintln(a.out, r.Line(took))
		if dragged := r.Dragged(); dragged != "" && r.Mode == "whole_batch" {
			fmt.Fprintln(a.out, dragged)
		}
		for _, f := range r.Faults {
			fmt.Fprintln(a.out, "wrong: "+f)
		}
	})
	if err == nil && !r.Good() {
		return errVerdict
	}
	return err
}

// perform deploys and runs the traffic, the one overlapping the other. A failed
// deployment ends the traffic; traffic that fails lets the deployment come to its
// end, for a state that is whole.
func (v *demoVerb) perform(ctx context.Context, a *app, p *progress.Progress, s *stage) (demoResult, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	half := make(chan flow.Deployment, 1)
	result := demoResult{Seed: v.Seed, Target: string(s.target.Kind), Mode: v.mode()}
	var deployed, ran error
	var group sync.WaitGroup
	group.Go(func() {
		began := time.Now()
		if deployed = v.deploy(ctx, a, p, s, half); deployed != nil {
			cancel(deployed)
		}
		result.Seconds.Deploy = verdict.Round(time.Since(began))
	})
	group.Go(func() {
		select {
		case d := <-half:
			began := time.Now()
			var facts verdict.Facts
			facts, ran = v.traffic(ctx, p, s, d)
			result.Seconds.Run = verdict.Round(time.Since(began))
			result.Verdict = verdict.Judge(facts)
		case <-ctx.Done():
		}
	})
	group.Wait()
	if deployed != nil {
		return result, deployed
	}
	return result, ran
}

func (v *demoVerb) mode() string {
	if v.FailureReporting != "" {
		return v.FailureReporting
	}
	return "per_message"
}

// deploy makes the target what the sources say, unless that was the last
// deployment and the target confirms that it is there. It hands the deployment
// over as soon as traffic may start.
func (v *demoVerb) deploy(ctx context.Context, a *app, p *progress.Progress, s *stage, half chan<- flow.Deployment) error {
	client := flowOn(s.target)
	if s.terraform.Deployed(s.fingerprint) {
		d, err := v.deployed(s.target)
		if err == nil {
			ready, _, err := client.Ready(ctx, d)
			if err == nil && ready {
				p.Say("nothing changed since the last deployment, and all of it is there: no need to deploy")
				half <- d
				return nil
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p.Say("the last deployment is no longer all there: deploying again")
	}
	if err := s.terraform.Forget(); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	rosters := make(chan infra.Roster, 1)
	group.Go(func() error {
		defer close(rosters)
		_, err := s.apply(ctx, p, v.ask(ctx, a, p, s), func(r infra.Roster) { rosters <- r })
		return err
	})
	early := false
	group.Go(func() error {
		r, ok := <-rosters
		if !ok {
			return nil
		}
		early = true
		said := "everything that traffic needs is there: it starts now"
		if r.Unconfirmed > 0 {
			said += fmt.Sprintf(", while Terraform still confirms what it made (%d left)", r.Unconfirmed)
		}
		err := release(ctx, p, client, flow.FromRoster(r), said, half)
		if flow.Missing(err) { // it was replaced: only the state at the end names what took its place
			early = false
			p.Say("something that traffic needs is being replaced: traffic starts when the deployment is done")
			return nil
		}
		return err
	})
	if err := group.Wait(); err != nil {
		return err
	}
	if early {
		return nil
	}
	d, err := v.deployed(s.target)
	if err != nil {
		return err
	}
	return release(ctx, p, client, d, "the deployment is confirmed: traffic starts now", half)
}

// release hands the deployment over once the target itself says that traffic may
// start.
func release(ctx context.Context, p *progress.Progress, client *flow.Client, d flow.Deployment, said string, half chan<- flow.Deployment) error {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		ready, why, err := client.Ready(ctx, d)
		if err != nil {
			return err
		}
		if ready {
			p.Say("%s", said)
			half <- d
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait until %s: %w", why, context.Cause(ctx))
		}
	}
}
