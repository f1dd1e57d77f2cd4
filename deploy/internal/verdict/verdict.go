// Package verdict computes the verdict on a run of the flow from the content of its
// queues and logs. It has no state and no side effects. All counts are computed from
// what was observed, never from what was expected.
package verdict

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Facts are the observations of one run. Ids of messages that the run did not send are
// ignored, because a queue may hold messages of earlier runs.
type Facts struct {
	// Accepted has the ids of the messages that SQS accepted, from the producer's
	// log.
	Accepted []string
	// Bad has the ids in Accepted of bad messages.
	Bad []string
	// Processed has an origin id for each time that the consumer processed a
	// message.
	Processed []string
	// Replayed has an origin id for each time that a message was replayed.
	Replayed []string
	// Refused are the replays that SQS refused.
	Refused []Refused
	// Dead are the messages in the dead-letter queue.
	Dead []Dead
	// WholeBatch is set if one bad message fails its whole batch, so that good
	// messages in the dead-letter queue are expected.
	WholeBatch bool
}

// Refused is a replay that SQS did not accept.
type Refused struct {
	// Origin is the message id from the first send, before any replay.
	Origin string
	// Reason is the error that the retry function logged, such as AccessDenied.
	Reason string
}

// Dead is a message in the dead-letter queue.
type Dead struct {
	// Origin is the message id from the first send, before any replay.
	Origin string
	// Replays is the message's replay count.
	Replays int
}

// Verdict is the verdict on one run. Each message that was sent is counted in exactly
// one of Processed, DeadLettered and Lost.
type Verdict struct {
	// Sent is the number of messages that SQS accepted.
	Sent int `json:"sent"`
	// Bad is the number of bad ones.
	Bad int `json:"bad"`
	// Processed is the number of messages that were processed and not dead-lettered.
	Processed int `json:"processed"`
	// DeadLettered is the number of messages in the dead-letter queue.
	DeadLettered int `json:"dead_lettered"`
	// DeadLetteredGood is the number of good ones among them.
	DeadLetteredGood int `json:"dead_lettered_good"`
	// Lost is the number of messages that were neither processed nor dead-lettered.
	Lost int `json:"lost"`
	// Duplicates is the number of times that a message was processed or dead-lettered
	// after the first.
	Duplicates int `json:"duplicates"`
	// MaxReplays is the largest number of replays of a dead-lettered message.
	MaxReplays int `json:"replays"`
	// MinReplays is the smallest number of replays of a dead-lettered message.
	MinReplays int `json:"replays_least"`
	// TotalReplays is the number of replays of all messages.
	TotalReplays int `json:"replays_total"`
	// ReplayedGood is the number of good messages that were replayed, because another
	// message failed their batch, or because they could not be processed for a time.
	ReplayedGood int `json:"replayed_good"`
	// BadProcessed is the number of bad messages that were processed.
	BadProcessed int `json:"bad_processed"`
	// Problems has a sentence for each thing that is wrong. It is empty for a good
	// verdict.
	Problems []string `json:"faults"`
}

// nothingProcessed explains lost messages if the consumer logged no processed message:
// another consumer than the project's may process messages without logging them.
const nothingProcessed = `the consumer's log has no processed message: ` +
	`your own consumer must log a line for each, {"msg":"processed","message_id":"...","origin_message_id":"..."}`

// outcome is what happened to one message.
type outcome struct {
	bad       bool
	processed int
	dead      int
	replays   int
	replayed  bool
}

// Judge computes the verdict.
func Judge(f Facts) Verdict {
	outcomes := make(map[string]*outcome, len(f.Accepted))
	for _, id := range f.Accepted {
		outcomes[id] = &outcome{}
	}

	get := func(id string) *outcome {
		if known := outcomes[id]; known != nil {
			return known
		}
		return &outcome{} // a message of another run: not counted
	}

	// What happened to each message.
	for _, id := range f.Bad {
		get(id).bad = true
	}
	for _, id := range f.Processed {
		get(id).processed++
	}
	for _, d := range f.Dead {
		m := get(d.Origin)
		m.dead++
		m.replays = max(m.replays, d.Replays)
	}

	// The counts.
	v := Verdict{
		Sent:       len(outcomes),
		MinReplays: -1,
		Problems:   []string{},
	}
	for _, m := range outcomes {
		v.count(m)
	}

	for _, id := range f.Replayed {
		m := outcomes[id]
		if m == nil {
			continue
		}
		v.TotalReplays++
		if !m.bad && !m.replayed {
			m.replayed = true
			v.ReplayedGood++
		}
	}

	// What is wrong.
	v.MinReplays = max(v.MinReplays, 0)
	v.addProblems(f.WholeBatch)
	v.addReplayProblems(f.Refused, outcomes)
	if v.Lost > 0 && !slices.ContainsFunc(f.Processed, func(id string) bool { return outcomes[id] != nil }) {
		v.Problems = append(v.Problems, nothingProcessed)
	}
	return v
}

