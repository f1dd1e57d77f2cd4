// Package jsonlog writes the logs of the functions: structured lines, and a summary
// line whose form users' scripts depend on.
package jsonlog

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"sync"
)

// Logger writes one JSON object per line. It is safe for concurrent use.
type Logger struct {
	*slog.Logger
	out *lines
}

// New returns a logger of the lines at or above level. Its lines have `timestamp`,
// `level` and `msg`. Lambda's log level filter reads the first two (LAM C73).
func New(w io.Writer, level slog.Level) *Logger {
	out := &lines{w: w}
	handler := slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level, ReplaceAttr: lambdaKeys})
	return &Logger{Logger: slog.New(handler), out: out}
}

// Summary writes the line {"resp":v}, if the logger's level is INFO or below. The key
// resp and the keys of v are a contract with the users' log queries.
func (l *Logger) Summary(ctx context.Context, v any) {
	if !l.Enabled(ctx, slog.LevelInfo) {
		return
	}

	line, err := json.Marshal(map[string]any{"resp": v})
	if err != nil {
		l.ErrorContext(ctx, "cannot encode the summary line", "error", err.Error())
		return
	}

	// As with slog, a failure to write a log must not fail the function.
	_, _ = l.out.Write(append(line, '\n'))
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
