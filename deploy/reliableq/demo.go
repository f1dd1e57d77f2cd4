package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/demo"
	"github.com/reliableq/reliableq/deploy/internal/flow"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/infra"
	"github.com/reliableq/reliableq/deploy/internal/target"
	"github.com/reliableq/reliableq/deploy/internal/verdict"
	"github.com/reliableq/reliableq/internal/duration"
)

// advanceStep is how far --fast advances a clock that does not skip by itself,
// between two reads of the queues. Timers that come due run at their own times.
const advanceStep = 30 * time.Second

type demoVerb struct {
	deployFlags
	Count    int           `default:"89" help:"Number of messages (${default})."`
	BadRatio float64       `default:"0.05" help:"Share of bad messages, 0 to 1 (${default})."`
	Seed     uint64        `default:"7" help:"Seed of the messages: the same seed gives the same messages (${default})."`
	Fast     bool          `help:"Skip waiting times; embedded AWS only."`
	Keep     bool          `default:"true" negatable:"" help:"Keep the deployment; --no-keep removes it."`
	Timeout  time.Duration `default:"30m" help:"Time until the queues must be empty (${default})."`
}

// Help is the long help of the verb.
func (*demoVerb) Help() string {
	return `Ends with a verdict that is computed from the functions' logs and the dead-letter queue, never from expectations,
and exits 3 when it is bad. The deployment stays: a second demo sends its messages at once.

Examples:
  reliableq demo --fast
  reliableq demo --fast --failure-reporting whole_batch
  reliableq demo --fast --count 1000 --bad-ratio 0.1 --seed 42 --json`
}

// demoResult is the verdict, with how it was obtained.
type demoResult struct {
	verdict.Verdict
	Mode    string          `json:"mode"`
	Seed    uint64          `json:"seed"`
	Target  string          `json:"target"`
	Seconds verdict.Seconds `json:"seconds"`
}

// Run deploys, sends messages, follows them, and prints the verdict.
func (v *demoVerb) Run(ctx context.Context, a *app) error {
	if err := v.check(); err != nil {
		return usageError{err}
	}

	if err := v.checkClock(); err != nil {
		return err
	}

	p := a.progress(v.JSON)
	defer p.Close()

	// Build the functions, start the embedded AWS and initialize Terraform.
	start := time.Now()
	clock := "real"
	if v.Fast {
		clock = "skip"
	}

	d, err := v.prepare(ctx, a, p, clock)
	if err != nil {
		return err
	}
	defer d.close()
	ctx, stop := v.watch(ctx, d.info)
	defer stop()

	// Apply, and send messages as soon as they can be processed.
	result, err := v.deployAndSend(ctx, d)
	if err != nil {
		return explain(ctx, err)
	}

	elapsed := time.Since(start)
	result.Seconds.Build = verdict.InSeconds(d.buildTime)
	result.Seconds.Total = verdict.InSeconds(elapsed)

	if !v.Keep {
		if _, err := d.destroy(ctx); err != nil {
			return err
		}
	}

	p.Close()
	return v.report(a, result, elapsed)
}

func (v *demoVerb) check() error {
	switch {
	case v.Count < 1:
		return hint.New(fmt.Sprintf("--count %d: nothing to send", v.Count), "send at least one message")
	case !(v.BadRatio >= 0 && v.BadRatio <= 1): // not a number is refused too
		return hint.New(fmt.Sprintf("--bad-ratio %g is not a share", v.BadRatio), "give a number from 0 to 1")
	case v.Fast && v.kind() != target.Embedded:
		return hint.New("--fast needs a clock that skips, and only the embedded AWS has one", "leave out --fast or --target")
	}
	return nil
}

