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

// archFlags choose what the functions' binaries run on.
type archFlags struct {
	Arch string `placeholder:"ARCH" help:"Build functions for arm64 or x86_64; else for this machine."`
}

type buildVerb struct {
	projectFlags
	archFlags
	reportFlags
	OS    string `name:"os" enum:"linux,host" default:"linux" help:"Build for AWS (linux), or for functions that the embedded AWS runs on this machine (host)."`
	Force bool   `help:"Also replace zips that another tool made."`
}

// Help tells more about the verb.
func (*buildVerb) Help() string {
	return `Each folder below functions/ that holds a main package becomes dist/NAME.zip with the binary as its bootstrap.
The same sources give the same bytes, and what is up to date is left. A zip made by another tool is left alone.

Examples:
  reliableq build
  reliableq build --arch arm64`
}

func (v *buildVerb) Run(ctx context.Context, a *app) error {
	proj, err := v.project()
	if err != nil {
		return err
	}
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

// platform is what to build for. The embedded AWS runs functions as processes of
// this machine, AWS runs them on Linux.
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
	if embedded && arch != p.Arch {
		return p, hint.New(fmt.Sprintf("the embedded AWS runs functions on this machine, which is %s, not %s", p.Lambda(), f.Arch), "leave --arch out")
	}
	p.Arch = arch
	return p, nil
}

// buildFunctions builds every function of the project and says what it did.
func buildFunctions(ctx context.Context, p *progress.Progress, proj project.Project, o bundle.Options) ([]bundle.Result, error) {
	o.Functions, o.Dist = proj.Functions(), proj.Dist()
	task := p.Begin("build", progress.Span{})
	results, err := bundle.Build(ctx, o)
	if err != nil {
		task.Fail()
		return nil, err
	}
	var said []string
	for _, r := range results {
		said = append(said, r.Name+" "+string(r.Status))
	}
	task.End(strings.Join(said, ", "))
	return results, nil
}
