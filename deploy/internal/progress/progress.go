// Package progress shows how far long steps have come: bars on a terminal, plain
// lines where output is not one, and one JSON object a line for machines. Who
// works reports in one way, and does not know which it is.
package progress

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/reliableq/reliableq/deploy/internal/terminal"
)

// Mode is how progress is shown.
type Mode uint8

const (
	// Lines writes a line when a task begins to matter, at most one every few
	// seconds while it runs, and one when it ends.
	Lines Mode = iota
	// Bars draws bars, for a terminal.
	Bars
	// JSON writes one object a line.
	JSON
)

// every is the least time between two lines about one running task.
const every = 5 * time.Second

// Progress shows tasks and messages. Its methods may be called from many
// goroutines. Close it before writing to the same terminal by other means.
type Progress struct {
	mu   sync.Mutex // guards all writing
	show display
	open func() display
	now  func() time.Time
}

// display is one way to show progress. Calls come one at a time.
type display interface {
	say(text string)
	begin(t *Task)
	update(t *Task)
	end(t *Task, failed bool)
	close()
}

// Span is what is known of a task when it begins.
type Span struct {
	// Total is the number of steps; zero when it is not known.
	Total int
	// Expected is how long it will take about; zero when that is not known.
	Expected time.Duration
	// Detail marks a task within another: a plain log tells only its end.
	Detail bool
}

// Task is one piece of work on the display.
type Task struct {
	p     *Progress
	name  string
	span  Span
	since time.Time
	took  time.Duration
	done  int
	note  string
	said  time.Time // when Lines last wrote about it
	bar   *bar      // Bars only
	over  bool
}

// New shows progress on w. Of names, notes and messages, which may be foreign, it
// shows what a terminal would act upon.
func New(w io.Writer, mode Mode) *Progress {
	p := &Progress{now: time.Now}
	p.open = func() display {
		switch mode {
		case Bars:
			return newBars(w)
		case JSON:
			return &records{w: terminal.NewWriter(w), p: p}
		default:
			return &lines{w: terminal.NewWriter(w), p: p}
		}
	}
	p.show = p.open()
	return p
}

// Pause draws everything that is to be drawn, and nothing more until the next task
// or message: others may write to the same terminal meanwhile, as to ask a
// question. No task may be running.
func (p *Progress) Pause() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.show.close()
	p.show = p.open()
}

// Say shows one line of text.
func (p *Progress) Say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.show.say(fmt.Sprintf(format, args...))
}

// Begin shows a new task. Every task must end.
func (p *Progress) Begin(name string, span Span) *Task {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := &Task{p: p, name: name, span: span, since: p.now()}
	p.show.begin(t)
	return t
}

// Close ends the display. Tasks that have not ended are dropped from it.
func (p *Progress) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.show.close()
}

// SetTotal says how many steps there are, once that is known.
func (t *Task) SetTotal(n int) {
	t.p.mu.Lock()
	defer t.p.mu.Unlock()
	if t.span.Total != n {
		t.span.Total = n
		t.p.show.update(t)
	}
}

// Update says how many steps are done, and in a few words what goes on.
func (t *Task) Update(done int, note string) {
	t.p.mu.Lock()
	defer t.p.mu.Unlock()
	if t.over || t.done == done && t.note == note {
		return
	}
	t.done, t.note = done, note
	t.p.show.update(t)
}

// End says that the task is done, and what came of it. A second end is ignored.
func (t *Task) End(note string) { t.finish(note, false) }

// Fail says that the task failed. Why is the caller's error to tell.
func (t *Task) Fail() { t.finish(t.note, true) }

func (t *Task) finish(note string, failed bool) {
	t.p.mu.Lock()
	defer t.p.mu.Unlock()
	if t.over {
		return
	}
	t.over, t.note, t.took = true, note, t.p.now().Sub(t.since)
	t.p.show.end(t, failed)
}
