package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/reliableq/reliableq/deploy/internal/bundle"
	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/infra"
	"github.com/reliableq/reliableq/deploy/internal/lookup"
	"github.com/reliableq/reliableq/deploy/internal/progress"
	"github.com/reliableq/reliableq/deploy/internal/project"
	"github.com/reliableq/reliableq/deploy/internal/target"
)

// This file holds the steps that up, plan and demo share: prepare, then plan or apply.

// maxPlans bounds how often a plan is made again with more to import: queues and
// functions are found first, the mappings between them by the second plan.
const maxPlans = 5

// deployer works on one deployment. It holds the deployment's lock until close.
type deployer struct {
	target    *target.Target
	info      daemon.Info // of the embedded AWS; zero for another target
	terraform *infra.Terraform
	progress  *progress.Progress

	// fingerprint changes with everything that decides what is deployed.
	fingerprint string
	// buildTime is how long the build of the functions took.
	buildTime time.Duration
	// confirm shows a plan to a person, with the number of messages that its deleted
	// queues hold, and returns an error unless they agree. It is nil where no
	// confirmation is needed.
	confirm func(ctx context.Context, plan *infra.Plan, lost int) error
}

// inputs are what the flags of a deployment choose, as far as that does not depend on
// the target.
type inputs struct {
	project  project.Project
	platform bundle.Platform // of the functions
	vars     []string        // assignments for Terraform
	stateDir string
}

// inputs returns what the flags choose, or an error about them.
func (f *deployFlags) inputs() (in inputs, err error) {
	if in.project, err = f.project(); err != nil {
		return in, err
	}
	if in.platform, err = f.platform(f.kind() == target.Embedded); err != nil {
		return in, usageError{err}
	}
	if in.vars, err = f.vars(in.project, f.NamePrefix, in.platform); err != nil {
		return in, err
	}
	in.stateDir, err = f.stateDir()
	return in, err
}

// prepare builds the functions and, at the same time, connects to the target and
// initializes Terraform. A newly started embedded AWS gets the given clock.
func (f *deployFlags) prepare(ctx context.Context, a *app, p *progress.Progress, clock string) (*deployer, error) {
	// Refuse what is wrong in the flags before any work begins.
	in, err := f.inputs()
	if err != nil {
		return nil, err
	}

	if err := f.backendFlags.check(f.kind()); err != nil {
		return nil, err
	}

	d := &deployer{progress: p}
	if f.kind() != target.Embedded {
		// Check the credentials before anything is built.
		if d.target, _, err = f.connect(ctx, p, nil); err != nil {
			return nil, err
		}
	}

	// The build and the preparation of Terraform take seconds each: run both at once.
	group, ctx := errgroup.WithContext(ctx)
	var built []bundle.Result
	group.Go(func() (err error) {
		start := time.Now()
		built, err = buildFunctions(ctx, p, in.project, bundle.Options{Platform: in.platform})
		d.buildTime = time.Since(start)
		if err != nil {
			return err
		}
		return bundle.CheckArchitecture(built, in.platform.Lambda())
	})

	group.Go(func() error {
		o, err := f.options(ctx, p, in.project.Terraform(), in.stateDir)
		if err != nil {
			return err
		}

		o.Vars = in.vars
		o.VarFiles = f.VarFile
		o.Backend = f.BackendConfig
		return d.initialize(ctx, f, o, &background{
			stateDir: in.stateDir,
			listen:   f.Listen,
			clock:    clock,
		})
	})

	if err := group.Wait(); err != nil {
		d.close()
		return nil, err
	}

	// The fingerprint covers the built packages too.
	if d.fingerprint, err = d.terraform.Fingerprint(built); err != nil {
		d.close()
		return nil, err
	}

	// Changes to the embedded AWS need no confirmation.
	if !f.Yes && d.target.Kind != target.Embedded {
		d.confirm = func(ctx context.Context, plan *infra.Plan, lost int) error { return d.askToDeploy(ctx, a, plan, lost) }
	}

	return d, nil
}

// initialize connects to the target, unless that is done, and initializes Terraform
// for it.
func (d *deployer) initialize(ctx context.Context, f *deployFlags, o infra.Options, b *background) (err error) {
	if d.target == nil {
		if d.target, d.info, err = f.connect(ctx, d.progress, b); err != nil {
			return err
		}
	}

	// Each target and prefix has its own state.
	o.Folder = d.target.Folder(b.stateDir, f.NamePrefix)
	o.Env = d.target.Env(os.Environ())
	if d.terraform, err = infra.Open(ctx, o); err != nil {
		return err
	}
	return d.terraform.Init(ctx)
}

