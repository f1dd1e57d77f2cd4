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
	writeAtBytes = 256 << 10              // bytes of lines that are written without waiting for more
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
//
// It holds few lines: whoever brings more than may wait writes them before it
// returns. A program that prints faster than its lines are written finds its pipe
// full, and waits.
type journal struct {
	format Format
	now    func() time.Time
	write  func([]Line)

	mu      sync.Mutex
	partial []byte // output after the last newline
	lines   []Line
	bytes   int // of the lines
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
	now := j.now()
	j.cut(now)
	if text, ok := e.line(j.format, now); ok {
		j.add(now, text)
	}
}

// output takes what the function wrote, and returns when there is room for more.
func (j *journal) output(p []byte) {
	if j.take(p) {
		j.flush()
	}
}

// take cuts what the function wrote into lines. It reports whether too many wait.
func (j *journal) take(p []byte) (full bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := j.now()
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			j.partial = append(j.partial, p...)
			break
		}
		j.partial = append(j.partial, p[:i]...)
		j.cut(now)
		p = p[i+1:]
	}
	if len(j.partial) >= maxLine {
		j.cut(now)
	}
	return len(j.lines) >= writeAtLines || j.bytes >= writeAtBytes
}

// cut makes lines of what is in partial, with mu held.
func (j *journal) cut(now time.Time) {
	rest := j.partial
	for len(rest) > 0 {
		n := min(len(rest), maxLine)
		line := strings.ToValidUTF8(strings.TrimSuffix(string(rest[:n]), "\r"), "\ufffd")
		if j.format.keeps(line) {
			j.add(now, line)
		}
		rest = rest[n:]
	}
	j.partial = j.partial[:0]
}

// add appends a line, with mu held.
func (j *journal) add(now time.Time, text string) {
	j.lines = append(j.lines, Line{Time: now, Text: text})
	j.bytes += len(text)
	j.tail = append(append(j.tail, text...), '\n')
	if len(j.tail) > 8*tailSize { // seldom, because all that is left is moved
		j.tail = append(j.tail[:0], j.tail[len(j.tail)-tailSize:]...)
	}
	if j.timer == nil {
		j.timer = time.AfterFunc(writeAfter, j.flush)
	}
}

// begin starts a new tail: that of an invocation.
func (j *journal) begin() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.cut(j.now())
	j.tail = nil
}

// last returns a copy of the tail.
func (j *journal) last() []byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	return bytes.Clone(j.tail[max(0, len(j.tail)-tailSize):])
}

// flush writes the lines that wait.
func (j *journal) flush() {
	j.writing.Lock()
	defer j.writing.Unlock()
	j.mu.Lock()
	lines := j.lines
	j.lines, j.bytes = nil, 0
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
	j.cut(j.now())
	j.mu.Unlock()
	j.flush()
}
