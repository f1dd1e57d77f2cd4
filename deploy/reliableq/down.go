package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/infra"
	"github.com/reliableq/reliableq/deploy/internal/progress"
	"github.com/reliableq/reliableq/deploy/internal/target"
	"github.com/reliableq/reliableq/internal/duration"
)

type downVerb struct {
	deployFlags
	Wipe bool `help:"Embedded AWS only: stop it and drop its data with the deployment's state, in an instant."`
}

// Help tells more about the verb.
func (*downVerb) Help() string {
	return `Messages in the queues are lost with them. The embedded AWS goes on running; reliableq local stop ends it.`
}

func (v *downVerb) Run(ctx context.Context, a *app) error {
	p := a.progress(v.JSON)
	defer p.Close()
	embedded := v.Target == string(target.Embedded)
	if v.Wipe {
		if !embedded {
			return usageError{hint.New("--wipe is for the embedded AWS alone", "leave it out: Terraform removes what it made")}
		}
		return v.wipe(ctx, a)
	}
	if err := v.backendFlags.check(v.Target); err != nil {
		return err
	}
	o, err := v.terraformOptions(ctx, p, embedded)
	if err != nil {
		return err
	}
	t, info, err := v.connect(ctx, p, &background{listen: v.Listen, clock: "real"})
	if err != nil {
		return err
	}
	if o.Folder, err = v.folder(t); err != nil {
		return err
	}
	o.Backend = v.BackendConfig
	if nothing, err := infra.NothingDeployed(o); err != nil || nothing {
		if err != nil {
			return err
		}
		return v.report(a, infra.Result{}, func() { fmt.Fprintf(a.out, "nothing is deployed to %s\n", t.Describe()) })
	}

	o.Env = t.Env(os.Environ())
	s := &stage{target: t, info: info}
	if s.terraform, err = infra.Open(ctx, o); err != nil {
		return err
	}
	defer s.close()
	ctx, stop := v.watch(ctx, info)
	defer stop()
	return explain(ctx, v.destroy(ctx, a, p, s))
}

// terraformOptions are those of the deployment, without its target.
func (v *downVerb) terraformOptions(ctx context.Context, p *progress.Progress, embedded bool) (infra.Options, error) {
	proj, err := v.project()
	if err != nil {
		return infra.Options{}, err
	}
	platform, err := v.platform(embedded)
	if err != nil {
		return infra.Options{}, usageError{err}
	}
	vars, err := v.vars(proj, v.NamePrefix, platform)
	if err != nil {
		return infra.Options{}, err
	}
	dir, err := v.stateDir()
	if err != nil {
		return infra.Options{}, err
	}
	o, err := v.options(ctx, p, proj.Terraform(), dir)
	o.Vars, o.VarFiles = vars, v.VarFile
	return o, err
}

func (v *downVerb) destroy(ctx context.Context, a *app, p *progress.Progress, s *stage) error {
	began := time.Now()
	tf := s.terraform
	if err := errors.Join(tf.Forget(), tf.Init(ctx)); err != nil {
		return err
	}
	if err := tf.Recover(ctx); err != nil {
		return err
	}
	if err := s.refuseShared(ctx); err != nil {
		return err
	}
	count, err := infra.Resources(tf.Folder)
	if err != nil {
		return err
	}
	lost, err := s.warnOfMessages(ctx, p, func(string) bool { return true })
	if err != nil {
		return err
	}
	if s.target.Kind != target.Embedded {
		p.Pause()
		listed, err := infra.Listed(tf.Folder)
		if err != nil {
			return err
		}
		question := fmt.Sprintf("This removes %d resources from %s, with the messages in the queues.", count, s.target.Describe())
		if lost > 0 {
			question = fmt.Sprintf("This removes %d resources from %s, with %s in the queues.", count, s.target.Describe(), counted(lost))
		}
		if err := a.confirm(ctx, v.Yes, question, append(s.target.Details(), listed...)...); err != nil {
			return err
		}
	}

	if err := s.importOrphans(ctx, p); err != nil {
		return err
	}
	result, err := tf.Destroy(ctx)
	if err != nil {
		return err
	}
	p.Close()
	return v.report(a, result, func() {
		fmt.Fprintf(a.out, "removed %d resources from %s in %s\n", result.Removed, s.target.Describe(), duration.Format(time.Since(began)))
	})
}

func (v *downVerb) report(a *app, result infra.Result, show func()) error {
	return a.report(v.JSON, struct {
		Target  string       `json:"target"`
		Changes infra.Result `json:"changes"`
	}{v.Target, result}, show)
}

// wipe drops the embedded AWS and everything deployed to it.
func (v *downVerb) wipe(ctx context.Context, a *app) error {
	dir, err := v.stateDir()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*grace)
	defer cancel()
	folder := daemon.In(dir)
	if _, err := folder.Stop(ctx); err != nil && !errors.Is(err, daemon.ErrNotRunning) {
		return err
	}
	for _, path := range []string{folder.DataDir(), target.Folders(dir, target.Embedded)} {
		if err := os.RemoveAll(path); err != nil {
			return hint.With(fmt.Errorf("drop %s: %w", path, err), "remove it by hand")
		}
	}
	return v.report(a, infra.Result{}, func() { fmt.Fprintln(a.out, "stopped the embedded AWS and dropped all that was in it") })
}
