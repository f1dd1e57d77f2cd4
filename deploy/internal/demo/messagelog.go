package demo

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/reliableq/reliableq/deploy/internal/flow"
	"github.com/reliableq/reliableq/deploy/internal/verdict"
)

// messageLog collects from the functions' logs what happened to the messages of one
// invocation of the producer. The ids are of the first message, before any replay.
type messageLog struct {
	request     string            // request id of the producer's invocation
	current     map[string]string // request id of the invocation in progress, by log stream
	accepted    []string
	bad         []string
	processed   []string // an entry each time; includes messages of other runs
	replayed    []string // the same
	refused     []verdict.Refused
	isAccepted  map[string]bool // accepted, as a set
	isProcessed map[string]bool // accepted messages that were processed at least once
}

// newMessageLog returns a log of the messages of the producer's invocation with the given
// request id.
func newMessageLog(request string) *messageLog {
	return &messageLog{
		request:     request,
		current:     map[string]string{},
		isAccepted:  map[string]bool{},
		isProcessed: map[string]bool{},
	}
}

// entry is a structured log line of any of the functions.
type entry struct {
	Msg    string   `json:"msg"`
	IDs    []string `json:"message_ids"`
	Bad    []string `json:"bad_message_ids"`
	ID     string   `json:"message_id"`
	Origin string   `json:"origin_message_id"`
	// Type and Record are in Lambda's own lines, if the function's log format is JSON.
	Type   string `json:"type"`
	Record struct {
		RequestID string `json:"requestId"`
	} `json:"record"`
}

var startLine = regexp.MustCompile(`^START RequestId: (\S+)`)

// addProducer adds a line of the producer's log. Lines of other invocations are
// ignored.
func (l *messageLog) addProducer(line flow.Line) {
	// An execution environment runs one invocation after another: its stream has the lines
	// of one invocation between two START lines.
	if m := startLine.FindStringSubmatch(line.Text); m != nil {
		l.current[line.Stream] = m[1]
		return
	}

	var e entry
	if json.Unmarshal([]byte(line.Text), &e) != nil {
		return // not a structured line
	}
	if e.Type == "platform.start" {
		l.current[line.Stream] = e.Record.RequestID
	}
	if e.Msg != "accepted" || l.current[line.Stream] != l.request {
		return
	}

	l.accepted = append(l.accepted, e.IDs...)
	l.bad = append(l.bad, e.Bad...)
	for _, id := range e.IDs {
		l.isAccepted[id] = true
	}
}

// addConsumer adds a line of the consumer's log.
func (l *messageLog) addConsumer(line flow.Line) {
	var e entry
	if json.Unmarshal([]byte(line.Text), &e) != nil || e.Msg != "processed" {
		return
	}
	origin := e.Origin
	if origin == "" {
		origin = e.ID
	}
	l.processed = append(l.processed, origin)
}

// addRetry adds a line of a retry function's log.
func (l *messageLog) addRetry(line flow.Line) {
	var e entry
	if json.Unmarshal([]byte(line.Text), &e) != nil || e.Origin == "" {
		return
	}
	switch reason, refused := strings.CutPrefix(e.Msg, "replay: "); {
	case e.Msg == "replayed":
		l.replayed = append(l.replayed, e.Origin)
	case refused:
		l.refused = append(l.refused, verdict.Refused{Origin: e.Origin, Reason: reason})
	}
}

// facts returns what the log has, with the messages in the dead-letter queue.
func (l *messageLog) facts(dead []flow.DeadLetter, wholeBatch bool) verdict.Facts {
	f := verdict.Facts{
		Accepted:   l.accepted,
		Bad:        l.bad,
		Processed:  l.processed,
		Replayed:   l.replayed,
		Refused:    l.refused,
		WholeBatch: wholeBatch,
	}
	for _, d := range dead {
		f.Dead = append(f.Dead, verdict.Dead{Origin: d.Origin, Replays: d.Replays})
	}
	return f
}

// counts returns how many of the run's messages were processed, and the number of
// their replays.
func (l *messageLog) counts() (processed, replays int) {
	for _, id := range l.processed {
		if l.isAccepted[id] {
			l.isProcessed[id] = true
		}
	}
	for _, id := range l.replayed {
		if l.isAccepted[id] {
			replays++
		}
	}
	return len(l.isProcessed), replays
}
