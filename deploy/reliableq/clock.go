package main

import (
	"context"
	"fmt"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/control"
	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// controlOf is a client of a running embedded AWS.
func controlOf(info daemon.Info) *control.Client { return control.New(info.URL) }

type clockVerb struct {
	Now     clockNowVerb     `cmd:"" help:"Print service time and what is to come."`
	Advance clockAdvanceVerb `cmd:"" help:"Move service time forward; all that falls due on the way happens."`
	Hold    clockHoldVerb    `cmd:"" help:"Stop service time."`
	Release clockReleaseVerb `cmd:"" help:"Let service time go on."`
	Settle  clockSettleVerb  `cmd:"" help:"Wait until nothing is left that would move a message."`
}

// clockFlags belong to every verb of the clock.
type clockFlags struct {
	stateFlags
	reportFlags
}

// do asks the running embedded AWS and shows what its clock says afterwards.
func (f clockFlags) do(a *app, ask func(*control.Client) (fmt.Stringer, error)) error {
	dir, err := f.stateDir()
	if err != nil {
		return err
	}
	info, err := daemon.In(dir).Running()
	if err != nil {
		return hint.With(err, "start it with reliableq local start")
	}
	state, err := ask(controlOf(info))
	if err != nil {
		return err
	}
	return a.report(f.JSON, state, func() { fmt.Fprintln(a.out, state) })
}

type clockNowVerb struct{ clockFlags }

func (v *clockNowVerb) Run(ctx context.Context, a *app) error {
	return v.do(a, func(c *control.Client) (fmt.Stringer, error) { return c.Clock(ctx) })
}

type clockAdvanceVerb struct {
	clockFlags
	By time.Duration `arg:"" help:"How far, such as 90s or 4h."`
}

func (v *clockAdvanceVerb) Run(ctx context.Context, a *app) error {
	if v.By < 0 {
		return usageError{hint.New("service time does not run backwards", "give a duration above zero")}
	}
	return v.do(a, func(c *control.Client) (fmt.Stringer, error) { return c.Advance(ctx, v.By) })
}

type clockHoldVerb struct{ clockFlags }

func (v *clockHoldVerb) Run(ctx context.Context, a *app) error {
	return v.do(a, func(c *control.Client) (fmt.Stringer, error) { return c.Hold(ctx) })
}

type clockReleaseVerb struct{ clockFlags }

func (v *clockReleaseVerb) Run(ctx context.Context, a *app) error {
	return v.do(a, func(c *control.Client) (fmt.Stringer, error) { return c.Release(ctx) })
}

type clockSettleVerb struct {
	clockFlags
	Timeout time.Duration `default:"10m" help:"How long to wait at most (${default})."`
}

func (v *clockSettleVerb) Run(ctx context.Context, a *app) error {
	return v.do(a, func(c *control.Client) (fmt.Stringer, error) { return c.Settle(ctx, v.Timeout) })
}
