package simulate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/reliableq/reliableq/functions/consumer/consume"
	"github.com/reliableq/reliableq/localaws/fault"
)

// The kinds of scenario that can be asked for.
const (
	// Mixed is any of the others, by lot.
	Mixed = "mixed"
	// Design has the queues and timings that a deployment has by default.
	Design = "design"
	// Calm draws everything but faults.
	Calm = "calm"
	// Faulty draws everything, and what is to go wrong.
	Faulty = "faults"
	// Crashing draws everything, and kills the server now and then.
	Crashing = "crashes"
)

// Kinds lists the kinds of scenario.
func Kinds() []string { return []string{Mixed, Design, Calm, Faulty, Crashing} }

// Scenario is all that a run follows from.
type Scenario struct {
	// Seed fixes ids, orders, jitter, durations and faults.
	Seed uint64 `json:"seed"`
	// Kind is what it was drawn as.
	Kind string `json:"kind"`
	// Messages is how many orders are sent.
	Messages int `json:"messages"`
	// BadShare is the share of orders that can never be processed, 0 to 1.
	BadShare float64 `json:"bad_share"`
	// HealShare is the share of the other orders that fail until they have been
	// replayed HealAfter times.
	HealShare float64 `json:"heal_share"`
	// HealAfter is that number; 0 without any.
	HealAfter int `json:"heal_after"`
	// Every is the time between two batches of ten that the producer sends.
	Every time.Duration `json:"every"`
	// Mode is per_message or whole_batch.
	Mode string `json:"mode"`
	// Idempotent gives the consumer an idempotency store.
	Idempotent bool `json:"idempotent"`
	// BatchSize is the mappings', from 1; above 10 it needs a Window.
	BatchSize int `json:"batch_size"`
	// Work is the longest that an invocation takes; each takes up to that.
	Work time.Duration `json:"work"`
	// Each is how long the consumer works on a message on average, beside Work:
	// half that to one and a half times, one message after the other.
	Each time.Duration `json:"each,omitempty"`
	// Timeout is the functions', in whole seconds.
	Timeout time.Duration `json:"timeout"`
	// Window is the batching window of the consumer's mapping, in whole seconds.
	Window time.Duration `json:"window,omitempty"`
	// Reserved is the consumer's reserved concurrency; 0 reserves none.
	Reserved int `json:"reserved,omitempty"`
	// MaxConcurrency bounds the consumer's mapping, from 2; 0 does not.
	MaxConcurrency int `json:"max_concurrency,omitempty"`
	// Stray is how many places behind send order a message may be received; 0
	// keeps to it.
	Stray int `json:"stray,omitempty"`
	// Source is the source queue.
	Source Queue `json:"source"`
	// Levels are the retry levels, in order.
	Levels []Level `json:"levels"`
	// Faults are the rules of what goes wrong, their times counted from the
	// start.
	Faults []Fault `json:"faults,omitempty"`
	// Crashes are when the server is killed, beside rules that kill it at calls.
	Crashes []Crash `json:"crashes,omitempty"`
}

// Queue is a queue with a mapping.
type Queue struct {
	// Delay is the delivery delay.
	Delay time.Duration `json:"delay"`
	// Visibility is the visibility timeout. Where it is below the function's
	// timeout, which a mapping refuses (LAM B18), it is lowered once the mapping
	// is made.
	Visibility time.Duration `json:"visibility"`
	// MaxReceives is after how many receives a message goes on.
	MaxReceives int `json:"max_receives"`
}

// Level is a retry level.
type Level struct {
	Queue
	// BatchSize is its mapping's; 0 means the scenario's.
	BatchSize int `json:"batch_size,omitempty"`
	// Timeout is its function's, in whole seconds; 0 means the scenario's.
	Timeout time.Duration `json:"timeout,omitempty"`
	// Attempts is how many replays this level adds.
	Attempts int `json:"attempts"`
	// Base and Cap shape the delay of a replay.
	Base time.Duration `json:"base"`
	Cap  time.Duration `json:"cap"`
}

// Fault is a rule whose times count from the start of the run.
type Fault struct {
	fault.Rule
	// For is how long it is in force.
	For time.Duration `json:"for"`
}

// receives is how often a message is received in each queue before it goes on.
func (s *Scenario) receives() map[string]int {
	most := map[string]int{source: s.Source.MaxReceives}
	for i, l := range s.Levels {
		most[levelName(i+1)] = l.MaxReceives
	}
	return most
}

// Draw makes a scenario of the given kind from a seed.
func Draw(kind string, seed uint64, messages int) (Scenario, error) {
	if !slices.Contains(Kinds(), kind) {
		return Scenario{}, fmt.Errorf("scenario %q: want one of %s", kind, strings.Join(Kinds(), ", "))
	}
	if messages < 1 {
		return Scenario{}, fmt.Errorf("messages %d: want 1 or more", messages)
	}
	d := draw{rand.New(rand.NewPCG(seed, 0x7363656e6172696f))}
	if kind == Mixed {
		kind = pick(d, Design, Calm, Calm, Faulty, Faulty, Faulty)
	}
	s := design(seed, kind, messages)
	switch kind {
	case Calm:
		d.calm(&s)
	case Faulty:
		d.calm(&s)
		d.faults(&s)
		if d.IntN(10) == 0 {
			d.crashes(&s)
		}
	case Crashing:
		d.calm(&s)
		if d.IntN(2) == 0 {
			d.faults(&s)
		}
		d.crashes(&s)
	}
	return s, nil
}

