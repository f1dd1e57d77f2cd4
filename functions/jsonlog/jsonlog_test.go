package jsonlog_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reliableq/reliableq/functions/jsonlog"
)

func TestLinesHaveTheKeysOfLambdasFilter(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	jsonlog.New(&out, slog.LevelInfo).Error("a > b", "time", "kept", "error", map[string]any{"missing_store_id": true})
	var line struct {
		Timestamp time.Time
		Level     string
		Time      string
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line.Timestamp.IsZero() || line.Level != "ERROR" || line.Time != "kept" {
		t.Errorf("%s: %+v, %v", out.String(), line, err)
	}
	// Readable in a search, without HTML escapes.
	if !strings.Contains(out.String(), `"msg":"a > b"`) || !strings.Contains(out.String(), `{"missing_store_id":true}`) {
		t.Error(out.String())
	}
}

func TestSummaryLineIsOneObject(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	jsonlog.New(&out, slog.LevelInfo).Summary(t.Context(), map[string]int{"n": 1})
	if out.String() != `{"resp":{"n":1}}`+"\n" {
		t.Error(out.String())
	}
	out.Reset()
	jsonlog.New(&out, slog.LevelInfo).Summary(t.Context(), func() {})
	if !strings.Contains(out.String(), `"level":"ERROR"`) {
		t.Error(out.String())
	}
}

func TestLevelAppliesToBothKindsOfLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	logger := jsonlog.New(&out, slog.LevelWarn)
	logger.Summary(t.Context(), 1)
	logger.Info("quiet")
	if out.Len() > 0 {
		t.Error(out.String())
	}
}

func TestConcurrentLinesAreSeparate(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	logger := jsonlog.New(&out, slog.LevelInfo)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { logger.Info("line", "text", strings.Repeat("x", 100)) })
		wg.Go(func() { logger.Summary(t.Context(), strings.Repeat("y", 100)) })
	}
	wg.Wait()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Errorf("mixed: %s", line)
		}
	}
	if len(lines) != 100 {
		t.Errorf("%d lines", len(lines))
	}
}
