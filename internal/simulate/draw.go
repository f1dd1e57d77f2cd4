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

// Draw returns a scenario of the given kind, drawn from a seed.
func Draw(kind string, seed uint64, messages int) (Scenario, error) {
	if !slices.Contains(Kinds(), kind) {
		return Scenario{}, fmt.Errorf("scenario %q: want one of %s", kind, strings.Join(Kinds(), ", "))
	}
	if messages < 1 {
		return Scenario{}, fmt.Errorf("messages %d: want 1 or more", messages)
	}

	// The second word selects another random sequence than those of Run, which has the
	// same seed.
	d := drawer{rand.New(rand.NewPCG(seed, 0x7363656e6172696f))}
	if kind == Mixed {
		kind = pick(d, Design, Calm, Calm, Faulty, Faulty, Faulty)
	}

	s := design(seed, kind, messages)
	switch kind {
	case Calm:
		d.drawCalm(&s)
	case Faulty:
		d.drawCalm(&s)
		d.drawFaults(&s)
		if d.IntN(10) == 0 {
			d.drawCrashes(&s)
		}
	case Crashing:
		d.drawCalm(&s)
		if d.IntN(2) == 0 {
			d.drawFaults(&s)
		}
		d.drawCrashes(&s)
	}
	return s, nil
}

// drawer draws the parts of a scenario. The sequence of draws is part of what a
// seed means: a draw that is added or moved changes every scenario.
type drawer struct{ *rand.Rand }

// between returns a random integer from low to high.
func (d drawer) between(low, high int) int { return low + d.IntN(high-low+1) }

// seconds returns a random number of whole seconds from low to high.
func (d drawer) seconds(low, high int) time.Duration {
	return time.Duration(d.between(low, high)) * time.Second
}

// pick returns one of its arguments.
func pick[T any](d drawer, of ...T) T { return of[d.IntN(len(of))] }

// drawCalm draws sizes, shares and timings. The visibility timeout is long enough
// for the work, as the project's Terraform requires.
func (d drawer) drawCalm(s *Scenario) {
	s.BadShare = pick(d, 0, 0.02, 0.1, 0.3, 1)
	s.Mode = pick(d, consume.PerMessage, consume.PerMessage, consume.WholeBatch)
	s.Idempotent = d.IntN(2) == 0
	s.BatchSize = d.between(1, 10)
	s.Every = time.Duration(d.between(0, 2000)) * time.Millisecond
	s.Timeout = d.seconds(1, 10)
	s.Work = time.Duration(d.Float64() * float64(s.Timeout))
	s.Source = d.queue(s.Timeout)

	s.Levels = nil
	for range d.between(1, 3) {
		l := Level{
			Queue:    d.queue(s.Timeout),
			Attempts: d.between(0, 3),
			Base:     d.seconds(0, 60),
		}
		l.Cap = min(l.Base*time.Duration(d.between(1, 64)), 15*time.Minute)
		s.Levels = append(s.Levels, l)
	}

	// An order can recover only within the replays that the levels allow.
	if n := s.maxReplays(); n > 0 && d.IntN(2) == 0 {
		s.RecoverShare = pick(d, 0.05, 0.5)
		s.RecoverAfter = d.between(1, n)
	}
	s.MaxReorder = pick(d, 0, 0, 5, 100)
}

func (d drawer) queue(timeout time.Duration) Queue {
	return Queue{
		Delay:       d.seconds(0, 20),
		MaxReceives: d.between(1, 6),
		Visibility:  timeout*time.Duration(d.between(2, 6)) + d.seconds(1, 10),
	}
}

// calls returns rules for the calls at which faults are injected. Their kind is
// not set.
func calls() []fault.Rule {
	return []fault.Rule{
		{Service: "sqs", Operation: "SendMessageBatch"},
		{Service: "sqs", Operation: "ReceiveMessage"},
		{Service: "sqs", Operation: "DeleteMessageBatch"},
		{Service: "sqs"},
		{Service: "lambda", Operation: "Invoke"},
	}
}

// duplicates reports whether each injection of a fault duplicates messages: work was
// done and its result was lost, or its message was not deleted. Such a fault needs a
// limit, because the number of duplicates would grow with each replay.
func duplicates(r fault.Rule) bool {
	switch {
	case r.Kind == fault.LoseReply, r.Operation == "DeleteMessageBatch":
		return true
	case r.Service == "sqs":
		return false
	}
	return r.Kind != fault.Throttle && r.Kind != fault.Unavailable
}

// drawnKinds returns the kinds of faults that drawFaults draws: those that apply to any
// call, and those that apply to one operation only.
func drawnKinds() (ofCalls, others []fault.Kind) {
	for _, k := range fault.Kinds() {
		switch {
		case k == fault.Slow: // delays responses, and in memory nothing waits for one
		case k == fault.Kill: // drawn by drawCrashes
		case k.AppliesToAnyCall():
			ofCalls = append(ofCalls, k)
		case k == fault.CrashDuring:
			others = append(others, k, k) // twice: it has the most kill points
		default:
			others = append(others, k)
		}
	}
	return ofCalls, others
}

// drawFaults draws one to four faults and how long each is in force.
func (d drawer) drawFaults(s *Scenario) {
	ofCalls, others := drawnKinds()
	for range d.between(1, 4) {
		var r fault.Rule
		if d.IntN(2) == 0 {
			r = calls()[d.IntN(len(calls()))]
			r.Kind = pick(d, ofCalls...)
		} else {
			r.Kind = pick(d, others...)
		}

		if r.Kind == fault.LeakMemory {
			r.MB = d.between(1, 128) // a function has 128 MB
		}
		r.Probability = pick(d, 0.02, 0.1, 0.3, 1)
		if d.IntN(4) == 0 || r.Probability == 1 && duplicates(r) {
			r.Count = d.between(1, 20)
		}
		s.Faults = append(s.Faults, Fault{Rule: r, For: d.seconds(10, 1800)})
	}
}

// drawCrashes draws one to three crashes: between events, at a write, or at a
// call.
func (d drawer) drawCrashes(s *Scenario) {
	for range d.between(1, 3) {
		switch d.IntN(3) {
		case 0:
			after := d.seconds(0, pick(d, 10, 100, 1000)) + time.Duration(1+d.IntN(1e9))
			s.Crashes = append(s.Crashes, Crash{After: after})
		case 1:
			s.Crashes = append(s.Crashes, Crash{Write: d.between(1, pick(d, 20, 200))})
		default:
			r := pick(d, calls()...)
			r.Kind = fault.Kill
			r.Probability = pick(d, 0.02, 0.1, 1)
			r.Count = d.between(1, 3)
			s.Faults = append(s.Faults, Fault{Rule: r, For: d.seconds(10, 1800)})
		}
	}
}
