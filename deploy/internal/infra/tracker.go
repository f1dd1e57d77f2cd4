package infra

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/progress"
)

// usualDurations are how long the provider takes to create, update or delete one
// resource of a type, where that takes long: it polls queues and their policies for
// 25 s, whatever the endpoint returns.
var usualDurations = map[string]time.Duration{
	"aws_sqs_queue":                      25 * time.Second,
	"aws_sqs_queue_policy":               25 * time.Second,
	"aws_sqs_queue_redrive_policy":       25 * time.Second,
	"aws_sqs_queue_redrive_allow_policy": 25 * time.Second,
	"aws_lambda_function":                5 * time.Second,
}

// expected returns about how long an action on a resource takes; zero means no time.
func expected(r Resource, action string) time.Duration {
	if action == "delete" && (r.Type == "aws_sqs_queue" || r.Type == "aws_lambda_function") {
		return 2 * time.Second
	}
	return usualDurations[r.Type]
}

// Inventory lists the parts of a deployment, by the keys that the root module uses in
// its outputs: source, retry_1, dlq; producer, consumer, retry_1.
type Inventory struct {
	// QueueURLs are the queues.
	QueueURLs map[string]string
	// Functions are the functions' names.
	Functions map[string]string
	// Mappings are the event source mappings' UUIDs, by their function's key.
	Mappings map[string]string
	// Unconfirmed is the number of changes that the run has not confirmed yet.
	Unconfirmed int
}

// tracker follows the events of one run of the tool: it shows progress, updates the
// inventory and the journal, and collects errors.
type tracker struct {
	p       *progress.Progress
	task    *progress.Task
	running map[string]*progress.Task
	done    int
	planned bool // the plan is complete

	waiting     map[string]Change // planned and not complete, by address
	started     map[string]bool
	inventory   Inventory
	onUsable    func(Inventory) // called once and then set to nil; see checkUsable
	diagnostics []Diagnostic    // errors alone
	changes     []Change
	summary     Summary
	journal     *journal // of what this run creates; nil for a run that only plans
}

func newTracker(p *progress.Progress, task *progress.Task, onUsable func(Inventory)) *tracker {
	return &tracker{
		p:        p,
		task:     task,
		onUsable: onUsable,
		running:  map[string]*progress.Task{},
		waiting:  map[string]Change{},
		started:  map[string]bool{},
		inventory: Inventory{
			QueueURLs: map[string]string{},
			Functions: map[string]string{},
			Mappings:  map[string]string{},
		},
	}
}

// handle processes the next event of the stream.
func (t *tracker) handle(e Event) {
	switch e.Type {
	case "planned_change":
		t.plan(e.Change)
	case "change_summary":
		t.summarize(e.Changes)
	case "refresh_complete":
		t.addToInventory(e.Hook)
	case "apply_start":
		t.start(e.Hook)
	case "apply_complete":
		t.complete(e.Hook)
	case "apply_errored":
		t.finish(e.Hook, true)
	case "diagnostic":
		t.diagnose(e.Diagnostic)
	case "log":
		if e.Level == "error" || strings.Contains(e.Message, "Interrupt") {
			t.p.Say("%s", strings.TrimSpace(e.Message))
		}
	}

	t.checkUsable()
}

// plan adds a planned change.
func (t *tracker) plan(c Change) {
	if c.Action == "noop" || c.Action == "read" {
		return
	}
	t.changes = append(t.changes, c)
	if c.Action == "import" || c.Action == "move" {
		return // nothing changes at the target
	}
	t.waiting[c.Resource.Addr] = c
	t.journal.addPlanned(c)
}

// continueFrom copies what the run that made the plan has found. The run that applies the
// plan does not repeat the planned changes, and what exists already.
func (t *tracker) continueFrom(planned *tracker) {
	maps.Copy(t.waiting, planned.waiting)
	t.changes = planned.changes
	t.inventory = planned.inventory
	t.planned = true
	t.summary = planned.summary
	t.task.SetTotal(planned.summary.Total())
}

// summarize updates the totals.
func (t *tracker) summarize(s Summary) {
	t.summary = s
	if s.Operation != "plan" {
		return
	}
	t.planned = true
	t.task.SetTotal(s.Total())
	if s.Total() == 0 {
		t.task.Update(0, "nothing to change")
		return
	}
	t.task.Update(0, fmt.Sprintf("%d to create, %d to change, %d to remove", s.Add, s.Change, s.Remove))
}

