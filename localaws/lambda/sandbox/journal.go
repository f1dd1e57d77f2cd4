package sandbox

import (
	"bytes"
	"strings"
	"sync"
	"time"
)

const (
	tailSize     = 4 << 10                // X-Amz-Log-Result (LAM C36)
	maxLine      = 256 << 10              // longer lines are split (LAM C75)
	writeAtLines = 256                    // lines that are written without waiting for more
	writeAfter   = 200 * time.Millisecond // machine time that a line waits for others
)

// Line is one log event.
type Line struct {
	// Time is when it was written, in service time.
	Time time.Time
	// Text is the line without its newline. It may hold newlines where the
	// platform writes one event of several lines.
	Text string
}

// journal is an environment's log stream: it cuts output into lines, puts the
// platform's lines between them, and hands all on in order, many at a time.
type journal struct {
	format Format
	now    func() time.Time
	write  func([]Line)

	mu      sync.Mutex
	partial []byte // output after the last newline
	lines   []Line
	tail    []byte
	timer   *time.Timer // runs while lines wait
	writing sync.Mutex  // held while write runs, taken before mu
}

func newJournal(fn *Function, host *Host) *journal {
	return &journal{format: fn.Format, now: host.Now, write: host.Write}
}

// platform logs a line of the platform. What the function wrote before without
// ending its line becomes a line of its own.
func (j *journal) platform(e event) {
	if j.write == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.cut()
	if text, ok := e.line(j.format, j.now()); ok {
		j.add(text)
	}
}

// output takes what the function wrote.
func (j *journal) output(p []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			j.partial = append(j.partial, p...)
			break
		}
		j.partial = append(j.partial, p[:i]...)
		j.cut()
		p = p[i+1:]
	}
	if len(j.partial) >= maxLine {
		j.cut()
	}
}

// cut makes lines of what is in partial, with mu held.
func (j *journal) cut() {
	rest := j.partial
	for len(rest) > 0 {
		n := min(len(rest), maxLine)
		line := strings.ToValidUTF8(strings.TrimSuffix(string(rest[:n]), "\r"), "\ufffd")
		if j.format.keeps(line) {
			j.add(line)
		}
		rest = rest[n:]
	}
	j.partial = j.partial[:0]
}

// add appends a line, with mu held.
func (j *journal) add(text string) {
	j.lines = append(j.lines, Line{Time: j.now(), Text: text})
	j.tail = append(append(j.tail, text...), '\n')
	if over := len(j.tail) - tailSize; over > 0 {
		j.tail = append(j.tail[:0], j.tail[over:]...)
	}
	switch {
	case j.timer == nil:
		j.timer = time.AfterFunc(writeAfter, j.flush)
	case len(j.lines) == writeAtLines:
		j.timer.Reset(0)
	}
}

// begin starts a new tail: that of an invocation.
func (j *journal) begin() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.cut()
	j.tail = nil
}

// last is a copy of the tail.
func (j *journal) last() []byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	return bytes.Clone(j.tail)
}

// flush writes the lines that wait.
func (j *journal) flush() {
	j.writing.Lock()
	defer j.writing.Unlock()
	j.mu.Lock()
	lines := j.lines
	j.lines = nil
	if j.timer != nil {
		j.timer.Stop()
		j.timer = nil
	}
	j.mu.Unlock()
	if len(lines) > 0 {
		j.write(lines)
	}
}

// close writes everything, an unfinished line included.
func (j *journal) close() {
	j.mu.Lock()
	j.cut()
	j.mu.Unlock()
	j.flush()
}