// checkClock refuses a demo in real time on an embedded AWS that skips time.
func (v *demoVerb) checkClock() error {
	dir, err := v.stateDir()
	if err != nil || v.Fast || v.kind() != target.Embedded {
		return err
	}
	info, err := daemon.In(dir).Running()
	if err != nil || info.Clock != "skip" {
		return nil // prepare starts one, or reports what is wrong with it
	}
	return hint.New(fmt.Sprintf("the embedded AWS at %s skips time: this demo would not run in real time", info.URL),
		"use --fast, or stop it first with reliableq local stop, which keeps what is deployed")
}

// deployAndSend deploys, and runs the traffic as soon as the deployment is usable. A
// deployment that fails ends the traffic. Traffic that fails lets the deployment
// finish, so that its state is complete.
func (v *demoVerb) deployAndSend(ctx context.Context, d *deployer) (demoResult, error) {
	// The traffic ends with the deployment's error as the cause.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	usable := make(chan flow.Deployment, 1)
	result := demoResult{
		Mode:   v.mode(),
		Seed:   v.Seed,
		Target: string(d.target.Kind),
	}

	// Run both at the same time: the provider still polls queues long after they are usable.
	var deployErr, trafficErr error
	var group sync.WaitGroup
	group.Go(func() {
		start := time.Now()
		if deployErr = v.deploy(ctx, d, usable); deployErr != nil {
			cancel(deployErr)
		}
		result.Seconds.Deploy = verdict.InSeconds(time.Since(start))
	})

	group.Go(func() {
		select {
		case deployed := <-usable:
			start := time.Now()
			var facts verdict.Facts
			facts, trafficErr = v.traffic(ctx, d, deployed)
			result.Seconds.Run = verdict.InSeconds(time.Since(start))
			result.Verdict = verdict.Judge(facts)
		case <-ctx.Done():
		}
	})

	group.Wait()

	if deployErr != nil {
		return result, deployErr
	}

	return result, trafficErr
}

// mode is how the consumer reports failures.
func (v *demoVerb) mode() string {
	if v.FailureReporting != "" {
		return v.FailureReporting
	}
	return "per_message"
}

// deploy applies the sources, unless the last deployment had the same sources and is
// still complete at the target. It sends the deployment to usable as soon as traffic
// may start.
func (v *demoVerb) deploy(ctx context.Context, d *deployer, usable chan<- flow.Deployment) error {
	if d.terraform.HasFingerprint(d.fingerprint) {
		if deployed, complete := v.lastDeployment(ctx, d); complete {
			d.progress.Say("nothing changed since the last deployment, and it is complete: not deploying")
			usable <- deployed
			return nil
		}

		if ctx.Err() != nil {
			return ctx.Err()
		}

		d.progress.Say("the last deployment is incomplete: deploying again")
	}

	if err := d.terraform.RemoveFingerprint(); err != nil {
		return err
	}

	early, err := applyAndRelease(ctx, d, usable)
	if err != nil || early {
		return err
	}

	deployed, err := v.deployed(d.target)
	if err != nil {
		return err
	}

	return release(ctx, d, deployed, "the deployment is confirmed: traffic starts now", usable)
}

// lastDeployment returns the deployment in the state, and reports whether all of it
// exists and is ready at the target.
func (v *demoVerb) lastDeployment(ctx context.Context, d *deployer) (flow.Deployment, bool) {
	deployed, err := v.deployed(d.target)
	if err != nil {
		return flow.Deployment{}, false
	}
	ready, _, err := flowOn(d.target).Ready(ctx, deployed)
	return deployed, err == nil && ready
}

