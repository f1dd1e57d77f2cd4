package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/infra"
	"github.com/reliableq/reliableq/deploy/internal/progress"
	"github.com/reliableq/reliableq/deploy/internal/target"
	"github.com/reliableq/reliableq/internal/duration"
)

type downVerb struct {
	deployFlags
	Wipe bool `help:"Stop the embedded AWS and delete its data and the deployment's state, without running Terraform; embedded AWS only."`
}

// Help is the long help of the verb.
func (*downVerb) Help() string {
	return `Messages in the queues are deleted with them. The embedded AWS keeps running; stop it with reliableq local stop.`
}

// Run removes the deployment.
func (v *downVerb) Run(ctx context.Context, a *app) error {
	p := a.progress(v.JSON)
	defer p.Close()

	if v.Wipe {
		if v.kind() != target.Embedded {
			return usageError{hint.New("--wipe is for the embedded AWS only", "leave it out: Terraform removes what it created")}
		}
		return v.wipe(ctx, a)
	}

	if err := v.backendFlags.check(v.kind()); err != nil {
		return err
	}

	// The options do not need the target, so that mistakes in them start no server.
	o, err := v.terraformOptions(ctx, p)
	if err != nil {
		return err
	}

	// A stopped embedded AWS is started: its resources are in its data directory.
	t, info, err := v.connect(ctx, p, &background{listen: v.Listen, clock: "real"})
	if err != nil {
		return err
	}

	if o.Folder, err = v.folder(t); err != nil {
		return err
	}

	o.Backend = v.BackendConfig

	// Without a state there is nothing to remove, and Terraform is not run.
	nothing, err := infra.NothingDeployed(o)
	if err != nil {
		return err
	}
	if nothing {
		return v.report(a, infra.Result{}, func() { fmt.Fprintf(a.out, "nothing is deployed to %s\n", t.Describe()) })
	}

	o.Env = t.Env(os.Environ())
	d := &deployer{
		target:   t,
		info:     info,
		progress: p,
	}

	if d.terraform, err = infra.Open(ctx, o); err != nil {
		return err
	}
	defer d.close()
	ctx, stop := v.watch(ctx, info)
	defer stop()

	return explain(ctx, v.remove(ctx, a, d))
}

// terraformOptions returns the options for Terraform that do not depend on the target.
func (v *downVerb) terraformOptions(ctx context.Context, p *progress.Progress) (infra.Options, error) {
	in, err := v.inputs()
	if err != nil {
		return infra.Options{}, err
	}

	o, err := v.options(ctx, p, in.project.Terraform(), in.stateDir)
	o.Vars = in.vars
	o.VarFiles = v.VarFile
	return o, err
}

// remove repairs the state after an interrupted run, asks, and destroys.
func (v *downVerb) remove(ctx context.Context, a *app, d *deployer) error {
	start := time.Now()

	// A run that is interrupted from here on must not count as deployed.
	if err := errors.Join(d.terraform.RemoveFingerprint(), d.terraform.Init(ctx)); err != nil {
		return err
	}

	if err := d.repairState(ctx); err != nil {
		return err
	}

	lost, err := d.warnOfMessages(ctx, func(string) bool { return true })
	if err != nil {
		return err
	}
	if d.target.Kind != target.Embedded {
		if err := v.askToRemove(ctx, a, d, lost); err != nil {
			return err
		}
	}

	// What an interrupted run created is removed too.
	if err := d.importOrphans(ctx); err != nil {
		return err
	}

	result, err := d.destroy(ctx)
	if err != nil {
		return err
	}

	d.progress.Close()
	return v.report(a, result, func() {
		fmt.Fprintf(a.out, "removed %d resources from %s in %s\n", result.Removed, d.target.Describe(), duration.Format(time.Since(start)))
	})
}

// askToRemove lists what the state holds and asks whether to remove it.
func (v *downVerb) askToRemove(ctx context.Context, a *app, d *deployer, lost int) error {
	// The question is asked on the terminal that shows progress.
	d.progress.Pause()
	count, err := infra.CountResources(d.terraform.Folder)
	if err != nil {
		return err
	}

	listed, err := infra.DescribeResources(d.terraform.Folder)
	if err != nil {
		return err
	}

	question := fmt.Sprintf("This removes %d resources from %s, with the messages in the queues.", count, d.target.Describe())
	if lost > 0 {
		question = fmt.Sprintf("This removes %d resources from %s, with %s in the queues.", count, d.target.Describe(), messages(lost))
	}

	return a.confirm(ctx, v.Yes, question, append(d.target.Details(), listed...)...)
}

func (v *downVerb) report(a *app, result infra.Result, show func()) error {
	return a.report(v.JSON, struct {
		Target  string       `json:"target"`
		Changes infra.Result `json:"changes"`
	}{v.Target, result}, show)
}

// wipe stops the embedded AWS, and deletes its data and the state of everything
// deployed to it.
func (v *downVerb) wipe(ctx context.Context, a *app) error {
	dir, err := v.stateDir()
	if err != nil {
		return err
	}

	ctx, cancel := context.WithTimeout(ctx, 2*grace)
	defer cancel()

	folder := daemon.In(dir)
	if _, err := folder.Stop(ctx); err != nil && !errors.Is(err, daemon.ErrNotRunning) {
		return err
	}

	// The data of the server and the states that describe it belong together.
	for _, path := range []string{folder.DataDir(), target.Folders(dir, target.Embedded)} {
		if err := os.RemoveAll(path); err != nil {
			return hint.With(fmt.Errorf("cannot delete %s: %w", path, err), "delete it by hand")
		}
	}

	return v.report(a, infra.Result{}, func() { fmt.Fprintln(a.out, "stopped the embedded AWS and deleted its data") })
}
