package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/deploy/internal/flow"
	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/infra"
	"github.com/reliableq/reliableq/deploy/internal/progress"
	"github.com/reliableq/reliableq/deploy/internal/target"
	"github.com/reliableq/reliableq/localaws/control"
)

// targetFlags are shared by the verbs that call AWS.
type targetFlags struct {
	stateFlags
	Target     string `enum:"embedded,aws,endpoint" default:"embedded" env:"RELIABLEQ_TARGET" help:"The AWS in this command (embedded), AWS itself (aws), or the address in AWS_ENDPOINT_URL (endpoint)."`
	NamePrefix string `placeholder:"PREFIX" help:"Prefix of every name, so that several deployments fit in one account; each prefix has its own state."`
}

func (f targetFlags) kind() target.Kind { return target.Kind(f.Target) }

// connect returns the target, and for the embedded AWS its record. An embedded AWS
// that is not running is started with the options b; if b is nil, it is an error.
func (f targetFlags) connect(ctx context.Context, p *progress.Progress, b *background) (*target.Target, daemon.Info, error) {
	if f.kind() != target.Embedded {
		t, err := target.FromEnvironment(ctx, f.kind())
		return t, daemon.Info{}, err
	}

	dir, err := f.stateDir()
	if err != nil {
		return nil, daemon.Info{}, err
	}

	info, err := daemon.In(dir).Running()
	if errors.Is(err, daemon.ErrNotRunning) && b != nil {
		b.stateDir = dir
		info, err = startFor(ctx, p, b)
	}

	if errors.Is(err, daemon.ErrNotRunning) {
		return nil, daemon.Info{}, hint.With(fmt.Errorf("%w for %s", err, dir), "start it with reliableq local start, or deploy with reliableq up")
	}
	if err != nil {
		return nil, daemon.Info{}, err
	}

	return target.FromDaemon(info, os.Getenv("AWS_REGION")), info, nil
}

// startFor starts an embedded AWS that a verb needs.
func startFor(ctx context.Context, p *progress.Progress, b *background) (daemon.Info, error) {
	info, _, err := b.start(ctx)
	if err != nil {
		return daemon.Info{}, err
	}

	p.Say("started the embedded AWS: %s, pid %d, clock %s", info.URL, info.PID, info.Clock)
	if warning := isolationWarning(info); warning != "" {
		p.Say("%s", warning)
	}
	return info, nil
}

// watch returns a context that ends when the embedded AWS of info can no longer
// serve. For another target it ends with ctx alone.
func (f targetFlags) watch(ctx context.Context, info daemon.Info) (context.Context, context.CancelFunc) {
	dir, err := f.stateDir()
	if info.PID == 0 || err != nil {
		return context.WithCancel(ctx)
	}
	return daemon.In(dir).Watch(ctx, info)
}

// explain returns why the embedded AWS stopped serving, in place of the error that
// followed from it. ctx must come from watch.
func explain(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && (errors.Is(cause, daemon.ErrGone) || errors.Is(cause, daemon.ErrFull)) {
		return cause
	}
	return err
}

// findDeployment returns the target, which must be running, and what is deployed on it.
func (f targetFlags) findDeployment(ctx context.Context) (*target.Target, flow.Deployment, error) {
	t, _, err := f.connect(ctx, nil, nil)
	if err != nil {
		return nil, flow.Deployment{}, err
	}
	d, err := f.deployed(t)
	return t, d, err
}

// flowOn returns a client of the flow that is deployed on t.
func flowOn(t *target.Target) *flow.Client {
	if t.Kind != target.Embedded {
		return flow.New(t.Config, nil)
	}
	return flow.New(t.Config, control.NewClient(t.URL, t.ControlToken))
}

// folder returns the directory with the state of the deployment on t.
func (f targetFlags) folder(t *target.Target) (string, error) {
	dir, err := f.stateDir()
	if err != nil {
		return "", err
	}
	return t.Folder(dir, f.NamePrefix), nil
}

// deployed returns what is deployed on t, according to its state.
func (f targetFlags) deployed(t *target.Target) (flow.Deployment, error) {
	folder, err := f.folder(t)
	if err != nil {
		return flow.Deployment{}, err
	}
	out, err := infra.Outputs(folder)
	if err != nil {
		return flow.Deployment{}, explainNothingDeployed(err, t)
	}
	return flow.FromOutputs(out)
}

// explainNothingDeployed adds the target and a hint to infra.ErrNothingDeployed. It returns
// other errors unchanged.
func explainNothingDeployed(err error, t *target.Target) error {
	if !errors.Is(err, infra.ErrNothingDeployed) {
		return err
	}
	return hint.With(fmt.Errorf("%w to %s from this state directory", err, t.Describe()),
		"deploy with reliableq up, or name the state directory with --state-dir; for what plain terraform deployed, use terraform output and an AWS client")
}
