// Package progress shows how far long steps have come: with bars on a terminal, with
// plain lines elsewhere, or with one JSON object on each line for machines. Callers
// report in the same way for all of them.
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
	// Lines writes a line when a task begins, one at most every few seconds while it
	// runs, and one when it ends.
	Lines Mode = iota
	// Bars draws bars, for a terminal.
	Bars
	// JSON writes one object on each line.
	JSON
)

// minInterval is the shortest time between two lines about one running task.
const minInterval = 5 * time.Second

// Progress shows tasks and messages. It is safe for concurrent use. Close it before
// something else writes to the same terminal.
type Progress struct {
	mu   sync.Mutex // guards all writing
	show display
	open func() display // returns a new display, after Pause has closed the last one
	now  func() time.Time
}

// display is one way to show progress. Its methods are called with Progress.mu held.
type display interface {
	say(text string)
	begin(t *Task)
	update(t *Task)
	end(t *Task, failed bool)
	close()
}

// Span is what is known about a task when it begins.
type Span struct {
	// Total is the number of steps; zero if it is not known.
	Total int
	// Expected is about how long it will take; zero if that is not known.
	Expected time.Duration
	// Detail marks a task within another one: Lines writes only its end.
	Detail bool
}

// Task is one step on the display.
type Task struct {
	p     *Progress
	name  string
	span  Span
	since time.Time
	took  time.Duration
	done  int
	note  string
	wrote time.Time // when Lines last wrote about it
	bar   *bar      // Bars only
	ended bool
}

// New returns a Progress that writes to w. It escapes what a terminal would act upon in
// names, notes and messages, which may come from elsewhere.
func New(w io.Writer, mode Mode) *Progress {
	p := &Progress{now: time.Now}

	// Pause needs a new display: one that is closed cannot be used again.
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

// Pause completes the display, and draws nothing until the next task or message: a
// question can be asked on the same terminal. No task may be running.
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

// Begin shows a new task. The caller must end it with End or Fail.
func (p *Progress) Begin(name string, span Span) *Task {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := &Task{
		p:     p,
		name:  name,
		span:  span,
		since: p.now(),
	}
	p.show.begin(t)

	return t
}

// Close ends the display. Tasks that have not ended disappear from it.
func (p *Progress) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.show.close()
}

// SetTotal sets the number of steps, when it becomes known.
func (t *Task) SetTotal(n int) {
	t.p.mu.Lock()
	defer t.p.mu.Unlock()
	if t.span.Total != n {
		t.span.Total = n
		t.p.show.update(t)
	}
}

// Update sets how many steps are done, and a short note on the state.
func (t *Task) Update(done int, note string) {
	t.p.mu.Lock()
	defer t.p.mu.Unlock()

	// Updates often repeat what is shown.
	if t.ended || t.done == done && t.note == note {
		return
	}
	t.done = done
	t.note = note
	t.p.show.update(t)
}

// End ends the task as done, with a note on the result. A second end is ignored.
func (t *Task) End(note string) { t.finish(note, false) }

// Fail ends the task as failed. The caller's error has the reason.
func (t *Task) Fail() { t.finish(t.note, true) }

// finish ends the task, unless it has ended.
func (t *Task) finish(note string, failed bool) {
	t.p.mu.Lock()
	defer t.p.mu.Unlock()
	if t.ended {
		return
	}

	t.ended = true
	t.note = note
	t.took = t.p.now().Sub(t.since)
	t.p.show.end(t, failed)
}
