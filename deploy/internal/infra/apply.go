package infra

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

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
}

// Apply plans and applies the root module in one run. It is for a target without
// resources, where no name can be taken. onUsable, if not nil, is called once, from
// the run's goroutine, as soon as everything that traffic needs exists; the run then
// continues to confirm it.
func (t *Terraform) Apply(ctx context.Context, onUsable func(Inventory)) (Result, error) {
	args := append([]string{"apply", "-json", "-no-color", "-auto-approve", "-input=false"}, t.flags()...)
	return t.change(ctx, "apply", t.newRun("deploy", onUsable), args)
}

// ApplyPlan applies a plan. onUsable is as for Apply.
func (t *Terraform) ApplyPlan(ctx context.Context, p *Plan, onUsable func(Inventory)) (Result, error) {
	r := t.newRun("deploy", onUsable)

	// The tool does not repeat the planned changes when it applies them.
	r.track.continueFrom(p.track)
	args := []string{"apply", "-json", "-no-color", "-input=false", "-parallelism=" + strconv.Itoa(parallelism), p.file}
	return t.change(ctx, "apply", r, args)
}

// Destroy removes everything that the state holds.
func (t *Terraform) Destroy(ctx context.Context) (Result, error) {
	args := append([]string{"destroy", "-json", "-no-color", "-auto-approve", "-input=false"}, t.flags()...)
	return t.change(ctx, "destroy", t.newRun("destroy", nil), args)
}

// ApplyImports imports the resources that were passed to Import, and changes no
// others.
func (t *Terraform) ApplyImports(ctx context.Context) (Result, error) {
	args := append([]string{"apply", "-json", "-no-color", "-auto-approve", "-input=false"}, t.flags()...)

	// Everything else stays as it is.
	for _, address := range t.targets {
		args = append(args, "-target="+address)
	}
	return t.change(ctx, "apply", t.newRun("import", nil), args)
}

// flags returns the flags of every run that plans: the parallelism, and the variables.
// A later variable wins.
func (t *Terraform) flags() []string {
	flags := []string{"-parallelism=" + strconv.Itoa(parallelism)}
	if declares(t.Root, protectVariable) {
		// The modules' own check would refuse the plan that finds resources to import.
		// The command checks every name itself before it applies a plan.
		flags = append(flags, "-var", protectVariable+"=false")
	}

	for _, f := range t.VarFiles {
		flags = append(flags, "-var-file="+f)
	}

	for _, v := range t.Vars {
		flags = append(flags, "-var", v)
	}

	return flags
}

// protectVariable is the variable that disables the modules' own check for queues that
// exist, which is there for plain Terraform.
const protectVariable = "protect_existing_queues"

// declares reports whether a root module declares a variable.
func declares(root, name string) bool {
	// Root modules of other projects may not have the variable.
	files, err := filepath.Glob(filepath.Join(root, "*.tf"))
	if err != nil {
		return false // the path of the root is not a valid pattern
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err == nil && bytes.Contains(body, []byte("variable \""+name+"\"")) {
			return true
		}
	}
	return false
}

// toolRun is one run of the tool, followed by its events.
type toolRun struct {
	task   *progress.Task
	track  *tracker
	stream *splitter
}

func (t *Terraform) newRun(name string, onUsable func(Inventory)) *toolRun {
	task := t.Progress.Begin(name, progress.Span{})
	track := newTracker(t.Progress, task, onUsable)
	return &toolRun{
		task:   task,
		track:  track,
		stream: &splitter{handle: track.handle},
	}
}

// change runs the tool to change what is deployed. Before it begins, the journal lists
// every resource that it may create. The journal is removed when the run succeeds.
func (t *Terraform) change(ctx context.Context, verb string, r *toolRun, args []string) (Result, error) {
	if err := checkFreeSpace(t.Folder); err != nil {
		r.task.Fail()
		return Result{}, err
	}

	// The journal must list a resource before the tool creates it.
	j, err := openJournal(t.journalPath())
	if err != nil {
		r.task.Fail()
		return Result{}, err
	}

	r.track.journal = j
	for _, c := range r.track.changes {
		j.addPlanned(c)
	}

	errorOutput, err := t.exec(ctx, r.stream, args...)
	r.stream.flush()
	r.track.close()
	err = t.finish(ctx, verb, r, errorOutput, err)

	// The first error counts; the journal is closed and the state copied after any.
	if closeErr := j.close(err == nil); closeErr != nil && err == nil {
		err = closeErr
	}

	if cacheErr := t.cacheState(ctx); cacheErr != nil && err == nil {
		err = cacheErr
	}

	if err != nil {
		r.task.Fail()
		return Result{}, err
	}

	// The totals are those that the tool reports at the end.
	result := Result{
		Created: r.track.summary.Add,
		Changed: r.track.summary.Change,
		Removed: r.track.summary.Remove,
	}

	r.task.End(fmt.Sprintf("%d created, %d changed, %d removed", result.Created, result.Changed, result.Removed))
	return result, nil
}

