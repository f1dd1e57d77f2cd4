// Package verdict judges a run of the flow by what is in the queues and logs. It
// is a pure computation: facts in, verdict out. What was expected plays no part
// in the counts.
package verdict

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Facts are what was seen of one run. Ids of messages that the run did not send
// are ignored: a queue may hold messages of earlier runs.
type Facts struct {
	// Accepted are the ids that SQS gave the messages it accepted, as the producer
	// logged them.
	Accepted []string
	// Bad are those of Accepted that the producer made bad.
	Bad []string
	// Processed has the origin id of each time that the consumer processed a
	// message.
	Processed []string
	// Replayed has the origin id of each time that a message was replayed.
	Replayed []string
	// Refused are the replays that a retry function tried and that SQS refused.
	Refused []Refused
	// Dead are the messages in the dead-letter queue.
	Dead []Dead
	// WholeBatch says that the flow lets one bad message fail its whole batch, so
	// that good ones in the dead-letter queue are no fault of the system.
	WholeBatch bool
}

// Refused is a replay that SQS did not accept.
type Refused struct {
	// Origin is the id of the first message, before any replay.
	Origin string
	// Reason is what the retry function logged, such as AccessDenied.
	Reason string
}

// Dead is a message in the dead-letter queue.
type Dead struct {
	// Origin is the id of the first message, before any replay.
	Origin string
	// Replays is the replay count that the message carries.
	Replays int
}

// Verdict is the judgement of one run. Each message that was sent is counted once
// in processed, dead_lettered or lost.
type Verdict struct {
	// Sent is the number of messages that SQS accepted.
	Sent int `json:"sent"`
	// Bad is how many of them were bad.
	Bad int `json:"bad"`
	// Processed is the number of messages that were processed and did not end in
	// the dead-letter queue.
	Processed int `json:"processed"`
	// DeadLettered is the number of messages that ended in the dead-letter queue.
	DeadLettered int `json:"dead_lettered"`
	// DeadLetteredGood is how many of those were good.
	DeadLetteredGood int `json:"dead_lettered_good"`
	// Lost is the number of messages that are neither.
	Lost int `json:"lost"`
	// Duplicates is the number of ends beyond the first that messages came to:
	// processed twice, or processed and dead-lettered.
	Duplicates int `json:"duplicates"`
	// Replays is the most replays that a dead-lettered message had.
	Replays int `json:"replays"`
	// ReplaysLeast is the fewest.
	ReplaysLeast int `json:"replays_least"`
	// ReplaysTotal is the number of replays of all messages.
	ReplaysTotal int `json:"replays_total"`
	// ReplayedGood is the number of good messages that were replayed: dragged along
	// by bad neighbours, or delivered while they could not be processed.
	ReplayedGood int `json:"replayed_good"`
	// BadProcessed is the number of bad messages that were processed all the same.
	BadProcessed int `json:"bad_processed"`
	// Faults say in words what is wrong; none means a good verdict.
	Faults []string `json:"faults"`
}

// silentConsumer explains messages that count as lost because nobody told of them:
// a consumer in place of ours may do all that it should but for the telling.
const silentConsumer = `the consumer's log tells of no message that it processed: ` +
	`a consumer of your own must log a line for each, {"msg":"processed","message_id":"...","origin_message_id":"..."}`

// fate is what became of one message.
type fate struct {
	bad       bool
	processed int
	dead      int
	replays   int
	replayed  bool
}

// Judge computes the verdict.
func Judge(f Facts) Verdict {
	fates := make(map[string]*fate, len(f.Accepted))
	for _, id := range f.Accepted {
		fates[id] = &fate{}
	}
	of := func(id string) *fate {
		if known := fates[id]; known != nil {
			return known
		}
		return &fate{} // of another run
	}
	for _, id := range f.Bad {
		of(id).bad = true
	}
	for _, id := range f.Processed {
		of(id).processed++
	}
	for _, d := range f.Dead {
		m := of(d.Origin)
		m.dead++
		m.replays = max(m.replays, d.Replays)
	}
	v := Verdict{Sent: len(fates), ReplaysLeast: -1, Faults: []string{}}
	for _, m := range fates {
		v.count(m)
	}
	for _, id := range f.Replayed {
		m := fates[id]
		if m == nil {
			continue
		}
		v.ReplaysTotal++
		if !m.bad && !m.replayed {
			m.replayed = true
			v.ReplayedGood++
		}
	}
	v.ReplaysLeast = max(v.ReplaysLeast, 0)
	v.blame(f.WholeBatch)
	v.blameReplays(f.Refused, fates)
	if v.Lost > 0 && !slices.ContainsFunc(f.Processed, func(id string) bool { return fates[id] != nil }) {
		v.Faults = append(v.Faults, silentConsumer)
	}
	return v
}

