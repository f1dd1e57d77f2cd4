package main

import "context"

type planVerb struct {
	deployFlags
}

// Help is the long help of the verb.
func (*planVerb) Help() string {
	return `Changes nothing at the target. The exit code is 0 whether or not up would change something; --json lists the changes.`
}

// Run prints what up would change.
func (v *planVerb) Run(ctx context.Context, a *app) error {
	p := a.progress(v.JSON)
	defer p.Close()

	d, err := v.prepare(ctx, a, p, "real")
	if err != nil {
		return err
	}
	defer d.close()
	ctx, stop := v.watch(ctx, d.info)
	defer stop()

	p.Say("planning for %s", d.target.Describe())
	if err := d.repairState(ctx); err != nil {
		return explain(ctx, err)
	}

	plan, err := d.plan(ctx)
	if err != nil {
		return explain(ctx, err)
	}

	if v.JSON {
		return a.report(true, plan.Preview, nil)
	}

	p.Close()
	return d.terraform.Show(ctx, plan, a.out)
}
