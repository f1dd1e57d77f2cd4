package main

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"github.com/reliableq/reliableq/deploy/internal/bundle"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/progress"
	"github.com/reliableq/reliableq/deploy/internal/project"
)

// archFlags choose the architecture of the functions' binaries.
type archFlags struct {
	Arch string `placeholder:"ARCH" help:"Architecture of the functions: arm64 or x86_64; default: this machine's."`
}

type buildVerb struct {
	projectFlags
	archFlags
	reportFlags
	OS    string `name:"os" enum:"linux,host" default:"linux" help:"Build for AWS (linux), or for the embedded AWS on this machine (host)."`
	Force bool   `help:"Also replace zips that another tool created."`
}

// Help is the long help of the verb.
func (*buildVerb) Help() string {
	return `Builds each directory below functions/ that holds a main package into dist/NAME.zip, with the binary as its bootstrap.
The same sources give the same bytes. Zips that are up to date, or that another tool created, are not replaced.

Examples:
  reliableq build
  reliableq build --arch arm64`
}

// Run builds the functions.
func (v *buildVerb) Run(ctx context.Context, a *app) error {
	proj, err := v.project()
	if err != nil {
		return err
	}

	// The embedded AWS runs functions of this machine's platform.
	platform, err := v.platform(v.OS == "host")
	if err != nil {
		return usageError{err}
	}

	p := a.progress(v.JSON)
	results, err := buildFunctions(ctx, p, proj, bundle.Options{Platform: platform, Force: v.Force})
	p.Close()
	if err != nil {
		return err
	}

	return a.report(v.JSON, struct {
		Platform  string          `json:"platform"`
		Functions []bundle.Result `json:"functions"`
	}{platform.String(), results}, func() {
		for _, r := range results {
			fmt.Fprintf(a.out, "%-40s %6.1f MB  %s\n", r.Path, float64(r.Bytes)/1e6, r.Status)
		}
	})
}

// platform returns the platform to build for. The embedded AWS runs functions as
// processes of this machine; AWS runs them on Linux.
func (f archFlags) platform(embedded bool) (bundle.Platform, error) {
	p := bundle.Platform{OS: "linux", Arch: runtime.GOARCH}
	if embedded {
		p = bundle.Host()
	}
	if f.Arch == "" {
		return p, nil
	}

	arch, err := bundle.ParseArch(f.Arch)
	if err != nil {
		return p, err
	}

	// The embedded AWS cannot run another architecture.
	if embedded && arch != p.Arch {
		return p, hint.New(fmt.Sprintf("the embedded AWS runs functions on this machine, which is %s, not %s", p.Lambda(), f.Arch), "leave out --arch")
	}

	p.Arch = arch
	return p, nil
}

// buildFunctions builds every function of the project and shows what it did.
func buildFunctions(ctx context.Context, p *progress.Progress, proj project.Project, o bundle.Options) ([]bundle.Result, error) {
	o.Functions = proj.Functions()
	o.Dist = proj.Dist()

	// One task for all functions: the Go tool builds them together.
	task := p.Begin("build", progress.Span{})
	results, err := bundle.Build(ctx, o)
	if err != nil {
		task.Fail()
		return nil, err
	}

	var statuses []string
	for _, r := range results {
		statuses = append(statuses, r.Name+" "+string(r.Status))
	}

	task.End(strings.Join(statuses, ", "))
	return results, nil
}
