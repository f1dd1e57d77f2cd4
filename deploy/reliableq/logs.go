package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/flow"
	"github.com/reliableq/reliableq/deploy/internal/hint"
)

type logsVerb struct {
	targetFlags
	Functions []string      `arg:"" optional:"" help:"Keys of functions, such as consumer; default: all."`
	Follow    bool          `short:"f" help:"Print new lines until interrupted."`
	Since     time.Duration `default:"1h" help:"Start this long ago in service time (${default})."`
	Filter    string        `placeholder:"PATTERN" help:"Only lines that match this filter pattern of CloudWatch Logs."`
	JSON      bool          `name:"json" help:"Print one JSON object a line."`
}

// Help is the long help of the verb.
func (*logsVerb) Help() string {
	return `Examples:
  reliableq logs --follow
  reliableq logs consumer --since 10m --filter ERROR`
}

// logLine is one log event, as it is printed.
type logLine struct {
	Time     time.Time `json:"time"`
	Function string    `json:"function"`
	Stream   string    `json:"stream"`
	Message  string    `json:"message"`
}

// Run prints the functions' logs.
func (v *logsVerb) Run(ctx context.Context, a *app) error {
	return v.explainCall(v.run(ctx, a))
}

func (v *logsVerb) run(ctx context.Context, a *app) error {
	t, d, err := v.findDeployment(ctx)
	if err != nil {
		return err
	}

	keys := v.Functions
	if len(keys) == 0 {
		keys = d.FunctionKeys()
	}

	client := flowOn(t)
	now, err := client.Now(ctx)
	if err != nil {
		return err
	}

	// One tail for each log group remembers which events were printed.
	tails := map[string]*flow.Tail{}
	for _, key := range keys {
		group, ok := d.LogGroups[key]
		if !ok {
			return hint.New("the deployment has no function "+key, "it has "+strings.Join(d.FunctionKeys(), ", "))
		}
		tails[key] = client.Tail(group, now.Add(-v.Since), v.Filter)
	}

	// With --follow, look again every second.
	tick := time.NewTicker(time.Second)
	defer tick.Stop()

	for {
		if err := v.print(ctx, a, tails); err != nil {
			return err
		}
		if !v.Follow {
			return nil
		}

		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// print prints the events since the last call, in order of time.
func (v *logsVerb) print(ctx context.Context, a *app, tails map[string]*flow.Tail) error {
	// Events of several functions are merged before they are sorted.
	var lines []logLine
	for key, tail := range tails {
		events, err := tail.Next(ctx)
		if err != nil && v.Follow && ctx.Err() != nil {
			return nil // an interrupt is how --follow ends
		}
		if err != nil {
			return err
		}

		for _, e := range events {
			lines = append(lines, logLine{
				Time:     e.Time.UTC(),
				Function: key,
				Stream:   e.Stream,
				Message:  e.Text,
			})
		}
	}

	slices.SortStableFunc(lines, func(x, y logLine) int { return x.Time.Compare(y.Time) })
	for _, l := range lines {
		if v.JSON {
			body, err := json.Marshal(l)
			if err != nil {
				return fmt.Errorf("encode a log event: %w", err)
			}
			fmt.Fprintf(a.out, "%s\n", body)
			continue
		}

		fmt.Fprintf(a.out, "%s %-8s %s\n", l.Time.Format("2006-01-02T15:04:05.000Z"), l.Function, l.Message)
	}

	return nil
}
