package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/localaws"
	"github.com/reliableq/reliableq/localaws/control"
	"github.com/reliableq/reliableq/localaws/fault"
)

type faultVerb struct {
	Add   faultAddVerb   `cmd:"" help:"Add a fault to the running embedded AWS."`
	List  faultListVerb  `cmd:"" help:"List the faults, and how often each was injected."`
	Clear faultClearVerb `cmd:"" help:"Remove one fault, or all."`
}

// faultVars returns the variables in the help of the verb.
func faultVars() kong.Vars {
	kinds := make([]string, 0, len(fault.Kinds()))
	for _, k := range fault.Kinds() {
		kinds = append(kinds, string(k))
	}
	return kong.Vars{
		"fault_kinds": strings.Join(kinds, ", "),
		"services":    strings.Join(localaws.Services(), ", "),
	}
}

// faultFlags are shared by the verbs of fault.
type faultFlags struct {
	stateFlags
	reportFlags
}

// running returns a client of the running embedded AWS.
func (f faultFlags) running() (*control.Client, error) {
	dir, err := f.stateDir()
	if err != nil {
		return nil, err
	}
	info, err := daemon.In(dir).Running()
	if err != nil {
		return nil, hint.With(err, "start it with reliableq local start")
	}
	return controlOf(info), nil
}

type faultAddVerb struct {
	faultFlags
	Kind        string        `arg:"" enum:"${fault_kinds}" help:"Kind of fault: ${fault_kinds}."`
	Service     string        `placeholder:"NAME" help:"Only calls of this service: ${services}."`
	Operation   string        `placeholder:"NAME" help:"Only this operation, such as SendMessageBatch."`
	Resource    string        `placeholder:"NAME" help:"Only this queue or function."`
	Probability float64       `default:"1" help:"Probability of each matching call to fail, above 0 and up to 1 (${default})."`
	Count       int           `help:"Remove the fault after this many injections; kill: 1 by default."`
	For         time.Duration `help:"Remove the fault after this much service time, such as 10m."`
	Delay       time.Duration `help:"Machine time that slow adds to a call, or that a program runs before crash-during ends it."`
	MB          int           `name:"mb" placeholder:"MB" help:"Memory that leak-memory leaves allocated at each invocation."`
	When        string        `placeholder:"before|after" enum:"before,after," default:"" help:"Kill before the call takes effect, or after it; default: at random."`
}

// Help is the long help of the verb.
func (*faultAddVerb) Help() string {
	return `Refuse one batch in ten, for ten minutes of service time:
  reliableq fault add unavailable --service sqs --operation SendMessageBatch --probability 0.1 --for 10m
Kill the embedded AWS at the next delete, as kill -9 does; it restarts from its data directory with the other faults:
  reliableq fault add kill --service sqs --operation DeleteMessageBatch`
}

// Run adds the fault.
func (v *faultAddVerb) Run(ctx context.Context, a *app) error {
	if !(v.Probability > 0 && v.Probability <= 1) || v.Count < 0 || v.For < 0 || v.Delay < 0 || v.MB < 0 {
		return usageError{hint.New("--probability must be above 0 and at most 1; the other numbers must not be negative", "see reliableq fault add --help")}
	}

	client, err := v.running()
	if err != nil {
		return err
	}

	added, err := client.AddFault(ctx, fault.Rule{
		Kind:        fault.Kind(v.Kind),
		Service:     v.Service,
		Operation:   v.Operation,
		Resource:    v.Resource,
		Probability: v.Probability,
		Count:       v.Count,
		Delay:       v.Delay,
		MB:          v.MB,
		When:        fault.When(v.When),
	}, v.For)
	if errors.Is(err, control.ErrBadRequest) {
		return usageError{hint.With(err, "see reliableq fault add --help")}
	}
	if err != nil {
		return v.explainLost(err)
	}

	return a.report(v.JSON, added, func() { fmt.Fprintln(a.out, added) })
}

type faultListVerb struct{ faultFlags }

// Run lists the faults.
func (v *faultListVerb) Run(ctx context.Context, a *app) error {
	client, err := v.running()
	if err != nil {
		return err
	}

	faults, err := client.Faults(ctx)
	if err != nil {
		return v.explainLost(err)
	}

	return a.report(v.JSON, map[string]any{"faults": faults}, func() {
		for _, f := range faults {
			fmt.Fprintln(a.out, f)
		}
		if len(faults) == 0 {
			fmt.Fprintln(a.out, "no faults configured")
		}
	})
}

type faultClearVerb struct {
	faultFlags
	ID string `arg:"" optional:"" help:"Id of the fault; without one all are removed."`
}

// Run removes faults.
func (v *faultClearVerb) Run(ctx context.Context, a *app) error {
	client, err := v.running()
	if err != nil {
		return err
	}
	n, err := client.ClearFaults(ctx, v.ID)
	if err != nil {
		return v.explainLost(err)
	}
	return a.report(v.JSON, map[string]int{"cleared": n}, func() { fmt.Fprintf(a.out, "%d cleared\n", n) })
}