// askToDeploy shows a plan and asks whether to apply it.
func (d *deployer) askToDeploy(ctx context.Context, a *app, plan *infra.Plan, lost int) error {
	d.progress.Pause()
	plan.Render(a.errs)
	if !d.terraform.Remote() {
		fmt.Fprintf(a.errs, "The state is only in %s: without it, Terraform no longer knows what it created. To store it in S3, use --backend-config.\n", d.terraform.State())
	}

	question := "This deploys to " + d.target.Describe() + "."
	if lost > 0 {
		question = fmt.Sprintf("This deploys to %s, and deletes %s.", d.target.Describe(), messages(lost))
	}
	return a.confirm(ctx, false, question, d.target.Details()...)
}

// close unlocks the deployment.
func (d *deployer) close() {
	if d.terraform == nil {
		return
	}
	// An error changes nothing: the lock ends with this process at the latest.
	_ = d.terraform.Close()
}

// apply repairs the state, plans, and deploys what is planned. onUsable, if not nil,
// is called as soon as everything that traffic needs exists.
func (d *deployer) apply(ctx context.Context, onUsable func(infra.Inventory)) (infra.Result, error) {
	result, err := d.planAndApply(ctx, onUsable)
	if err == nil {
		return result, d.terraform.SaveFingerprint(d.fingerprint)
	}
	if ctx.Err() == nil || errors.Is(context.Cause(ctx), daemon.ErrGone) {
		return result, explain(ctx, err)
	}

	// The run was interrupted. Terraform marks what it was creating for replacement:
	// remove the mark now, so that Terraform run by hand does not replace it either.
	cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()

	err = errors.Join(err, d.terraform.Untaint(cleanup))
	return result, hint.With(err, "what was created is in the state: run the same command again to finish, or reliableq down to remove it")
}

func (d *deployer) planAndApply(ctx context.Context, onUsable func(infra.Inventory)) (infra.Result, error) {
	if err := d.repairState(ctx); err != nil {
		return infra.Result{}, err
	}

	// Nothing can be taken or deleted where nothing exists: skip the plan.
	if d.confirm == nil {
		empty, err := d.emptyTarget(ctx)
		if err != nil {
			return infra.Result{}, err
		}
		if empty {
			return d.terraform.Apply(ctx, onUsable)
		}
	}

	// Otherwise plan first, so that no resource of others is taken over.
	plan, err := d.plan(ctx)
	if err != nil {
		return infra.Result{}, err
	}
	if !plan.Changed {
		return infra.Result{}, d.terraform.RemoveJournal()
	}

	// Terraform does not count messages: say how many a deleted queue holds.
	lost, err := d.warnOfMessages(ctx, deletes(plan))
	if err != nil {
		return infra.Result{}, err
	}
	if d.confirm != nil {
		if err := d.confirm(ctx, plan, lost); err != nil {
			return infra.Result{}, err
		}
	}

	return d.terraform.ApplyPlan(ctx, plan, onUsable)
}

// repairState repairs the state after an interrupted run, and refuses a state that
// holds resources of another state.
func (d *deployer) repairState(ctx context.Context) error {
	if err := d.terraform.Recover(ctx); err != nil {
		return err
	}
	return d.refuseShared(ctx)
}

// emptyTarget reports whether the target is an embedded AWS without resources, and
// the state has none either.
func (d *deployer) emptyTarget(ctx context.Context) (bool, error) {
	if d.target.Kind != target.Embedded {
		return false, nil
	}
	n, err := infra.CountResources(d.terraform.Folder)
	if err != nil || n > 0 {
		return false, err
	}
	return lookup.New(d.target.Config).Empty(ctx)
}

// plan returns a plan that imports what an interrupted run of this deployment
// created without recording it in the state, and that creates nothing that exists.
// Names of resources that belong to others are refused.
func (d *deployer) plan(ctx context.Context) (*infra.Plan, error) {
	for range maxPlans {
		plan, err := d.terraform.Plan(ctx)
		if err != nil {
			return nil, err
		}

		// Look up each name that the plan would create.
		existing, err := d.existing(ctx, plan)
		if err != nil {
			return nil, err
		}

		ours, foreign, err := d.terraform.Ours(existing)
		if err != nil {
			return nil, err
		}

		if err := refuseForeign(d.target, foreign); err != nil {
			return nil, err
		}
		if len(ours) == 0 {
			return plan, nil
		}

		// With these imported, the next plan knows the attributes of more resources
		// and creates fewer.
		if err := d.terraform.Import(ours); err != nil {
			return nil, err
		}
	}

	return nil, errors.New("plan: resources that an interrupted run created cannot be imported")
}

// destroy removes everything that the state holds.
func (d *deployer) destroy(ctx context.Context) (infra.Result, error) {
	if err := d.terraform.RemoveFingerprint(); err != nil {
		return infra.Result{}, err
	}
	return d.terraform.Destroy(ctx)
}