// finish returns the error of a run, or nil when it succeeded.
func (t *Terraform) finish(ctx context.Context, verb string, r *toolRun, errorOutput string, err error) error {
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		return nil
	}
	return t.failure(ctx, verb, err, r.track.diagnostics, r.stream.other.String()+errorOutput)
}

// PlannedChange is a planned change of one resource.
type PlannedChange struct {
	// Address names the resource.
	Address string `json:"address"`
	// Action is create, update, delete, replace or import.
	Action string `json:"action"`
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

// PlannedCreate is a resource that a plan creates.
type PlannedCreate struct {
	// Address names the resource.
	Address string
	// Type is the resource's type.
	Type string
	// After are its planned attributes, as far as they are known.
	After Attributes
}

// Plan is a saved plan, ready to apply.
type Plan struct {
	Preview
	// Changed reports whether applying the plan changes anything, outputs included.
	Changed bool
	// Creates are the resources that the plan creates, or replaces by one of another
	// name.
	Creates []PlannedCreate

	file  string
	track *tracker
}

// Plan returns a saved plan. It changes nothing at the target.
func (t *Terraform) Plan(ctx context.Context) (*Plan, error) {
	file := filepath.Join(t.Folder, "plan")
	r := t.newRun("plan", nil)
	args := append([]string{"plan", "-json", "-no-color", "-input=false", "-detailed-exitcode", "-out=" + file}, t.flags()...)
	errorOutput, err := t.exec(ctx, r.stream, args...)
	r.stream.flush()

	const hasChanges = 2 // exit code of -detailed-exitcode
	var exit *exec.ExitError
	changed := errors.As(err, &exit) && exit.ExitCode() == hasChanges
	if changed {
		err = nil
	}

	if err := t.finish(ctx, "plan", r, errorOutput, err); err != nil {
		r.task.Fail()
		return nil, err
	}

	// The events name each change; only the saved plan has the attributes.
	p := &Plan{
		file:    file,
		track:   r.track,
		Changed: changed,
	}

	p.Changes = []PlannedChange{}
	p.Add = r.track.summary.Add
	p.Change = r.track.summary.Change
	p.Remove = r.track.summary.Remove
	creates := false
	for _, c := range r.track.changes {
		p.Changes = append(p.Changes, PlannedChange{Address: c.Resource.Addr, Action: c.Action})
		creates = creates || c.Action == "create" || c.Action == "replace"
	}

	if creates {
		if p.Creates, err = t.creates(ctx, file); err != nil {
			r.task.Fail()
			return nil, err
		}
	}

	r.task.End("")
	return p, nil
}

// creates returns the resources that a saved plan creates.
func (t *Terraform) creates(ctx context.Context, file string) ([]PlannedCreate, error) {
	body, err := t.output(ctx, "show", "-json", "-no-color", file)
	if err != nil {
		return nil, err
	}

	// This part of the format of terraform show -json.
	var shown struct {
		Changes []struct {
			Address string `json:"address"`
			Mode    string `json:"mode"`
			Type    string `json:"type"`
			Change  struct {
				Actions []string   `json:"actions"`
				Before  Attributes `json:"before"`
				After   Attributes `json:"after"`
			} `json:"change"`
		} `json:"resource_changes"`
	}
	if err := json.Unmarshal(body, &shown); err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}

	// A replacement under the same name is not listed: its name is taken by what it replaces.
	var all []PlannedCreate
	for _, c := range shown.Changes {
		creates := slices.Contains(c.Change.Actions, "create") && (len(c.Change.Actions) == 1 || renamed(c.Change.Before, c.Change.After))
		if c.Mode == "managed" && creates {
			all = append(all, PlannedCreate{
				Address: c.Address,
				Type:    c.Type,
				After:   c.Change.After,
			})
		}
	}

	return all, nil
}

// renamed reports whether a replacement gets another name than what it replaces.
func renamed(before, after Attributes) bool {
	names := before.names()
	for i, name := range after.names() {
		if name != "" && name != names[i] {
			return true
		}
	}
	return false
}

// Show writes the plan to w, as the tool prints it for people.
func (t *Terraform) Show(ctx context.Context, p *Plan, w io.Writer) error {
	text, err := t.output(ctx, "show", "-no-color", p.file)
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return nil
}

// signs are the signs of actions in a plan's text, as in Terraform's.
var signs = map[string]string{
	"create":  "+",
	"update":  "~",
	"delete":  "-",
	"replace": "-/+",
	"import":  "<=",
	"move":    "->",
}

// Render writes a short form of the plan to w: a line for each resource, and the totals.
func (p *Plan) Render(w io.Writer) {
	for _, c := range p.Changes {
		sign, known := signs[c.Action]
		if !known {
			sign = c.Action
		}
		fmt.Fprintf(w, "%5s %s\n", sign, c.Address)
	}
	fmt.Fprintf(w, "%d to create, %d to change, %d to remove\n", p.Add, p.Change, p.Remove)
}
