package main

import (
	"context"
)

type planVerb struct {
	deployFlags
}

// Help tells more about the verb.
func (*planVerb) Help() string {
	return `Changes nothing. Exits 0 whether or not there is something to change; --json tells.`
}

func (v *planVerb) Run(ctx context.Context, a *app) error {
	p := a.progress(v.JSON)
	defer p.Close()
	v.Yes = true // nothing will be touched
	s, err := v.prepare(ctx, a, p, "real")
	if err != nil {
		return err
	}
	defer s.close()
	ctx, stop := v.watch(ctx, s.info)
	defer stop()
	p.Say("planning for %s", s.target.Describe())
	if err := s.terraform.Recover(ctx); err != nil {
		return explain(ctx, err)
	}
	if err := s.refuseShared(ctx); err != nil {
		return explain(ctx, err)
	}
	plan, err := s.plan(ctx, p)
	if err != nil {
		return explain(ctx, err)
	}
	if v.JSON {
		return a.report(true, plan.Preview, nil)
	}
	p.Close()
	return s.terraform.Show(ctx, plan, a.out)
}
