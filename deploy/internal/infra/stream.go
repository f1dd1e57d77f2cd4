package infra

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Event is one line of the tool's machine-readable output. Fields that the event does
// not have are zero.
type Event struct {
	// Type is the kind of event, such as apply_complete.
	Type string `json:"type"`
	// Message is the line for people.
	Message string `json:"@message"`
	// Level is info, warn or error.
	Level string `json:"@level"`
	// Hook is about one resource, in apply_* and refresh_* events.
	Hook Hook `json:"hook"`
	// Change is what is planned for one resource, in planned_change.
	Change Change `json:"change"`
	// Changes are the totals, in change_summary.
	Changes Summary `json:"changes"`
	// Diagnostic is an error or a warning.
	Diagnostic *Diagnostic `json:"diagnostic"`
}

// Resource names one resource instance.
type Resource struct {
	// Addr is the whole address, such as module.queues.aws_sqs_queue.this["dlq"].
	Addr string `json:"addr"`
	// Module is the module's address, empty for the root.
	Module string `json:"module"`
	// Type is the resource's type.
	Type string `json:"resource_type"`
	// Key is the instance's key: a string, a number, or nil.
	Key any `json:"resource_key"`
}

// Hook is what happens to one resource; the name is Terraform's.
type Hook struct {
	// Resource is the resource.
	Resource Resource `json:"resource"`
	// Action is create, update, delete, replace or read.
	Action string `json:"action"`
	// IDValue is the provider's id of it.
	IDValue string `json:"id_value"`
}

// Change is what is planned for one resource.
type Change struct {
	// Resource is the resource.
	Resource Resource `json:"resource"`
	// Action is create, update, delete, replace, move, import or noop.
	Action string `json:"action"`
}

// Summary counts changes.
type Summary struct {
	// Add is the number of resources to create.
	Add int `json:"add"`
	// Change is the number of resources to update.
	Change int `json:"change"`
	// Remove is the number of resources to delete.
	Remove int `json:"remove"`
	// Operation is plan, apply or destroy.
	Operation string `json:"operation"`
}

// Total returns the number of all changes.
func (s Summary) Total() int { return s.Add + s.Change + s.Remove }

// Diagnostic is an error or a warning of the tool or the provider.
type Diagnostic struct {
	// Severity is error or warning.
	Severity string `json:"severity"`
	// Summary is its first line.
	Summary string `json:"summary"`
	// Detail is the rest, and may be empty.
	Detail string `json:"detail"`
	// Address is the resource it is about, and may be empty.
	Address string `json:"address"`
	// Range is its position in the sources, or nil.
	Range *struct {
		// Filename is relative to the root module.
		Filename string `json:"filename"`
		// Start is the beginning of the range.
		Start struct {
			// Line is the line number, from 1.
			Line int `json:"line"`
		} `json:"start"`
	} `json:"range"`
}

// Output is one output of the root module.
type Output struct {
	// Sensitive marks an output whose value is not shown.
	Sensitive bool `json:"sensitive"`
	// Value is the value in JSON; empty while it is not known.
	Value json.RawMessage `json:"value"`
}

// ParseEvent parses one line of the stream.
func ParseEvent(line []byte) (Event, error) {
	var e Event
	if err := json.Unmarshal(line, &e); err != nil {
		return Event{}, fmt.Errorf("parse an event: %w", err)
	}
	if e.Type == "" {
		return Event{}, fmt.Errorf("parse an event: %q has no type", line[:min(len(line), 100)])
	}
	return e, nil
}

// splitter is a writer that splits the stream into lines and passes them to handle as
// events. Lines that are not events, such as those of a crash, are stored for the error.
type splitter struct {
	handle func(Event)
	rest   []byte
	other  bytes.Buffer
}

// maxOther limits what is stored of lines that are not events, in bytes.
const maxOther = 64 << 10

// Write adds bytes of the stream.
func (s *splitter) Write(p []byte) (int, error) {
	s.rest = append(s.rest, p...)
	for {
		i := bytes.IndexByte(s.rest, '\n')
		if i < 0 {
			return len(p), nil
		}
		s.handleLine(s.rest[:i])
		s.rest = s.rest[i+1:]
	}
}

// flush handles the bytes after the last end of line.
func (s *splitter) flush() {
	s.handleLine(s.rest)
	s.rest = nil
}

func (s *splitter) handleLine(line []byte) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 {
		return
	}

	e, err := ParseEvent(line)
	if err == nil {
		s.handle(e)
		return
	}

	if s.other.Len() < maxOther {
		s.other.Write(line[:min(len(line), maxOther)])
		s.other.WriteByte('\n')
	}
}
