package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/flow"
	"github.com/reliableq/reliableq/deploy/internal/infra"
	"github.com/reliableq/reliableq/deploy/internal/verdict"
	"github.com/reliableq/reliableq/internal/duration"
)

type upVerb struct {
	deployFlags
}

// Help is the long help of the verb.
func (*upVerb) Help() string {
	return `Builds the functions, starts the embedded AWS if it is the target and is not running, and applies terraform/.
Ctrl-C lets Terraform write its state before it ends; run up again to finish.

Examples:
  reliableq up
  reliableq up --var-file terraform/profiles/recommended.tfvars
  AWS_PROFILE=staging reliableq up --target aws --arch arm64`
}

// upResult is what up reports.
type upResult struct {
	Target  string                     `json:"target"`
	Account string                     `json:"account"`
	Region  string                     `json:"region"`
	Changes infra.Result               `json:"changes"`
	Outputs map[string]json.RawMessage `json:"outputs"`
	Seconds verdict.Seconds            `json:"seconds"`
}

// Run deploys and prints what is deployed.
func (v *upVerb) Run(ctx context.Context, a *app) error {
	p := a.progress(v.JSON)
	defer p.Close()

	start := time.Now()
	d, err := v.prepare(ctx, a, p, "real")
	if err != nil {
		return err
	}
	defer d.close()
	ctx, stop := v.watch(ctx, d.info)
	defer stop()

	// Deploy what is planned.
	applyStart := time.Now()
	changes, err := d.apply(ctx, nil)
	if err != nil {
		return explain(ctx, err)
	}

	// The outputs are in the state that the run has written.
	outputs, err := infra.Outputs(d.terraform.Folder)
	if err != nil {
		return err
	}

	p.Close()

	result := upResult{
		Target:  string(d.target.Kind),
		Account: d.target.Account,
		Region:  d.target.Region,
		Changes: changes,
		Outputs: outputs,
		Seconds: verdict.Seconds{
			Build:  verdict.InSeconds(d.buildTime),
			Deploy: verdict.InSeconds(time.Since(applyStart)),
			Total:  verdict.InSeconds(time.Since(start)),
		},
	}

	return a.report(v.JSON, result, func() { showDeployed(a, d, outputs, time.Since(start)) })
}

// showDeployed prints the queues and functions for people.
func showDeployed(a *app, d *deployer, outputs map[string]json.RawMessage, elapsed time.Duration) {
	fmt.Fprintf(a.out, "deployed to %s in %s\n", d.target.Describe(), duration.Format(elapsed))
	deployed, err := flow.FromOutputs(outputs)
	if err != nil {
		return // outputs of another root module; the verb outputs prints any
	}

	for _, key := range deployed.Path {
		fmt.Fprintf(a.out, "  queue    %-10s %s\n", key, deployed.QueueURLs[key])
	}

	for _, key := range deployed.FunctionKeys() {
		fmt.Fprintf(a.out, "  function %-10s %s\n", key, deployed.Functions[key])
	}

	fmt.Fprintln(a.out, "next: reliableq invoke producer, reliableq status, reliableq logs --follow")
}
