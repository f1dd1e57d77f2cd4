package simulate

import (
	"time"

	"github.com/reliableq/reliableq/functions/consumer/consume"
	"github.com/reliableq/reliableq/localaws/fault"
)

// The kinds of scenario that [Draw] knows.
const (
	// Mixed is Design, Calm or Faulty, chosen by the seed.
	Mixed = "mixed"
	// Design has the queues and timings of a deployment with default settings.
	Design = "design"
	// Calm draws everything except faults.
	Calm = "calm"
	// Faulty draws everything, faults included.
	Faulty = "faults"
	// Crashing draws everything, and when the server is killed.
	Crashing = "crashes"
)

// Kinds returns the kinds of scenario.
func Kinds() []string { return []string{Mixed, Design, Calm, Faulty, Crashing} }

// Scenario determines a run completely.
type Scenario struct {
	// Seed determines ids, orders, jitter, durations and faults.
	Seed uint64 `json:"seed"`
	// Kind is the kind of scenario that was drawn.
	Kind string `json:"kind"`
	// Messages is the number of orders that the producer sends.
	Messages int `json:"messages"`
	// BadShare is the share of orders that can never be processed, 0 to 1.
	BadShare float64 `json:"bad_share"`
	// RecoverShare is the share of the other orders that recover: they fail until they
	// have been replayed RecoverAfter times, and then succeed.
	RecoverShare float64 `json:"heal_share"`
	// RecoverAfter is the number of replays after which such an order succeeds; 0 if no
	// order recovers.
	RecoverAfter int `json:"heal_after"`
	// Every is the time between two batches of ten that the producer sends.
	Every time.Duration `json:"every"`
	// Mode is per_message or whole_batch.
	Mode string `json:"mode"`
	// Idempotent gives the consumer an idempotency store.
	Idempotent bool `json:"idempotent"`
	// BatchSize is the batch size of the mappings, 1 or more; above 10 it needs
	// a Window.
	BatchSize int `json:"batch_size"`
	// Work is the longest time that an invocation takes; each draws a time from
	// 0 to Work.
	Work time.Duration `json:"work"`
	// Each is the mean time that the consumer takes for one message, in addition
	// to Work. Each message draws 0.5 to 1.5 times that, one after the other.
	Each time.Duration `json:"each,omitempty"`
	// Timeout is the timeout of the functions, in whole seconds.
	Timeout time.Duration `json:"timeout"`
	// Window is the batching window of the consumer's mapping, in whole seconds.
	Window time.Duration `json:"window,omitempty"`
	// Reserved is the consumer's reserved concurrency; 0 reserves none.
	Reserved int `json:"reserved,omitempty"`
	// MaxConcurrency is the maximum concurrency of the consumer's mapping, 2 or
	// more; 0 sets no maximum.
	MaxConcurrency int `json:"max_concurrency,omitempty"`
	// MaxReorder is the largest number of positions behind its send position at
	// which a message is received; 0 keeps the send order.
	MaxReorder int `json:"stray,omitempty"`
	// Source is the source queue.
	Source Queue `json:"source"`
	// Levels are the retry levels, the first one first.
	Levels []Level `json:"levels"`
	// Faults are the rules of the faults to inject.
	Faults []Fault `json:"faults,omitempty"`
	// Crashes are the times at which the server is killed. Faults of kind kill
	// kill it at calls.
	Crashes []Crash `json:"crashes,omitempty"`
}

// Queue configures a queue that has a mapping.
type Queue struct {
	// Delay is the delivery delay.
	Delay time.Duration `json:"delay"`
	// Visibility is the visibility timeout. AWS refuses a mapping to a queue
	// whose visibility timeout is below the function's timeout (LAM B18), so
	// such a value is set after the mapping was created.
	Visibility time.Duration `json:"visibility"`
	// MaxReceives is the maxReceiveCount of the redrive policy.
	MaxReceives int `json:"max_receives"`
}

// Level is a retry level.
type Level struct {
	Queue
	// BatchSize is the batch size of the level's mapping; 0 means the scenario's.
	BatchSize int `json:"batch_size,omitempty"`
	// Timeout is the timeout of the level's function, in whole seconds; 0 means
	// the scenario's.
	Timeout time.Duration `json:"timeout,omitempty"`
	// Attempts is the number of replays that this level adds.
	Attempts int `json:"attempts"`
	// Base and Cap are the base and the cap of the delay before a replay.
	Base time.Duration `json:"base"`
	Cap  time.Duration `json:"cap"`
}

// Fault is a rule that is in force from the start of the run.
type Fault struct {
	fault.Rule
	// For is how long the rule is in force.
	For time.Duration `json:"for"`
}

// Crash is a moment at which the embedded AWS is killed.
type Crash struct {
	// After kills it between two events, at this time since the start of the run;
	// 0 if Write is set.
	After time.Duration `json:"after,omitempty"`
	// Write kills it at a write to the store, counted from the server's last
	// start. That write and everything after it is lost. 0 if After is set.
	Write int `json:"write,omitempty"`
}

// design returns a scenario with the defaults of a deployment.
func design(seed uint64, kind string, messages int) Scenario {
	return Scenario{
		Seed:      seed,
		Kind:      kind,
		Messages:  messages,
		BadShare:  0.1,
		Every:     100 * time.Millisecond,
		Mode:      consume.PerMessage,
		BatchSize: 5,
		Work:      500 * time.Millisecond,
		Timeout:   3 * time.Second,
		Source: Queue{
			Delay:       2 * time.Second,
			Visibility:  10 * time.Second,
			MaxReceives: 5,
		},
		Levels: []Level{{
			Queue: Queue{
				Delay:       10 * time.Second,
				Visibility:  10 * time.Second,
				MaxReceives: 3,
			},
			Attempts: 3,
			Base:     2 * time.Second,
			Cap:      15 * time.Minute,
		}},
	}
}

// maxReceives returns the maxReceiveCount of each queue by its name.
func (s *Scenario) maxReceives() map[string]int {
	most := map[string]int{source: s.Source.MaxReceives}
	for i, l := range s.Levels {
		most[levelName(i+1)] = l.MaxReceives
	}
	return most
}

// maxReplays returns the number of replays that a message may have on all levels.
func (s *Scenario) maxReplays() int {
	n := 0
	for _, l := range s.Levels {
		n += l.Attempts
	}
	return n
}
