package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/reliableq/reliableq/deploy/internal/flow"
)

type statusVerb struct {
	targetFlags
	reportFlags
}

// Help is the long help of the verb.
func (*statusVerb) Help() string {
	return `Exits 3 when something is not ready: a function that is not active, a mapping that is not enabled, or a queue
without its redrive policy.`
}

// Run prints the state of the deployment.
func (v *statusVerb) Run(ctx context.Context, a *app) error {
	return v.explainCall(v.run(ctx, a))
}

func (v *statusVerb) run(ctx context.Context, a *app) error {
	t, d, err := v.findDeployment(ctx)
	if err != nil {
		return err
	}

	client := flowOn(t)

	// Read queues, functions and mappings.
	depths, err := client.Depths(ctx, d)
	if err != nil {
		return err
	}

	functions, err := client.FunctionStates(ctx, d)
	if err != nil {
		return err
	}

	ready, why, err := client.Ready(ctx, d)
	if err != nil {
		return err
	}

	err = a.report(v.JSON, struct {
		Target    string               `json:"target"`
		Account   string               `json:"account"`
		Region    string               `json:"region"`
		Ready     bool                 `json:"ready"`
		Why       string               `json:"why,omitempty"`
		Queues    []flow.Depth         `json:"queues"`
		Functions []flow.FunctionState `json:"functions"`
	}{string(t.Kind), t.Account, t.Region, ready, why, depths, functions}, func() {
		fmt.Fprintln(a.out, t.Describe())

		w := tabwriter.NewWriter(a.out, 2, 8, 2, ' ', 0)
		fmt.Fprintln(w, "\nQUEUE\tVISIBLE\tIN FLIGHT\tDELAYED")
		for _, q := range depths {
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\n", q.Queue, q.Visible, q.InFlight, q.Delayed)
		}

		fmt.Fprintln(w, "\nFUNCTION\tSTATE\tLAST UPDATE\tMAPPING")
		for _, f := range functions {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", f.Key, f.State, f.LastUpdate, f.Mapping)
		}

		_ = w.Flush() // a.out stores the error
		if !ready {
			fmt.Fprintf(a.out, "\nnot ready: %s\n", why)
		}
	})

	if err == nil && !ready {
		return errVerdict
	}

	return err
}
