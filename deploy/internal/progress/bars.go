package progress

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/reliableq/reliableq/deploy/internal/terminal"
	"github.com/reliableq/reliableq/internal/duration"
)

// steps is the resolution of a bar.
const steps = 1000

// bars draws bars on a terminal. The bar of a task with a known total fills by its
// steps, that of one with an expected duration by time. Any other bar stays empty.
type bars struct {
	container *mpb.Progress
	w         io.Writer
	open      map[*Task]struct{}
	closed    bool
}

// bar is a task's bar. note and text are what its decorators show: these run on the
// container's goroutine.
type bar struct {
	mpb  *mpb.Bar
	note atomic.Pointer[string]
	text atomic.Pointer[string]
}

func newBars(w io.Writer) *bars {
	return &bars{
		container: mpb.New(mpb.WithOutput(w), mpb.WithWidth(28), mpb.WithRefreshRate(120*time.Millisecond), mpb.WithAutoRefresh()),
		w:         w,
		open:      map[*Task]struct{}{},
	}
}

func (b *bars) say(text string) {
	// The container draws the bars again below the text.
	var w io.Writer = b.container
	if b.closed {
		w = b.w
	}

	fmt.Fprintln(w, terminal.Clean(text))
}

func (b *bars) begin(t *Task) {
	if b.closed {
		return
	}

	// The decorators run on another goroutine: they must not read the task.
	t.bar = &bar{}
	b.setTexts(t)
	name := terminal.Clean(t.name)
	if t.span.Detail {
		name = "  " + name
	}

	since := t.since
	expected := t.span.Expected
	drawn := t.bar
	options := []mpb.BarOption{
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(name, decor.WCSyncSpaceR), decor.Any(func(decor.Statistics) string { return *drawn.text.Load() }, decor.WCSyncSpaceR)),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
			elapsed := duration.Format(time.Since(since).Truncate(time.Second))
			if expected > 0 {
				elapsed += " of about " + duration.Format(expected)
			}
			return elapsed + "  " + *drawn.note.Load()
		})),
	}

	style := mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]")
	added, err := b.container.Add(steps, filler(style.Build(), t), options...)
	if err != nil { // the container is closed: the task is not shown
		t.bar = nil
		return
	}

	t.bar.mpb = added
	b.open[t] = struct{}{}
}

// filler returns how a bar fills: by time, where only the expected duration is known.
func filler(inner mpb.BarFiller, t *Task) mpb.BarFiller {
	if t.span.Expected == 0 || t.span.Total > 0 {
		return inner
	}
	since := t.since
	expected := t.span.Expected
	return mpb.BarFillerFunc(func(w io.Writer, s decor.Statistics) error {
		// The expected duration is an estimate: the bar is never full before the task ends.
		s.Total = steps
		s.Current = min(int64(float64(steps)*float64(time.Since(since))/float64(expected)), steps*99/100)
		return inner.Fill(w, s)
	})
}

// setTexts passes the task's texts to its decorators.
func (b *bars) setTexts(t *Task) {
	note := terminal.Clean(t.note)
	text := counter(t)
	t.bar.note.Store(&note)
	t.bar.text.Store(&text)
}

func (b *bars) update(t *Task) {
	if t.bar == nil {
		return
	}

	// A full bar would complete and disappear: the last step is for end.
	b.setTexts(t)
	if t.span.Total > 0 {
		t.bar.mpb.SetCurrent(min(int64(steps*t.done/t.span.Total), steps-1))
	}
}

func (b *bars) end(t *Task, failed bool) {
	if t.bar == nil {
		return
	}
	delete(b.open, t)

	// A bar that has ended disappears, and a line takes its place.
	t.bar.mpb.Abort(true)
	t.bar.mpb.Wait()
	(&lines{w: terminal.NewWriter(writer{b})}).end(t, failed)
}

// writer writes above the bars.
type writer struct{ b *bars }

func (w writer) Write(p []byte) (int, error) {
	if w.b.closed {
		return w.b.w.Write(p)
	}
	return w.b.container.Write(p)
}

func (b *bars) close() {
	if b.closed {
		return
	}
	b.closed = true

	// Tasks that have not ended would keep the container waiting.
	for t := range b.open {
		t.bar.mpb.Abort(true)
	}
	b.container.Wait()
}
