package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/reliableq/reliableq/deploy/internal/bundle"
	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/flow"
	"github.com/reliableq/reliableq/deploy/internal/infra"
	"github.com/reliableq/reliableq/deploy/internal/progress"
	"github.com/reliableq/reliableq/deploy/internal/target"
	"github.com/reliableq/reliableq/deploy/internal/verdict"
	"github.com/reliableq/reliableq/internal/duration"
)

// deployFlags are shared by the verbs that deploy.
type deployFlags struct {
	targetFlags
	projectFlags
	archFlags
	toolFlags
	varFlags
	backendFlags
	reportFlags
	Yes    bool   `short:"y" help:"Do not ask before touching anything but the embedded AWS."`
	Listen string `placeholder:"ADDR" help:"Where a newly started embedded AWS listens; else where it did last, or 127.0.0.1:4566."`
}

type upVerb struct {
	deployFlags
}

// Help tells more about the verb.
func (*upVerb) Help() string {
	return `Builds the functions, starts the embedded AWS if that is the target and none runs, and applies terraform/.
Ctrl-C stops Terraform tidily; run up again to finish.

Examples:
  reliableq up
  reliableq up --var-file terraform/profiles/recommended.tfvars
  AWS_PROFILE=staging reliableq up --target aws --arch arm64`
}

// stage is everything that deploying needs, ready to apply.
type stage struct {
	target      *target.Target
	info        daemon.Info // of the embedded AWS
	terraform   *infra.Terraform
	fingerprint string // of all that decides what is deployed
	build       time.Duration
}

// close unlocks the deployment.
func (s *stage) close() {
	if s.terraform == nil {
		return
	}
	// The lock ends with this process at the latest.
	_ = s.terraform.Close()
}

// ask shows a plan for anything but the embedded AWS, and asks whether to go on. It
// is nil where no question is needed.
func (f *deployFlags) ask(ctx context.Context, a *app, p *progress.Progress, s *stage) func(plan *infra.Plan, lost int) error {
	if f.Yes || s.target.Kind == target.Embedded {
		return nil
	}
	return func(plan *infra.Plan, lost int) error {
		p.Pause()
		plan.Render(a.errs)
		if !s.terraform.Remote() {
			fmt.Fprintf(a.errs, "The state is kept in %s alone: without it, Terraform no longer knows what it made. Keep it in S3 with --backend-config.\n", s.terraform.State())
		}
		question := "This deploys to " + s.target.Describe() + "."
		if lost > 0 {
			question = fmt.Sprintf("This deploys to %s, and deletes %s.", s.target.Describe(), counted(lost))
		}
		return a.confirm(ctx, f.Yes, question, s.target.Details()...)
	}
}

func (v *upVerb) Run(ctx context.Context, a *app) error {
	p := a.progress(v.JSON)
	defer p.Close()
	began := time.Now()
	s, err := v.prepare(ctx, a, p, "real")
	if err != nil {
		return err
	}
	defer s.close()
	ctx, stop := v.watch(ctx, s.info)
	defer stop()
	deploying := time.Now()
	result, err := s.apply(ctx, p, v.ask(ctx, a, p, s), nil)
	if err != nil {
		return explain(ctx, err)
	}
	out, err := infra.Outputs(s.terraform.Folder)
	if err != nil {
		return err
	}
	p.Close()
	seconds := verdict.Seconds{Build: verdict.Round(s.build), Deploy: verdict.Round(time.Since(deploying)), Total: verdict.Round(time.Since(began))}
	return a.report(v.JSON, struct {
		Target  string                     `json:"target"`
		Account string                     `json:"account"`
		Region  string                     `json:"region"`
		Changes infra.Result               `json:"changes"`
		Outputs map[string]json.RawMessage `json:"outputs"`
		Seconds verdict.Seconds            `json:"seconds"`
	}{string(s.target.Kind), s.target.Account, s.target.Region, result, out, seconds}, func() {
		fmt.Fprintf(a.out, "deployed to %s in %s\n", s.target.Describe(), duration.Format(time.Since(began)))
		d, err := flow.FromOutputs(out)
		if err != nil {
			return // the outputs verb shows them as they are
		}
		for _, key := range d.Path {
			fmt.Fprintf(a.out, "  queue    %-10s %s\n", key, d.QueueURLs[key])
		}
		for _, key := range d.FunctionKeys() {
			fmt.Fprintf(a.out, "  function %-10s %s\n", key, d.Functions[key])
		}
		fmt.Fprintln(a.out, "next: reliableq invoke producer, reliableq status, reliableq logs --follow")
	})
}

// prepare builds the functions, and meanwhile reaches the target and readies
// Terraform. A newly started embedded AWS gets the given clock.
func (f *deployFlags) prepare(ctx context.Context, a *app, p *progress.Progress, clock string) (*stage, error) {
	proj, err := f.project()
	if err != nil {
		return nil, err
	}
	embedded := f.Target == string(target.Embedded)
	platform, err := f.platform(embedded)
	if err != nil {
		return nil, usageError{err}
	}
	vars, err := f.vars(proj, f.NamePrefix, platform)
	if err != nil {
		return nil, err
	}
	stateDir, err := f.stateDir()
	if err != nil {
		return nil, err
	}
	if err := f.backendFlags.check(f.Target); err != nil {
		return nil, err
	}
	s := &stage{}
	if !embedded { // know the target before the work begins
		if s.target, _, err = f.connect(ctx, p, nil); err != nil {
			return nil, err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	var built []bundle.Result
	group.Go(func() (err error) {
		began := time.Now()
		built, err = buildFunctions(ctx, p, proj, bundle.Options{Platform: platform})
		s.build = time.Since(began)
		if err != nil {
			return err
		}
		return bundle.CheckArchitecture(built, f.architecture(platform))
	})
	group.Go(func() error {
		o, err := f.options(ctx, p, proj.Terraform(), stateDir)
		if err != nil {
			return err
		}
		o.Vars, o.VarFiles, o.Backend = vars, f.VarFile, f.BackendConfig
		return s.ready(ctx, f, p, o, &background{stateDir: stateDir, listen: f.Listen, clock: clock})
	})
	if err := group.Wait(); err != nil {
		s.close()
		return nil, err
	}
	if s.fingerprint, err = s.terraform.Fingerprint(built); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// ready reaches the target, unless that was done, and initializes Terraform for it.
func (s *stage) ready(ctx context.Context, f *deployFlags, p *progress.Progress, o infra.Options, b *background) (err error) {
	if s.target == nil {
		if s.target, s.info, err = f.connect(ctx, p, b); err != nil {
			return err
		}
	}
	o.Folder, o.Env = s.target.Folder(b.stateDir, f.NamePrefix), s.target.Env(os.Environ())
	if s.terraform, err = infra.Open(ctx, o); err != nil {
		return err
	}
	return s.terraform.Init(ctx)
}
