package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/infra"
)

type outputsVerb struct {
	targetFlags
	reportFlags
	Name string `arg:"" optional:"" help:"Only this output; a string is printed as it is."`
}

func (v *outputsVerb) Run(ctx context.Context, a *app) error {
	t, _, err := v.connect(ctx, nil, nil)
	if err != nil {
		return err
	}
	folder, err := v.folder(t)
	if err != nil {
		return err
	}
	out, err := infra.Outputs(folder)
	if err != nil {
		return nothingDeployed(err, t)
	}
	if v.Name == "" {
		return a.report(v.JSON, out, func() {
			for _, name := range slices.Sorted(maps.Keys(out)) {
				fmt.Fprintf(a.out, "%s = %s\n", name, pretty(out[name]))
			}
		})
	}
	value, ok := out[v.Name]
	if !ok {
		return hint.New("there is no output "+v.Name, "reliableq outputs lists them")
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

// pretty indents JSON for people.
func pretty(value json.RawMessage) string {
	var b bytes.Buffer
	if json.Indent(&b, value, "", "  ") != nil {
		return string(value)
	}
	return b.String()
}