// design is the deployment's own shape.
func design(seed uint64, kind string, messages int) Scenario {
	return Scenario{
		Seed: seed, Kind: kind, Messages: messages, BadShare: 0.1, Every: 100 * time.Millisecond,
		Mode: consume.PerMessage, BatchSize: 5, Work: 500 * time.Millisecond, Timeout: 3 * time.Second,
		Source: Queue{Delay: 2 * time.Second, Visibility: 10 * time.Second, MaxReceives: 5},
		Levels: []Level{{
			Queue:    Queue{Delay: 10 * time.Second, Visibility: 10 * time.Second, MaxReceives: 3},
			Attempts: 3, Base: 2 * time.Second, Cap: 15 * time.Minute,
		}},
	}
}

// draw draws scenarios.
type draw struct{ *rand.Rand }

// between draws a whole number of [low, high].
func (d draw) between(low, high int) int { return low + d.IntN(high-low+1) }

// seconds draws a whole number of seconds of [low, high].
func (d draw) seconds(low, high int) time.Duration {
	return time.Duration(d.between(low, high)) * time.Second
}

func pick[T any](d draw, of ...T) T { return of[d.IntN(len(of))] }

// calm draws sizes, shares and timings. The visibility timeout is long enough for
// the work, as the project's Terraform demands.
func (d draw) calm(s *Scenario) {
	s.BadShare = pick(d, 0, 0.02, 0.1, 0.3, 1)
	s.Mode = pick(d, consume.PerMessage, consume.PerMessage, consume.WholeBatch)
	s.Idempotent = d.IntN(2) == 0
	s.BatchSize = d.between(1, 10)
	s.Every = time.Duration(d.between(0, 2000)) * time.Millisecond
	s.Timeout = d.seconds(1, 10)
	s.Work = time.Duration(d.Float64() * float64(s.Timeout))
	s.Source = d.queue(s.Timeout)
	s.Levels = nil
	budget := 0
	for range d.between(1, 3) {
		l := Level{Queue: d.queue(s.Timeout), Attempts: d.between(0, 3), Base: d.seconds(0, 60)}
		l.Cap = l.Base * time.Duration(d.between(1, 64))
		l.Cap = min(l.Cap, 15*time.Minute)
		s.Levels = append(s.Levels, l)
		budget += l.Attempts
	}
	if budget > 0 && d.IntN(2) == 0 {
		s.HealShare, s.HealAfter = pick(d, 0.05, 0.5), d.between(1, budget)
	}
	s.Stray = pick(d, 0, 0, 5, 100)
}

func (d draw) queue(timeout time.Duration) Queue {
	return Queue{
		Delay: d.seconds(0, 20), MaxReceives: d.between(1, 6),
		Visibility: timeout*time.Duration(d.between(2, 6)) + d.seconds(1, 10),
	}
}

// multiplies reports whether a fault has work done and not counted, or its message
// not deleted, so that each strike makes duplicates: were there no end of it, they
// would multiply with each replay.
func multiplies(r fault.Rule) bool {
	return r.Kind == fault.LoseReply || r.Operation == "DeleteMessageBatch" || r.Service != "sqs" && r.Kind != fault.Throttle && r.Kind != fault.Unavailable
}

// faults draws what is to go wrong, and for how long.
func (d draw) faults(s *Scenario) {
	calls := []fault.Rule{
		{Service: "sqs", Operation: "SendMessageBatch"}, {Service: "sqs", Operation: "ReceiveMessage"},
		{Service: "sqs", Operation: "DeleteMessageBatch"}, {Service: "sqs"}, {Service: "lambda", Operation: "Invoke"},
	}
	for range d.between(1, 4) {
		var r fault.Rule
		if d.IntN(2) == 0 {
			r = calls[d.IntN(len(calls))]
			r.Kind = pick(d, fault.Throttle, fault.Unavailable, fault.LoseReply, fault.ExpiredCredential)
		} else {
			r.Kind = pick(d, fault.ShortReceive, fault.Reorder, fault.DeliverTwice, fault.CrashBefore, fault.CrashDuring,
				fault.CrashDuring, fault.CrashAfter, fault.TimeOut, fault.OutOfMemory, fault.LeakMemory)
		}
		if r.Kind == fault.LeakMemory {
			r.MB = d.between(1, 128) // of 128
		}
		r.Probability = pick(d, 0.02, 0.1, 0.3, 1)
		if d.IntN(4) == 0 || r.Probability == 1 && multiplies(r) {
			r.Count = d.between(1, 20)
		}
		s.Faults = append(s.Faults, Fault{Rule: r, For: d.seconds(10, 1800)})
	}
}

// crashes draws when the server is killed: between events, at a write, or at a
// call.
func (d draw) crashes(s *Scenario) {
	calls := []fault.Rule{
		{Service: "sqs", Operation: "SendMessageBatch"}, {Service: "sqs", Operation: "ReceiveMessage"},
		{Service: "sqs", Operation: "DeleteMessageBatch"}, {Service: "sqs"}, {Service: "lambda", Operation: "Invoke"},
	}
	for range d.between(1, 3) {
		switch d.IntN(3) {
		case 0:
			s.Crashes = append(s.Crashes, Crash{After: d.seconds(0, pick(d, 10, 100, 1000)) + time.Duration(1+d.IntN(1e9))})
		case 1:
			s.Crashes = append(s.Crashes, Crash{Write: d.between(1, pick(d, 20, 200))})
		default:
			r := pick(d, calls...)
			r.Kind, r.Probability, r.Count = fault.Kill, pick(d, 0.02, 0.1, 1), d.between(1, 3)
			s.Faults = append(s.Faults, Fault{Rule: r, For: d.seconds(10, 1800)})
		}
	}
}
