package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/progress"
	"github.com/reliableq/reliableq/localaws/control"
)

// controlOf returns a client of the control API of a running embedded AWS.
func controlOf(info daemon.Info) *control.Client {
	return control.NewClient(info.URL, info.ControlToken)
}

type clockVerb struct {
	Now     clockNowVerb     `cmd:"" help:"Print service time, the work in progress and the scheduled timers."`
	Advance clockAdvanceVerb `cmd:"" help:"Move service time forward and run every timer that comes due."`
	Hold    clockHoldVerb    `cmd:"" help:"Stop service time and its timers; requests and invocations go on."`
	Release clockReleaseVerb `cmd:"" help:"Continue service time from where hold stopped it."`
	Settle  clockSettleVerb  `cmd:"" help:"Wait until no timer is left that would move a message."`
}

// clockFlags are shared by the verbs of clock.
type clockFlags struct {
	stateFlags
	reportFlags
}

const (
	// progressDelay is how long a command on the clock runs before it shows progress.
	progressDelay = 3 * time.Second
	// progressInterval is the time between two reads of a clock that is being moved.
	progressInterval = time.Second
)

// showClock shows service time as progress at each tick, until done is closed. It
// shows nothing before the first tick.
func showClock(ctx context.Context, p *progress.Progress, name string, client *control.Client, tick <-chan time.Time, done <-chan struct{}) {
	var task *progress.Task
	for {
		select {
		case <-done:
			if task != nil {
				task.End("")
			}
			return
		case <-tick:
			if task == nil {
				task = p.Begin(name, progress.Span{})
			}
			// The command itself reports an error of the server.
			if c, err := client.Clock(ctx); err == nil {
				task.Update(0, c.String())
			}
		}
	}
}

// callWithProgress is call for a call that may take long: it shows progress until the call
// returns.
func (f clockFlags) callWithProgress(ctx context.Context, a *app, name string, ask func(*control.Client) (fmt.Stringer, error)) error {
	return f.call(a, func(client *control.Client) (fmt.Stringer, error) {
		shown := a.progress(f.JSON)
		defer shown.Close()

		timer := time.NewTimer(progressDelay)
		defer timer.Stop()
		ticker := time.NewTicker(progressInterval)
		defer ticker.Stop()

		// Show progress from another goroutine while the call runs.
		done := make(chan struct{})
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			select {
			case <-done:
			case <-timer.C:
				showClock(ctx, shown, name, client, ticker.C, done)
			}
		}()

		// End the display before the result is printed.
		state, err := ask(client)
		close(done)
		<-ended
		return state, err
	})
}

// call calls the running embedded AWS, and prints the state of the clock that ask returns.
func (f clockFlags) call(a *app, ask func(*control.Client) (fmt.Stringer, error)) error {
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
		return f.explainLost(err)
	}

	return a.report(f.JSON, state, func() { fmt.Fprintln(a.out, state) })
}

type clockNowVerb struct{ clockFlags }

func (v *clockNowVerb) Run(ctx context.Context, a *app) error {
	return v.call(a, func(c *control.Client) (fmt.Stringer, error) { return c.Clock(ctx) })
}

type clockAdvanceVerb struct {
	clockFlags
	By time.Duration `arg:"" help:"Duration, such as 90s, 4h or 1h30m."`
}

// Help is the long help of the verb.
func (*clockAdvanceVerb) Help() string {
	return `Returns when every timer that came due has run, and every invocation that one of them
started has ended. It works in every mode of the clock, and while the clock is held.
Prints progress on standard error when it takes longer than a few seconds.`
}

// errTimeGoesBack is the error for a negative duration.
func errTimeGoesBack(by time.Duration) error {
	return hint.New(fmt.Sprintf("cannot advance service time by %s: it cannot go back", by), "give a positive duration, such as 90s or 4h")
}

// negativeAdvance returns the error for args that ask to advance the clock by a
// negative duration, which the parser takes for an unknown flag; else nil.
func negativeAdvance(args []string) error {
	if len(args) < 3 || args[0] != "clock" || args[1] != "advance" {
		return nil
	}

	// The duration may be before or after flags.
	for _, arg := range args[2:] {
		if by, err := time.ParseDuration(arg); err == nil && by < 0 {
			return errTimeGoesBack(by)
		}
	}
	return nil
}

func (v *clockAdvanceVerb) Run(ctx context.Context, a *app) error {
	if v.By < 0 {
		return usageError{errTimeGoesBack(v.By)}
	}
	return v.callWithProgress(ctx, a, "advance", func(c *control.Client) (fmt.Stringer, error) { return c.Advance(ctx, v.By) })
}

type clockHoldVerb struct{ clockFlags }

func (v *clockHoldVerb) Run(ctx context.Context, a *app) error {
	return v.call(a, func(c *control.Client) (fmt.Stringer, error) { return c.Hold(ctx) })
}

type clockReleaseVerb struct{ clockFlags }

func (v *clockReleaseVerb) Run(ctx context.Context, a *app) error {
	return v.call(a, func(c *control.Client) (fmt.Stringer, error) { return c.Release(ctx) })
}

type clockSettleVerb struct {
	clockFlags
	Timeout time.Duration `default:"10m" help:"Maximum wait, in machine time (${default})."`
}

// Help is the long help of the verb.
func (*clockSettleVerb) Help() string {
	return `Then prints how many messages each queue holds. It does not wait for retention periods.

With local start --clock skip this takes only as long as the functions run, however
many hours of delays, visibility timeouts and retries there are; with the real
clock it takes those hours. While the clock is held it waits until the timeout.`
}

func (v *clockSettleVerb) Run(ctx context.Context, a *app) error {
	if v.Timeout < 0 {
		return usageError{hint.New(fmt.Sprintf("--timeout %s is negative", v.Timeout), "give a duration such as 30s")}
	}
	err := v.callWithProgress(ctx, a, "settle", func(c *control.Client) (fmt.Stringer, error) { return c.Settle(ctx, v.Timeout) })
	if errors.Is(err, control.ErrTimeout) {
		return hint.With(err, "wait longer with --timeout; reliableq clock now prints the next timer")
	}
	return err
}
