package demo

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/reliableq/reliableq/deploy/internal/flow"
	"github.com/reliableq/reliableq/deploy/internal/verdict"
)

// ledger is what the functions' logs say about one invocation of the producer and
// what became of its messages.
type ledger struct {
	request   string            // the producer's invocation
	current   map[string]string // the invocation under way, by log stream
	accepted  []string
	bad       []string
	processed []string
	replayed  []string
	refused   []verdict.Refused
	distinct  map[string]bool // accepted and processed at least once
	known     map[string]bool // accepted
}

func newLedger(request string) *ledger {
	return &ledger{request: request, current: map[string]string{}, distinct: map[string]bool{}, known: map[string]bool{}}
}

// entry is a structured line of any of the functions.
type entry struct {
	Msg    string   `json:"msg"`
	IDs    []string `json:"message_ids"`
	Bad    []string `json:"bad_message_ids"`
	ID     string   `json:"message_id"`
	Origin string   `json:"origin_message_id"`
	// Lambda's own lines, where a function's log format is JSON.
	Type   string `json:"type"`
	Record struct {
		RequestID string `json:"requestId"`
	} `json:"record"`
}

var startLine = regexp.MustCompile(`^START RequestId: (\S+)`)

// producer takes the next line of the producer's log. Of all its invocations only
// the one that was asked about counts.
func (l *ledger) producer(line flow.Line) {
	if m := startLine.FindStringSubmatch(line.Text); m != nil {
		l.current[line.Stream] = m[1]
		return
	}
	var e entry
	if json.Unmarshal([]byte(line.Text), &e) != nil {
		return
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
		l.known[id] = true
	}
}

// consumer takes the next line of the consumer's log.
func (l *ledger) consumer(line flow.Line) {
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

// retry takes the next line of a retry function's log.
func (l *ledger) retry(line flow.Line) {
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

// facts are the ledger's, with what the dead-letter queue holds.
func (l *ledger) facts(dead []flow.DeadLetter, wholeBatch bool) verdict.Facts {
	f := verdict.Facts{Accepted: l.accepted, Bad: l.bad, Processed: l.processed, Replayed: l.replayed, Refused: l.refused, WholeBatch: wholeBatch}
	for _, d := range dead {
		f.Dead = append(f.Dead, verdict.Dead{Origin: d.Origin, Replays: d.Replays})
	}
	return f
}

// progressed counts the run's messages that were processed, and its replays.
func (l *ledger) progressed() (processed, replays int) {
	for _, id := range l.processed {
		if l.known[id] {
			l.distinct[id] = true
		}
	}
	for _, id := range l.replayed {
		if l.known[id] {
			replays++
		}
	}
	return len(l.distinct), replays
}