// start shows the progress of a resource whose change takes long.
func (t *tracker) start(h Hook) {
	if h.Action == "read" {
		return
	}
	t.started[h.Resource.Addr] = true
	if d := expected(h.Resource, h.Action); d > 0 {
		t.running[h.Resource.Addr] = t.p.Begin(h.Action+" "+h.Resource.Addr, progress.Span{Expected: d, Detail: true})
	}
	t.show()
}

// complete records that a resource is changed.
func (t *tracker) complete(h Hook) {
	if h.Action == "read" {
		return
	}
	t.addToInventory(h)
	t.journal.addCreated(h)
	t.done++
	delete(t.waiting, h.Resource.Addr)
	t.finish(h, false)
	t.show()
}

// finish ends a resource's own progress.
func (t *tracker) finish(h Hook, failed bool) {
	task := t.running[h.Resource.Addr]
	if task == nil {
		return
	}
	delete(t.running, h.Resource.Addr)
	if failed {
		task.Fail()
		return
	}
	task.End("")
}

// show shows how many changes are done.
func (t *tracker) show() {
	note := ""
	if n := len(t.running); n > 0 {
		note = fmt.Sprintf("waiting for the provider to confirm %d", n)
	}
	t.task.Update(t.done, note)
}

// diagnose stores an error, and shows a warning at once.
func (t *tracker) diagnose(d *Diagnostic) {
	if d == nil {
		return
	}
	if d.Severity == "error" {
		t.diagnostics = append(t.diagnostics, *d)
		return
	}
	if !ownWarnings[d.Summary] {
		t.p.Say("warning: %s", d.text())
	}
}

// ownWarnings are warnings about how this package calls the tool. They are not shown.
var ownWarnings = map[string]bool{
	"Resource targeting is in effect":   true,
	"Applied changes may be incomplete": true,
}

// close ends the progress of resources whose change did not complete.
func (t *tracker) close() {
	for _, task := range t.running {
		task.Fail()
	}
}

// addToInventory adds a resource that exists to the inventory.
func (t *tracker) addToInventory(h Hook) {
	if h.IDValue == "" || h.Action == "delete" {
		return
	}

	switch h.Resource.Type {
	case "aws_sqs_queue":
		// A queue's key is its own, or that of its module.
		key, ok := h.Resource.Key.(string)
		if !ok {
			key = moduleKey(h.Resource.Module)
		}
		t.inventory.QueueURLs[key] = h.IDValue
	case "aws_lambda_function":
		t.inventory.Functions[moduleKey(h.Resource.Module)] = h.IDValue
	case "aws_lambda_event_source_mapping":
		t.inventory.Mappings[strings.TrimSuffix(moduleKey(h.Resource.Module), "_mapping")] = h.IDValue
	}
}

var moduleStep = regexp.MustCompile(`(?:^|\.)module\.([A-Za-z0-9_-]+)(?:\["([^"]*)"\])?`)

// moduleKey returns the key of the innermost module that has one, or the name of the
// innermost module where none has.
func moduleKey(module string) string {
	name := module
	key := ""
	for _, step := range moduleStep.FindAllStringSubmatch(module, -1) {
		name = step[1]
		if step[2] != "" {
			key = step[2]
		}
	}
	return cmp.Or(key, name)
}

// checkUsable calls onUsable once everything that traffic needs exists. What may be
// left are alarms and the dashboard, and new redrive policies that the provider still
// polls. A changed redrive policy is not known to be in force before the provider has
// confirmed it.
func (t *tracker) checkUsable() {
	if t.onUsable == nil || !t.planned {
		return
	}

	// Traffic does not need alarms, the dashboard, and the provider's confirmation of new
	// redrive policies. It needs every other change.
	for addr, c := range t.waiting {
		switch {
		case strings.HasPrefix(c.Resource.Type, "aws_cloudwatch_metric") || c.Resource.Type == "aws_cloudwatch_dashboard":
		case c.Resource.Type == "aws_sqs_queue_redrive_policy" && c.Action == "create" && t.started[addr]:
		default:
			return
		}
	}

	if len(t.inventory.QueueURLs) == 0 || len(t.inventory.Functions) == 0 || len(t.inventory.Mappings) == 0 {
		return
	}

	call := t.onUsable
	t.onUsable = nil
	t.inventory.Unconfirmed = len(t.waiting)
	call(t.inventory)
}