// applyAndRelease applies, and releases the deployment while Terraform still confirms
// what it created. early reports whether it did. Where a resource is replaced, only
// the state at the end names its successor.
func applyAndRelease(ctx context.Context, d *deployer, usable chan<- flow.Deployment) (early bool, err error) {
	group, ctx := errgroup.WithContext(ctx)
	inventories := make(chan infra.Inventory, 1)
	group.Go(func() error {
		defer close(inventories)
		_, err := d.apply(ctx, func(i infra.Inventory) { inventories <- i })
		return err
	})

	group.Go(func() error {
		// Wait until Terraform has created what traffic needs, or has ended.
		inventory, ok := <-inventories
		if !ok {
			return nil // apply ended without: nothing changed, or it failed
		}

		text := "everything that traffic needs exists: traffic starts now"
		if inventory.Unconfirmed > 0 {
			text += fmt.Sprintf(", while Terraform still confirms what it created (%d left)", inventory.Unconfirmed)
		}

		err := release(ctx, d, flow.FromInventory(inventory), text, usable)
		if flow.Missing(err) {
			d.progress.Say("a resource that traffic needs is being replaced: traffic starts when the deployment is done")
			return nil
		}

		early = true
		return err
	})

	err = group.Wait()
	return early, err
}

// release waits until the target reports that a deployment is ready, and sends it to
// usable.
func release(ctx context.Context, d *deployer, deployed flow.Deployment, text string, usable chan<- flow.Deployment) error {
	// Resources exist before they can be used: a function is Pending, a mapping is Creating.
	client := flowOn(d.target)
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()

	for {
		ready, why, err := client.Ready(ctx, deployed)
		if err != nil {
			return err
		}

		if ready {
			d.progress.Say("%s", text)
			usable <- deployed
			return nil
		}

		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("not ready (%s): %w", why, context.Cause(ctx))
		}
	}
}

// traffic sends messages and follows them.
func (v *demoVerb) traffic(ctx context.Context, d *deployer, deployed flow.Deployment) (verdict.Facts, error) {
	// The deployment may have no outputs yet: then the flags decide how failures are
	// reported.
	run := &demo.Run{
		Client:     flowOn(d.target),
		Deployment: deployed,
		WholeBatch: v.wholeBatch(deployed),
		Progress:   d.progress,
		Timing:     v.timing(d),
	}

	if v.Fast && d.info.Clock != "skip" {
		d.progress.Say("the embedded AWS that is running does not skip time by itself: advancing its clock")
		clock := controlOf(d.info)
		run.AdvanceClock = func(ctx context.Context) error {
			_, err := clock.Advance(ctx, advanceStep)
			return err
		}
	}

	return run.Do(ctx, demo.Request{
		Count:    v.Count,
		BadRatio: v.BadRatio,
		Seed:     v.Seed,
	})
}

// wholeBatch reports whether one bad message fails its batch: according to the
// deployment's output or, if there are no outputs yet, according to the flag.
func (v *demoVerb) wholeBatch(deployed flow.Deployment) bool {
	if deployed.FailureReporting != "" {
		return deployed.FailureReporting == "whole_batch"
	}
	return v.mode() == "whole_batch"
}

// timing returns how often to read queues and logs. Those of the embedded AWS are
// exact and up to date; those of AWS are approximate and late.
func (v *demoVerb) timing(d *deployer) demo.Timing {
	if d.target.Kind != target.Embedded {
		return demo.Timing{
			Interval:   2 * time.Second,
			EmptyReads: 4,
			Grace:      90 * time.Second,
			Timeout:    v.Timeout,
		}
	}

	// The embedded AWS on this machine can be read often.
	timing := demo.Timing{
		Interval:   250 * time.Millisecond,
		EmptyReads: 2,
		Grace:      5 * time.Second,
		Timeout:    v.Timeout,
	}

	if v.Fast || d.info.Clock == "skip" {
		timing.Interval = 60 * time.Millisecond
	}

	return timing
}

// report prints the verdict.
func (v *demoVerb) report(a *app, r demoResult, elapsed time.Duration) error {
	err := a.report(v.JSON, r, func() {
		fmt.Fprintln(a.out, r.Line(duration.Format(elapsed)))
		if effect := r.WholeBatchEffect(); effect != "" && r.Mode == "whole_batch" {
			fmt.Fprintln(a.out, effect)
		}

		for _, text := range r.Problems {
			fmt.Fprintln(a.out, "wrong: "+text)
		}
	})

	if err == nil && !r.Good() {
		return errVerdict
	}

	return err
}
