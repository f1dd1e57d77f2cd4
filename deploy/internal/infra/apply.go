package infra

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/reliableq/reliableq/deploy/internal/progress"
)

// Result is what a run changed.
type Result struct {
	// Created is the number of resources created.
	Created int `json:"created"`
	// Changed is the number of resources updated.
	Changed int `json:"changed"`
	// Removed is the number of resources deleted.
	Removed int `json:"removed"`
	// Kept lists resources that an interrupt had left marked for replacement,
	// though complete, and that were unmarked.
	Kept []string `json:"kept,omitempty"`
}

// Apply makes the target what the root module says, in one run. onHalf, if not
// nil, is called from the run's goroutine as soon as all is there that traffic
// needs; the run goes on to confirm it.
func (t *Terraform) Apply(ctx context.Context, onHalf func(Roster)) (Result, error) {
	var opts []tfexec.ApplyOption
	for _, o := range t.options() {
		opts = append(opts, o)
	}
	return t.follow(ctx, "apply", "deploy", onHalf, func(ctx context.Context, w io.Writer) error {
		return t.exec.ApplyJSON(ctx, w, opts...)
	})
}

// Destroy removes everything that the state knows.
func (t *Terraform) Destroy(ctx context.Context) (Result, error) {
	var opts []tfexec.DestroyOption
	for _, o := range t.options() {
		opts = append(opts, o)
	}
	return t.follow(ctx, "destroy", "take down", nil, func(ctx context.Context, w io.Writer) error {
		return t.exec.DestroyJSON(ctx, w, opts...)
	})
}

// follow runs the tool and tracks its events.
func (t *Terraform) follow(ctx context.Context, verb, name string, onHalf func(Roster), run func(context.Context, io.Writer) error) (Result, error) {
	task := t.Progress.Begin(name, progress.Span{})
	track := newTracker(t.Progress, task, onHalf)
	stream := &splitter{handle: track.handle}
	tidy, cancel := tidyEnd(ctx)
	defer cancel()
	err := run(tidy, stream)
	t.exec.SetStdout(io.Discard) // terraform-exec would write later commands to the stream
	stream.flush()
	track.close()
	result := Result{Created: track.summary.Add, Changed: track.summary.Change, Removed: track.summary.Remove}
	if err == nil && ctx.Err() == nil {
		task.End(fmt.Sprintf("%d created, %d changed, %d removed", result.Created, result.Changed, result.Removed))
		return result, nil
	}
	task.Fail()
	if err == nil {
		err = ctx.Err()
	}
	return Result{}, t.failure(ctx, verb, err, track.diagnostics, stream.other.String())
}

// tidyEnd answers the context to run the tool with. On Linux the tool has a
// process group of its own, and our cancel is the one interrupt that it gets. On
// other systems a terminal's Ctrl-C reaches it as well, and a second interrupt
// would end it untidily: there it gets time to end before it is told again.
func tidyEnd(ctx context.Context) (context.Context, context.CancelFunc) {
	if runtime.GOOS == "linux" {
		return context.WithCancel(ctx)
	}
	tidy, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		cause := context.Cause(ctx)
		if cause != nil && strings.Contains(cause.Error(), "interrupt") {
			select {
			case <-time.After(patience):
			case <-tidy.Done():
			}
		}
		cancel(cause)
	})
	return tidy, func() { stop(); cancel(context.Canceled) }
}

// Preview is what an apply would change.
type Preview struct {
	// Changes are the planned changes, in the tool's order.
	Changes []PlannedChange `json:"changes"`
	// Add is the number of resources to create.
	Add int `json:"add"`
	// Change is the number of resources to update.
	Change int `json:"change"`
	// Remove is the number of resources to delete.
	Remove int `json:"remove"`
}

// PlannedChange is what is planned for one resource.
type PlannedChange struct {
	// Address names the resource.
	Address string `json:"address"`
	// Action is create, update, delete or replace.
	Action string `json:"action"`
}

// Preview plans without changing anything.
func (t *Terraform) Preview(ctx context.Context) (Preview, error) {
	task := t.Progress.Begin("plan", progress.Span{})
	track := newTracker(t.Progress, task, nil)
	stream := &splitter{handle: track.handle}
	tidy, cancel := tidyEnd(ctx)
	defer cancel()
	_, err := t.exec.PlanJSON(tidy, stream, t.planOptions()...)
	t.exec.SetStdout(io.Discard)
	stream.flush()
	if err != nil {
		task.Fail()
		return Preview{}, t.failure(ctx, "plan", err, track.diagnostics, stream.other.String())
	}
	task.End("")
	p := Preview{Changes: []PlannedChange{}, Add: track.summary.Add, Change: track.summary.Change, Remove: track.summary.Remove}
	for _, c := range track.changes {
		p.Changes = append(p.Changes, PlannedChange{Address: c.Resource.Addr, Action: c.Action})
	}
	return p, nil
}

// Show plans and writes the tool's own text for people to w.
func (t *Terraform) Show(ctx context.Context, w io.Writer) (changed bool, err error) {
	t.exec.SetStdout(w)
	defer t.exec.SetStdout(io.Discard)
	tidy, cancel := tidyEnd(ctx)
	defer cancel()
	changed, err = t.exec.Plan(tidy, t.planOptions()...)
	if err != nil {
		said := strings.TrimPrefix(plain(err.Error()), "exit status 1\n")
		return false, t.failure(ctx, "plan", errors.New(said), nil, "")
	}
	return changed, nil
}

// option is one that apply, destroy and plan have in common.
type option interface {
	tfexec.ApplyOption
	tfexec.DestroyOption
	tfexec.PlanOption
}

// options are what every run of a deployment is told: where its state lies, how
// much to do at once, and its variables, of which a later one wins.
func (t *Terraform) options() []option {
	all := []option{t.stateOption(), tfexec.Parallelism(parallelism)}
	for _, f := range t.VarFiles {
		all = append(all, tfexec.VarFile(f))
	}
	for _, v := range t.Vars {
		all = append(all, tfexec.Var(v))
	}
	return all
}

func (t *Terraform) planOptions() []tfexec.PlanOption {
	var opts []tfexec.PlanOption
	for _, o := range t.options() {
		opts = append(opts, o)
	}
	return opts
}
