// Package journal writes what the functions say: structured lines, and the
// summary line whose shape scripts hold on to.
package journal

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"sync"
)

// Journal writes one JSON object a line. It is safe for concurrent use.
type Journal struct {
	*slog.Logger
	out *lines
}

// New makes a journal of what is at or above level. Its lines have `timestamp`,
// `level` and `msg`; the first two are what Lambda's own level filter reads
// (LAM C73).
func New(w io.Writer, level slog.Level) *Journal {
	out := &lines{w: w}
	handler := slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level, ReplaceAttr: lambdaKeys})
	return &Journal{Logger: slog.New(handler), out: out}
}

// Resp writes {"resp":v} and nothing around it, if the journal takes INFO.
func (j *Journal) Resp(ctx context.Context, v any) {
	if !j.Enabled(ctx, slog.LevelInfo) {
		return
	}
	line, err := json.Marshal(map[string]any{"resp": v})
	if err != nil {
		j.ErrorContext(ctx, "resp line", "error", err.Error())
		return
	}
	// As with slog, a log that cannot be written must not fail the work.
	_, _ = j.out.Write(append(line, '\n'))
}

func lambdaKeys(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime {
		a.Key = "timestamp"
	}
	return a
}

// lines keeps lines of several goroutines apart.
type lines struct {
	mu sync.Mutex // guards w
	w  io.Writer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
