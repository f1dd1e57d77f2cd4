package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/infra"
	"github.com/reliableq/reliableq/deploy/internal/target"
)

type outputsVerb struct {
	targetFlags
	projectFlags
	toolFlags
	backendFlags
	reportFlags
	Name string `arg:"" optional:"" help:"Only this output; a string is printed without quotes."`
}

// Run prints the outputs.
func (v *outputsVerb) Run(ctx context.Context, a *app) error {
	t, _, err := v.connect(ctx, nil, nil)
	if err != nil {
		return err
	}

	folder, err := v.folder(t)
	if err != nil {
		return err
	}

	if err := v.fetchState(ctx, a, t, folder); err != nil {
		return err
	}

	out, err := infra.Outputs(folder)
	if err != nil {
		return explainNothingDeployed(err, t)
	}

	// All outputs, in order of name.
	if v.Name == "" {
		return a.report(v.JSON, out, func() {
			for _, name := range slices.Sorted(maps.Keys(out)) {
				fmt.Fprintf(a.out, "%s = %s\n", name, pretty(out[name]))
			}
		})
	}

	// One output: a string without quotes, for use in scripts.
	value, ok := out[v.Name]
	if !ok {
		return hint.New("there is no output "+v.Name, "list them with reliableq outputs")
	}

	return a.report(v.JSON, value, func() {
		var text string
		if json.Unmarshal(value, &text) == nil {
			fmt.Fprintln(a.out, text)
			return
		}
		fmt.Fprintln(a.out, pretty(value))
	})
}

// fetchState copies the state from a backend in the flags, as after a deployment from
// another state directory or machine.
func (v *outputsVerb) fetchState(ctx context.Context, a *app, t *target.Target, folder string) error {
	if err := v.backendFlags.check(v.kind()); err != nil || len(v.BackendConfig) == 0 {
		return err
	}

	p := a.progress(v.JSON)
	defer p.Close()

	proj, err := v.project()
	if err != nil {
		return err
	}

	dir, err := v.stateDir()
	if err != nil {
		return err
	}

	o, err := v.options(ctx, p, proj.Terraform(), dir)
	if err != nil {
		return err
	}

	o.Folder = folder
	o.Backend = v.BackendConfig
	o.Env = t.Env(os.Environ())
	tf, err := infra.Open(ctx, o)
	if err != nil {
		return err
	}

	err = tf.Init(ctx)
	if err == nil {
		err = tf.Recover(ctx)
	}

	return errors.Join(err, tf.Close())
}

// pretty returns indented JSON.
func pretty(value json.RawMessage) string {
	var b bytes.Buffer
	if json.Indent(&b, value, "", "  ") != nil {
		return string(value)
	}
	return b.String()
}
