package sandbox

import (
	"encoding/json"
	"slices"
	"strings"
)

// levels are the log levels from least to most severe.
var levels = []string{"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"}

// Format is a function's logging configuration (LAM C20).
type Format struct {
	// JSON selects the JSON format: platform lines are JSON, and lines are filtered
	// by level.
	JSON bool
	// Application is the lowest level of the function's own lines that are logged:
	// TRACE, DEBUG, INFO, WARN, ERROR or FATAL. Only with JSON.
	Application string
	// System is the lowest level of platform lines that are logged: DEBUG, INFO or
	// WARN. Only with JSON.
	System string
}

// includes reports whether a line of the function's own is logged (LAM C73). A line
// that is not a JSON object with a known level counts as INFO.
func (f Format) includes(line string) bool {
	if !f.JSON {
		return true
	}
	lowest := slices.Index(levels, f.Application)
	if lowest <= 0 {
		return true
	}
	return slices.Index(levels, levelOf(line)) >= lowest
}

// levelOf returns the log level of a line.
func levelOf(line string) string {
	var fields struct {
		Level string `json:"level"`
	}
	if strings.HasPrefix(line, "{") && json.Unmarshal([]byte(line), &fields) == nil {
		if level := strings.ToUpper(fields.Level); slices.Contains(levels, level) {
			return level
		}
	}
	return "INFO"
}
