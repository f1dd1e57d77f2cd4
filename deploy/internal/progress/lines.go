package progress

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/reliableq/reliableq/internal/duration"
)

// lines writes plain lines.
type lines struct {
	w io.Writer
	p *Progress
}

func (l *lines) say(text string) { fmt.Fprintln(l.w, text) }

func (l *lines) begin(t *Task) {
	t.wrote = t.since
	if !t.span.Detail {
		fmt.Fprintln(l.w, t.name+" ...")
	}
}

func (l *lines) update(t *Task) {
	now := l.p.now()
	if t.span.Detail || now.Sub(t.wrote) < minInterval || t.note == "" && t.done == 0 {
		return
	}

	t.wrote = now
	fmt.Fprintf(l.w, "%s: %s\n", t.name, strings.TrimSpace(counter(t)+" "+t.note))
}

func (l *lines) end(t *Task, failed bool) {
	verb := "done"
	if failed {
		verb = "failed"
	}

	line := fmt.Sprintf("%s: %s in %s", t.name, verb, duration.Format(t.took))
	if t.note != "" {
		line += ", " + t.note
	}
	fmt.Fprintln(l.w, line)
}

func (l *lines) close() {}

// counter returns text such as "3/7", or "" if the total is not known.
func counter(t *Task) string {
	if t.span.Total == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", t.done, t.span.Total)
}

// records writes one JSON object on each line.
type records struct {
	w io.Writer
	p *Progress
}

// record is one line of progress for machines.
type record struct {
	Time    string  `json:"time"`
	Event   string  `json:"event"`
	Task    string  `json:"task,omitempty"`
	Done    int     `json:"done,omitempty"`
	Total   int     `json:"total,omitempty"`
	Note    string  `json:"note,omitempty"`
	Seconds float64 `json:"seconds,omitempty"`
}

func (r *records) write(rec record) {
	rec.Time = r.p.now().UTC().Format(time.RFC3339Nano)
	line, err := json.Marshal(rec)
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	_, _ = r.w.Write(append(line, '\n')) // the work goes on if nobody can read its progress
}

func (r *records) task(event string, t *Task) {
	r.write(record{
		Event:   event,
		Task:    t.name,
		Done:    t.done,
		Total:   t.span.Total,
		Note:    t.note,
		Seconds: t.took.Seconds(),
	})
}

func (r *records) say(text string) { r.write(record{Event: "message", Note: text}) }
func (r *records) begin(t *Task)   { r.task("begin", t) }
func (r *records) update(t *Task)  { r.task("update", t) }

func (r *records) end(t *Task, failed bool) {
	if failed {
		r.task("fail", t)
		return
	}
	r.task("end", t)
}

func (r *records) close() {}
