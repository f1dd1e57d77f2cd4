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

// usual is how long the provider takes for one resource of a type, to create,
// update or delete it, where that is more than an instant: it watches queues and
// their policies for 25 s, whatever the endpoint answers.
var usual = map[string]time.Duration{
	"aws_sqs_queue":                      25 * time.Second,
	"aws_sqs_queue_policy":               25 * time.Second,
	"aws_sqs_queue_redrive_policy":       25 * time.Second,
	"aws_sqs_queue_redrive_allow_policy": 25 * time.Second,
	"aws_lambda_function":                5 * time.Second,
}

// expected is how long an action on a resource takes about; zero is an instant.
func expected(r Resource, action string) time.Duration {
	if action == "delete" && (r.Type == "aws_sqs_queue" || r.Type == "aws_lambda_function") {
		return 2 * time.Second
	}
	return usual[r.Type]
}

// Inventory is what a deployment consists of, by the keys that the root module uses
// in its outputs: source, retry_1, dlq; producer, consumer, retry_1.
type Inventory struct {
	// QueueURLs are the queues.
	QueueURLs map[string]string
	// Functions are the functions' names.
	Functions map[string]string
	// Mappings are the event source mappings' UUIDs, by their function's key.
	Mappings map[string]string
	// Unconfirmed is the number of changes that the run has yet to confirm.
	Unconfirmed int
}

// tracker follows one run of the tool: it shows progress, keeps the inventory, and
// collects errors.
type tracker struct {
	p       *progress.Progress
	task    *progress.Task
	running map[string]*progress.Task
	done    int
	planned bool // the plan is complete

	waiting     map[string]Change // planned and not complete, by address
	started     map[string]bool
	inventory   Inventory
	onUsable    func(Inventory) // called once, when only confirmations are left
	diagnostics []Diagnostic    // errors alone
	changes     []Change
	summary     Summary
	journal     *journal // what this run does, or nil
}

func newTracker(p *progress.Progress, task *progress.Task, onUsable func(Inventory)) *tracker {
	return &tracker{
		p: p, task: task, onUsable: onUsable, running: map[string]*progress.Task{}, waiting: map[string]Change{}, started: map[string]bool{},
		inventory: Inventory{QueueURLs: map[string]string{}, Functions: map[string]string{}, Mappings: map[string]string{}},
	}
}

// handle takes the next event of the stream.
func (t *tracker) handle(e Event) {
	switch e.Type {
	case "planned_change":
		t.plan(e.Change)
	case "change_summary":
		t.summarize(e.Changes)
	case "refresh_complete":
		t.enter(e.Hook)
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

func (t *tracker) plan(c Change) {
	if c.Action == "noop" || c.Action == "read" {
		return
	}
	t.changes = append(t.changes, c)
	if c.Action == "import" || c.Action == "move" {
		return // nothing is done at the target
	}
	t.waiting[c.Resource.Addr] = c
	t.journal.intend(c)
}

// resume continues after the run that made the plan which this run applies: the
// tool names what it planned, and what is there already, in that run alone.
func (t *tracker) resume(planned *tracker) {
	maps.Copy(t.waiting, planned.waiting)
	t.changes = planned.changes
	t.inventory = planned.inventory
	t.planned = true
	t.summary = planned.summary
	t.task.SetTotal(planned.summary.Total())
}

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

func (t *tracker) complete(h Hook) {
	if h.Action == "read" {
		return
	}
	t.enter(h)
	t.journal.done(h)
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

func (t *tracker) show() {
	note := ""
	if n := len(t.running); n > 0 {
		note = fmt.Sprintf("waiting for the provider to confirm %d", n)
	}
	t.task.Update(t.done, note)
}

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

// ownWarnings are warnings about how this package calls the tool.
var ownWarnings = map[string]bool{
	"Resource targeting is in effect":   true,
	"Applied changes may be incomplete": true,
}

// close ends the progress of resources that the tool said no more about.
func (t *tracker) close() {
	for _, task := range t.running {
		task.Fail()
	}
}

// enter notes a resource that exists in the inventory.
func (t *tracker) enter(h Hook) {
	if h.IDValue == "" || h.Action == "delete" {
		return
	}
	switch h.Resource.Type {
	case "aws_sqs_queue":
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

// moduleKey is the key of the innermost module that has one, or the name of the
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

// checkUsable calls onUsable once all is made that traffic needs: only the provider's
// watch over new redrive policies, and what merely observes, may be left. A
// redrive policy that is changed is not known to be in force before the provider
// says so.
func (t *tracker) checkUsable() {
	if t.onUsable == nil || !t.planned {
		return
	}
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
	half := t.onUsable
	t.onUsable = nil
	t.inventory.Unconfirmed = len(t.waiting)
	half(t.inventory)
}
