package main

import (
	"context"
	"fmt"
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
	p.Say("planning for %s", s.target.Describe())
	if !v.JSON {
		p.Close()
		_, err := s.terraform.Show(ctx, a.out)
		return err
	}
	preview, err := s.terraform.Preview(ctx)
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	return a.report(true, preview, nil)
}
