// Package journal writes the logs of the functions: structured lines, and a summary
// line whose form scripts depend on.
package journal

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"sync"
)

// Journal writes one JSON object per line. It is safe for concurrent use.
type Journal struct {
	*slog.Logger
	out *lines
}

// New returns a journal of the lines at or above level. Its lines have `timestamp`,
// `level` and `msg`. Lambda's log level filter reads the first two (LAM C73).
func New(w io.Writer, level slog.Level) *Journal {
	out := &lines{w: w}
	handler := slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level, ReplaceAttr: lambdaKeys})
	return &Journal{Logger: slog.New(handler), out: out}
}

// Resp writes the line {"resp":v}, if the journal's level is INFO or below.
func (j *Journal) Resp(ctx context.Context, v any) {
	if !j.Enabled(ctx, slog.LevelInfo) {
		return
	}
	line, err := json.Marshal(map[string]any{"resp": v})
	if err != nil {
		j.ErrorContext(ctx, "resp line", "error", err.Error())
		return
	}
	// As with slog, a failure to write a log must not fail the function.
	_, _ = j.out.Write(append(line, '\n'))
}

// lambdaKeys renames the time of a record to Lambda's name for it.
func lambdaKeys(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime {
		a.Key = "timestamp"
	}
	return a
}

// lines is a writer that serializes writes.
type lines struct {
	mu sync.Mutex // guards w
	w  io.Writer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
