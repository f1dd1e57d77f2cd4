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
	// JSON writes platform lines as JSON and filters by level.
	JSON bool
	// Application is the least level of the function's own lines that is kept:
	// TRACE, DEBUG, INFO, WARN, ERROR or FATAL. Only with JSON.
	Application string
	// System is the least level of platform lines: DEBUG, INFO or WARN. Only
	// with JSON.
	System string
}

// keeps reports whether a line of the function's own is logged (LAM C73). A line
// that is not a JSON object with a known level counts as INFO.
func (f Format) keeps(line string) bool {
	if !f.JSON {
		return true
	}
	least := slices.Index(levels, f.Application)
	if least <= 0 {
		return true
	}
	return slices.Index(levels, levelOf(line)) >= least
}

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
