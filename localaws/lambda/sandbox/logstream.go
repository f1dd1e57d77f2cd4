package sandbox

import (
	"bytes"
	"strings"
	"sync"
	"time"
)

const (
	tailSize      = 4 << 10                // bytes of X-Amz-Log-Result (LAM C36)
	maxLine       = 256 << 10              // bytes; longer lines are split (LAM C75)
	maxLines      = 256                    // lines that wait to be written
	maxBytes      = 256 << 10              // bytes of lines that wait to be written
	flushInterval = 200 * time.Millisecond // machine time that a line waits for more
)

// Line is one log event.
type Line struct {
	// Time is the service time at which it was written.
	Time time.Time
	// Text is the line without its newline. It contains newlines where the platform
	// writes one event of several lines.
	Text string
}

// logStream is the log stream of an environment. It splits output into lines, adds the
// platform's lines, and writes them in order and in batches.
//
// It limits how many lines wait: a caller that exceeds the limit writes them before it
// returns. So the pipe of a program that prints faster than its lines are written fills
// up, and the program blocks.
//
// It is safe for concurrent use.
type logStream struct {
	format Format
	now    func() time.Time
	write  func([]Line) // nil if nothing is logged

	writing sync.Mutex // held while write runs; taken before mu
	mu      sync.Mutex
	partial []byte // output after the last newline
	lines   []Line
	bytes   int // of the lines
	tail    []byte
	timer   *time.Timer // runs while lines wait, else nil
}

func newLogStream(fn *Function, host *Host) *logStream {
	return &logStream{
		format: fn.Format,
		now:    host.Now,
		write:  host.Write,
	}
}

// enabled reports whether anything is logged.
func (l *logStream) enabled() bool { return l.write != nil }

// platform logs a line of the platform. Output of the function after its last newline
// becomes a line before it.
func (l *logStream) platform(e event) {
	if !l.enabled() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()

	// Finish the line of the function first, to preserve the order.
	now := l.now()
	l.cut(now)
	if text, ok := e.line(l.format, now); ok {
		l.add(now, text)
	}
}

// output logs output of the function. It returns when there is room for more.
func (l *logStream) output(p []byte) {
	if l.split(p) {
		l.flush()
	}
}

// split splits output of the function into lines. It reports whether the limit is
// reached.
func (l *logStream) split(p []byte) (full bool) {
	l.mu.Lock()
	defer l.mu.Unlock()

	now := l.now()
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			l.partial = append(l.partial, p...)
			break
		}
		l.partial = append(l.partial, p[:i]...)
		l.cut(now)
		p = p[i+1:]
	}

	// A line without an end must not grow without a limit.
	if len(l.partial) >= maxLine {
		l.cut(now)
	}
	return len(l.lines) >= maxLines || l.bytes >= maxBytes
}

// cut makes lines of partial. mu must be held.
func (l *logStream) cut(now time.Time) {
	rest := l.partial
	for len(rest) > 0 {
		n := min(len(rest), maxLine)
		line := strings.ToValidUTF8(strings.TrimSuffix(string(rest[:n]), "\r"), "\ufffd")
		if l.format.includes(line) {
			l.add(now, line)
		}
		rest = rest[n:]
	}
	l.partial = l.partial[:0]
}

// add appends a line. mu must be held.
func (l *logStream) add(now time.Time, text string) {
	l.lines = append(l.lines, Line{Time: now, Text: text})
	l.bytes += len(text)

	// Cut the tail rarely, because that moves all of it.
	l.tail = append(append(l.tail, text...), '\n')
	if len(l.tail) > 8*tailSize {
		l.tail = append(l.tail[:0], l.tail[len(l.tail)-tailSize:]...)
	}

	// The first line that waits starts the timer.
	if l.timer == nil {
		l.timer = time.AfterFunc(flushInterval, l.flush)
	}
}

// begin starts the tail of a new invocation.
func (l *logStream) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut(l.now())
	l.tail = nil
}

// end logs the last lines of an invocation, writes all lines, and returns the tail. The
// caller owns the tail.
func (l *logStream) end(rep Report) []byte {
	l.platform(endEvent(rep))
	l.platform(reportEvent(rep))
	tail := l.last()
	l.flush()
	return tail
}

// last returns a copy of the tail.
func (l *logStream) last() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.tail[max(0, len(l.tail)-tailSize):])
}

// flush writes the lines that wait.
func (l *logStream) flush() {
	l.writing.Lock()
	defer l.writing.Unlock()

	// Take the lines, and write them without mu: output may be logged meanwhile.
	l.mu.Lock()
	lines := l.lines
	l.lines = nil
	l.bytes = 0
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}

	l.mu.Unlock()

	if len(lines) > 0 {
		l.write(lines)
	}
}

// close writes everything, including an unfinished line.
func (l *logStream) close() {
	l.mu.Lock()
	l.cut(l.now())
	l.mu.Unlock()
	l.flush()
}