// count adds one message.
func (v *Verdict) count(m *outcome) {
	if m.bad {
		v.Bad++
	}
	v.Duplicates += max(0, m.processed+m.dead-1)
	if m.bad && m.processed > 0 {
		v.BadProcessed++
	}

	// A message that was processed and dead-lettered counts as dead-lettered.
	switch {
	case m.dead > 0:
		v.DeadLettered++
		if !m.bad {
			v.DeadLetteredGood++
		}
		v.MaxReplays = max(v.MaxReplays, m.replays)
		if v.MinReplays < 0 || m.replays < v.MinReplays {
			v.MinReplays = m.replays
		}
	case m.processed > 0:
		v.Processed++
	default:
		v.Lost++
	}
}

// addProblems adds what is wrong. Duplicates are not: a standard queue delivers at
// least once.
func (v *Verdict) addProblems(wholeBatch bool) {
	add := func(n int, one, many string) {
		switch {
		case n == 1:
			v.Problems = append(v.Problems, "1 "+one)
		case n > 1:
			v.Problems = append(v.Problems, fmt.Sprintf("%d %s", n, many))
		}
	}

	if v.Sent == 0 {
		v.Problems = append(v.Problems, "nothing was sent")
	}

	add(v.Lost, "message was lost", "messages were lost")
	add(v.BadProcessed, "bad message was processed", "bad messages were processed")
	if !wholeBatch {
		add(v.DeadLetteredGood, "good message was dead-lettered", "good messages were dead-lettered")
	}
}

// addReplayProblems adds the messages that were dead-lettered without a replay because
// SQS refused it, with the first reason. A replay that SQS accepted later is not a
// problem.
func (v *Verdict) addReplayProblems(refused []Refused, outcomes map[string]*outcome) {
	first := ""
	notReplayed := map[string]bool{}
	for _, r := range refused {
		if m := outcomes[r.Origin]; m != nil && m.dead > 0 && m.replays == 0 {
			notReplayed[r.Origin] = true
			if first == "" {
				first = r.Reason
			}
		}
	}

	switch n := len(notReplayed); {
	case n == 1:
		v.Problems = append(v.Problems, "1 message was dead-lettered because it could not be replayed: "+first)
	case n > 1:
		v.Problems = append(v.Problems, fmt.Sprintf("%d messages were dead-lettered because they could not be replayed: %s", n, first))
	}
}

// Good reports whether nothing is wrong.
func (v Verdict) Good() bool { return len(v.Problems) == 0 }

// Line returns the verdict in one line. took is the formatted time of the whole run.
func (v Verdict) Line(took string) string {
	parts := []string{
		fmt.Sprintf("sent %d", v.Sent), fmt.Sprintf("bad %d", v.Bad), fmt.Sprintf("processed %d", v.Processed),
		fmt.Sprintf("dead-lettered %d (good %d)", v.DeadLettered, v.DeadLetteredGood), fmt.Sprintf("lost %d", v.Lost),
		fmt.Sprintf("duplicates %d", v.Duplicates), v.replays(), took,
	}
	return strings.Join(parts, " · ")
}

// WholeBatchEffect returns a line with the effect of whole-batch failures on good messages. It
// is empty if there was none.
func (v Verdict) WholeBatchEffect() string {
	if v.ReplayedGood == 0 && v.DeadLetteredGood == 0 && v.Duplicates == 0 {
		return ""
	}
	return fmt.Sprintf("failed because of bad messages in their batch: good messages replayed %d, dead-lettered %d, processed again %d times",
		v.ReplayedGood, v.DeadLetteredGood, v.Duplicates)
}

// replays returns the number of replays as text.
func (v Verdict) replays() string {
	switch {
	case v.DeadLettered == 0:
		return fmt.Sprintf("%d replays", v.TotalReplays)
	case v.MinReplays != v.MaxReplays:
		return fmt.Sprintf("%d to %d replays each", v.MinReplays, v.MaxReplays)
	case v.MaxReplays == 1:
		return "1 replay each"
	}
	return fmt.Sprintf("%d replays each", v.MaxReplays)
}

// Seconds are the durations of the parts of a demo. Deploy and Run overlap, so their
// sum may exceed Total.
type Seconds struct {
	// Build is the time to build and zip the functions.
	Build float64 `json:"build"`
	// Deploy is the time until the deployment was confirmed.
	Deploy float64 `json:"deploy"`
	// Run is the time from the producer's invocation until no message moved.
	Run float64 `json:"run"`
	// Total is the time of the whole demo.
	Total float64 `json:"total"`
}

// InSeconds returns d in seconds, rounded down to milliseconds.
func InSeconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }
