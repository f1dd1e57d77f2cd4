package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/reliableq/reliableq/deploy/internal/control"
	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/localaws/fault"
)

type faultVerb struct {
	Add   faultAddVerb   `cmd:"" help:"Let something go wrong in the running embedded AWS."`
	List  faultListVerb  `cmd:"" help:"List what is to go wrong, and how often it has."`
	Clear faultClearVerb `cmd:"" help:"Let everything, or one fault, be right again."`
}

// faultVars are what the verb's help takes from the faults.
func faultVars() kong.Vars {
	kinds := make([]string, 0, len(fault.Kinds()))
	for _, k := range fault.Kinds() {
		kinds = append(kinds, string(k))
	}
	return kong.Vars{"fault_kinds": strings.Join(kinds, ", ")}
}

// faultFlags belong to every verb of faults.
type faultFlags struct {
	stateFlags
	reportFlags
}

// running is a client of the running embedded AWS.
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
	Kind        string        `arg:"" enum:"${fault_kinds}" help:"What goes wrong: ${fault_kinds}."`
	Service     string        `placeholder:"NAME" help:"Only calls of this service: sqs, lambda, iam, sts, logs or monitoring."`
	Operation   string        `placeholder:"NAME" help:"Only this operation, such as SendMessageBatch."`
	Resource    string        `placeholder:"NAME" help:"Only this queue or function."`
	Probability float64       `default:"1" help:"How likely each occasion is to be struck, above 0 and up to 1 (${default})."`
	Count       int           `help:"End after so many strikes; kill ends after one without it."`
	For         time.Duration `help:"End after so much service time, such as 10m."`
	Delay       time.Duration `help:"How long slow waits, or crash-during lets a program work, in machine time."`
	MB          int           `name:"mb" placeholder:"MB" help:"How much memory leak-memory leaves behind each time."`
	When        string        `placeholder:"before|after" enum:"before,after," default:"" help:"Kill before the call takes effect, or after; else either, by lot."`
}

// Help tells more about the verb.
func (*faultAddVerb) Help() string {
	return `Let one batch in ten be refused, for ten minutes of service time:
  reliableq fault add unavailable --service sqs --operation SendMessageBatch --probability 0.1 --for 10m
Kill the embedded AWS at the next delete, as kill -9 would; it comes back from its data directory with the rules that are left:
  reliableq fault add kill --service sqs --operation DeleteMessageBatch`
}

// Run adds the fault.
func (v *faultAddVerb) Run(ctx context.Context, a *app) error {
	if !(v.Probability > 0 && v.Probability <= 1) || v.Count < 0 || v.For < 0 || v.Delay < 0 || v.MB < 0 {
		return usageError{hint.New("--probability is above 0 and up to 1, and nothing is below 0", "see reliableq fault add --help")}
	}
	client, err := v.running()
	if err != nil {
		return err
	}
	f := control.Fault{
		Kind: v.Kind, Service: v.Service, Operation: v.Operation, Resource: v.Resource, Probability: v.Probability, Count: v.Count,
		MB: v.MB, When: v.When,
	}
	if v.Delay > 0 {
		f.Delay = v.Delay.String()
	}
	added, err := client.AddFault(ctx, f, v.For)
	if errors.Is(err, control.ErrBadRequest) {
		return usageError{hint.With(err, "see reliableq fault add --help")}
	}
	if err != nil {
		return err
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
		return err
	}
	return a.report(v.JSON, map[string]any{"faults": faults}, func() {
		for _, f := range faults {
			fmt.Fprintln(a.out, f)
		}
		if len(faults) == 0 {
			fmt.Fprintln(a.out, "nothing is to go wrong")
		}
	})
}

type faultClearVerb struct {
	faultFlags
	ID string `arg:"" optional:"" help:"The fault's id; without one all are cleared."`
}

// Run clears faults.
func (v *faultClearVerb) Run(ctx context.Context, a *app) error {
	client, err := v.running()
	if err != nil {
		return err
	}
	n, err := client.ClearFaults(ctx, v.ID)
	if err != nil {
		return err
	}
	return a.report(v.JSON, map[string]int{"cleared": n}, func() { fmt.Fprintf(a.out, "%d cleared\n", n) })
}
