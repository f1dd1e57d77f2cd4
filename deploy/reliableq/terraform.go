package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/infra"
	"github.com/reliableq/reliableq/deploy/internal/progress"
)

type terraformVerb struct {
	Check terraformCheckVerb `cmd:"" help:"Run fmt, validate and test on the root module, each module and each example."`
}

type terraformCheckVerb struct {
	stateFlags
	projectFlags
	toolFlags
	reportFlags
}

// Help is the long help of the verb.
func (*terraformCheckVerb) Help() string {
	return `Runs on copies of the modules, with the provider that a deployment would use. Exits 3 when a check fails.`
}

// checked is the result of one check of one module.
type checked struct {
	Module  string  `json:"module"`
	Step    string  `json:"step"`
	OK      bool    `json:"ok"`
	Output  string  `json:"output,omitempty"`
	Seconds float64 `json:"seconds"`
}

// Run runs the checks and prints those that fail.
func (v *terraformCheckVerb) Run(ctx context.Context, a *app) error {
	proj, err := v.project()
	if err != nil {
		return err
	}

	dir, err := v.stateDir()
	if err != nil {
		return err
	}

	p := a.progress(v.JSON)
	defer p.Close()

	tool, mirror, err := v.find(ctx, p, proj.Terraform(), dir)
	if err != nil {
		return err
	}

	modules, err := infra.Modules(proj.Terraform())
	if err != nil {
		return err
	}

	// The checks write lock files and providers: they run on a copy.
	work, err := os.MkdirTemp("", "reliableq-check-")
	if err != nil {
		return hint.With(fmt.Errorf("create a directory for copies: %w", err), "free some disk space, or set TMPDIR")
	}
	defer os.RemoveAll(work)

	checker, err := infra.NewChecker(tool, mirror, proj.Terraform(), work, filepath.Join(dir, "terraform", "providers"))
	if err != nil {
		return err
	}

	// A failed check does not stop the others.
	var results []checked
	for _, step := range modules {
		did, err := v.step(ctx, p, checker, step)
		if err != nil {
			return err
		}
		results = append(results, did)
	}

	p.Close()
	failed := slices.ContainsFunc(results, func(c checked) bool { return !c.OK })
	err = a.report(v.JSON, struct {
		OK     bool      `json:"ok"`
		Checks []checked `json:"checks"`
	}{!failed, results}, func() {
		for _, c := range results {
			if !c.OK {
				fmt.Fprintf(a.out, "\n%s of %s failed:\n%s\n", c.Step, c.Module, c.Output)
			}
		}
		if !failed {
			fmt.Fprintf(a.out, "%d checks passed\n", len(results))
		}
	})

	if err == nil && failed {
		return errVerdict
	}

	return err
}

// step runs one check. A check that fails is a result and not an error.
func (v *terraformCheckVerb) step(ctx context.Context, p *progress.Progress, c *infra.Checker, s infra.CheckStep) (checked, error) {
	began := time.Now()
	task := p.Begin(s.Verb+" "+s.Module, progress.Span{Detail: true})
	output, err := c.Run(ctx, s)
	did := checked{
		Module:  s.Module,
		Step:    s.Verb,
		OK:      err == nil,
		Seconds: time.Since(began).Seconds(),
	}

	if err == nil {
		task.End("")
		return did, nil
	}

	// A check that ran and failed has an exit code. Anything else is an error.
	task.Fail()
	if exit := (*exec.ExitError)(nil); ctx.Err() == nil && errors.As(err, &exit) {
		did.Output = output
		return did, nil
	}

	return checked{}, err
}