// count adds one message.
func (v *Verdict) count(m *fate) {
	if m.bad {
		v.Bad++
	}
	v.Duplicates += max(0, m.processed+m.dead-1)
	if m.bad && m.processed > 0 {
		v.BadProcessed++
	}
	switch {
	case m.dead > 0:
		v.DeadLettered++
		if !m.bad {
			v.DeadLetteredGood++
		}
		v.Replays = max(v.Replays, m.replays)
		if v.ReplaysLeast < 0 || m.replays < v.ReplaysLeast {
			v.ReplaysLeast = m.replays
		}
	case m.processed > 0:
		v.Processed++
	default:
		v.Lost++
	}
}

// blame names what is wrong. A duplicate is none: a standard queue delivers at
// least once.
func (v *Verdict) blame(wholeBatch bool) {
	fault := func(n int, one, many string) {
		switch {
		case n == 1:
			v.Faults = append(v.Faults, "1 "+one)
		case n > 1:
			v.Faults = append(v.Faults, fmt.Sprintf("%d %s", n, many))
		}
	}
	if v.Sent == 0 {
		v.Faults = append(v.Faults, "nothing was sent")
	}
	fault(v.Lost, "message was lost", "messages were lost")
	fault(v.BadProcessed, "bad message was processed", "bad messages were processed")
	if !wholeBatch {
		fault(v.DeadLetteredGood, "good message was dead-lettered", "good messages were dead-lettered")
	}
}

// blameReplays names the messages that were dead-lettered though their replays were
// not used up, with the first reason. One that SQS took in the end is no fault.
func (v *Verdict) blameReplays(refused []Refused, fates map[string]*fate) {
	first, stuck := "", map[string]bool{}
	for _, r := range refused {
		if m := fates[r.Origin]; m != nil && m.dead > 0 && m.replays == 0 {
			stuck[r.Origin] = true
			if first == "" {
				first = r.Reason
			}
		}
	}
	switch n := len(stuck); {
	case n == 1:
		v.Faults = append(v.Faults, "1 message was dead-lettered because it could not be replayed: "+first)
	case n > 1:
		v.Faults = append(v.Faults, fmt.Sprintf("%d messages were dead-lettered because they could not be replayed: %s", n, first))
	}
}

// Good reports whether nothing is wrong.
func (v Verdict) Good() bool { return len(v.Faults) == 0 }

// Line is the verdict in one line. took is how long everything took, as people
// read it.
func (v Verdict) Line(took string) string {
	parts := []string{
		fmt.Sprintf("sent %d", v.Sent), fmt.Sprintf("bad %d", v.Bad), fmt.Sprintf("processed %d", v.Processed),
		fmt.Sprintf("dead-lettered %d (good %d)", v.DeadLettered, v.DeadLetteredGood), fmt.Sprintf("lost %d", v.Lost),
		fmt.Sprintf("duplicates %d", v.Duplicates), v.replays(), took,
	}
	return strings.Join(parts, " · ")
}

// Dragged says in one line what a whole batch's failure did to good messages. It
// is empty when it did nothing to them.
func (v Verdict) Dragged() string {
	if v.ReplayedGood == 0 && v.DeadLetteredGood == 0 && v.Duplicates == 0 {
		return ""
	}
	return fmt.Sprintf("dragged along by bad neighbours: good messages replayed %d, dead-lettered %d, processed again %d times",
		v.ReplayedGood, v.DeadLetteredGood, v.Duplicates)
}

func (v Verdict) replays() string {
	switch {
	case v.DeadLettered == 0:
		return fmt.Sprintf("%d replays", v.ReplaysTotal)
	case v.ReplaysLeast != v.Replays:
		return fmt.Sprintf("%d to %d replays each", v.ReplaysLeast, v.Replays)
	case v.Replays == 1:
		return "1 replay each"
	}
	return fmt.Sprintf("%d replays each", v.Replays)
}

// Seconds is how long the parts of a demo took. Deploy and run overlap, so that
// the parts may add up to more than the total.
type Seconds struct {
	// Build is the time to build and zip the functions.
	Build float64 `json:"build"`
	// Deploy is the time from the start of the deployment to its confirmed end.
	Deploy float64 `json:"deploy"`
	// Run is the time from the producer's invocation until all was at rest.
	Run float64 `json:"run"`
	// Total is the time of everything.
	Total float64 `json:"total"`
}

// Round gives the time in seconds, to the millisecond.
func Round(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }
