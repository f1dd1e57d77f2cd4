package sandbox

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

// runtimeVersion is the version in INIT_START lines. The embedded Lambda has no runtime
// of its own: the program runs on the machine.
const runtimeVersion = "provided:al2023.v102"

// isoMillis is the time format of platform records.
const isoMillis = "2006-01-02T15:04:05.000Z"

// event is a line of the platform in both log formats. If text or kind is empty, the
// format in question has no such line.
type event struct {
	text   string
	kind   string // platform.start and the like
	level  string
	record map[string]any
}

// line returns the event as a line in the given format. It returns false if the line is
// not logged (LAM C69, C72).
func (e event) line(f Format, now time.Time) (string, bool) {
	if !f.JSON {
		return e.text, e.text != ""
	}

	// In JSON, lines below the configured level are dropped.
	rank := map[string]int{
		"DEBUG": 0,
		"INFO":  1,
		"WARN":  2,
	}
	if e.kind == "" || rank[e.level] < rank[f.System] {
		return "", false
	}

	b, err := json.Marshal(struct {
		Time   string         `json:"time"`
		Type   string         `json:"type"`
		Record map[string]any `json:"record"`
	}{
		Time:   now.UTC().Format(isoMillis),
		Type:   e.kind,
		Record: e.record,
	})

	return string(b), err == nil
}

// initStartEvent is written when the init phase begins.
func initStartEvent(fn *Function) event {
	return event{
		text:  "INIT_START Runtime Version: " + runtimeVersion + "\tRuntime Version ARN: " + fn.RuntimeVersionARN,
		kind:  "platform.initStart",
		level: "INFO",
		record: map[string]any{
			"initializationType": "on-demand",
			"phase":              "init",
			"runtimeVersion":     runtimeVersion,
			"runtimeVersionArn":  fn.RuntimeVersionARN,
			"functionName":       fn.Name,
			"functionVersion":    fn.Version,
		},
	}
}

// initReportEvent is written when an init fails (LAM C70a).
func initReportEvent(phase string, took time.Duration, status Status, errorType string) event {
	text := fmt.Sprintf("INIT_REPORT Init Duration: %s ms\tPhase: %s\tStatus: %s", millis(took), phase, status)
	record := map[string]any{
		"initializationType": "on-demand",
		"phase":              phase,
		"status":             status,
		"metrics":            map[string]any{"durationMs": rounded(took)},
	}
	if errorType != "" {
		text += "\tError Type: " + errorType
		record["errorType"] = errorType
	}
	return event{
		text:   text,
		kind:   "platform.initReport",
		level:  "WARN",
		record: record,
	}
}

// startEvent is written when an invocation starts.
func startEvent(id, version string) event {
	return event{
		text:   "START RequestId: " + id + " Version: " + version,
		kind:   "platform.start",
		level:  "INFO",
		record: map[string]any{"requestId": id, "version": version},
	}
}

// crashEvent is written after a crash, as one event of two lines. JSON has its content
// in the report.
func crashEvent(message, errorType string) event { return event{text: message + "\n" + errorType} }

// endEvent is written when an invocation ends.
func endEvent(r Report) event {
	return event{
		text:  "END RequestId: " + r.RequestID,
		kind:  "platform.runtimeDone",
		level: "DEBUG",
		record: map[string]any{
			"requestId": r.RequestID,
			"status":    r.Status,
			"metrics":   map[string]any{"durationMs": rounded(r.Duration)},
		},
	}
}

// reportEvent is the REPORT line (LAM C69 to C72).
func reportEvent(r Report) event {
	// What every report has.
	var b strings.Builder
	fmt.Fprintf(&b, "REPORT RequestId: %s\tDuration: %s ms\tBilled Duration: %d ms\tMemory Size: %d MB\tMax Memory Used: %d MB\t",
		r.RequestID, millis(r.Duration), r.Billed().Milliseconds(), r.MemoryMB, r.PeakMB)

	metrics := map[string]any{
		"durationMs":       rounded(r.Duration),
		"billedDurationMs": r.Billed().Milliseconds(),
		"memorySizeMB":     r.MemoryMB,
		"maxMemoryUsedMB":  r.PeakMB,
	}

	record := map[string]any{
		"requestId": r.RequestID,
		"metrics":   metrics,
		"status":    r.Status,
	}

	if r.Init > 0 {
		fmt.Fprintf(&b, "Init Duration: %s ms\t", millis(r.Init))
		metrics["initDurationMs"] = rounded(r.Init)
	}

	// How the invocation ended, unless it succeeded.
	level := "WARN"
	switch {
	case r.Status == Success:
		level = "INFO"
	case r.Status == Timeout:
		b.WriteString("Status: timeout")
	case r.ErrorType != "":
		b.WriteString("Status: error\tError Type: " + r.ErrorType)
	}
	if r.ErrorType != "" {
		record["errorType"] = r.ErrorType
	}
	return event{
		text:   b.String(),
		kind:   "platform.report",
		level:  level,
		record: record,
	}
}

// millis formats a duration in milliseconds with two decimals.
func millis(d time.Duration) string { return fmt.Sprintf("%.2f", float64(d)/1e6) }

// rounded returns a duration in milliseconds with at most three decimals.
func rounded(d time.Duration) float64 { return math.Round(float64(d)/1e3) / 1e3 }
