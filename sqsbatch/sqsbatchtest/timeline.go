package sqsbatchtest

import (
	"fmt"
	"strings"
)

// Fault is the fault that is injected into an invocation.
type Fault int

const (
	// NoFault injects nothing: the response arrives.
	NoFault Fault = iota
	// Crash ends the environment at one of the fault points that the invocation
	// reaches, or, if it reaches fewer, after the work and before the response.
	Crash
	// Deadline waits at one of those fault points until its context ends, as a call
	// does that hangs and observes its context.
	Deadline
	// CallError lets a [Call] return [ErrCall]: the first one from the fault point At
	// on.
	CallError
	// CallHang lets such a Call never return, whatever its context. The function times
	// out.
	CallHang

	faultCount
)

// faultNames are the names of the constants.
var faultNames = [faultCount]string{"NoFault", "Crash", "Deadline", "CallError", "CallHang"}

// Step is one invocation.
type Step struct {
	// Batch has the indices of the delivered messages in the argument of Explore, in
	// the order of their delivery. A message may be delivered again though it is
	// done.
	Batch []int
	// Cold starts a new environment. Otherwise the last one is reused, unless it
	// has crashed.
	Cold bool
	// Poisoned delivers a message that panics with the batch. It stays in the queue,
	// and is delivered again with the rest at the end.
	Poisoned bool
	// PoisonAt is the position of that message in the batch, from 0.
	PoisonAt int
	// Fault is the injected fault.
	Fault Fault
	// At is the fault point, from 0, at which the fault is injected. An invocation
	// reaches one before each message, one after it, and one at each [Call].
	At int
	// Overlaps runs the invocation at the same time as the one before, in another
	// environment. The first step of a timeline overlaps none.
	Overlaps bool
	// Seed determines the sequence in which goroutines that run at the same time
	// leave their fault points. With 0, one runs as far as it can, then the next.
	// Overlapping steps have the seed of the first of them.
	Seed uint64
}

// Timeline is a sequence of invocations.
type Timeline []Step

// String returns the timeline as a Go expression, for a call of [Play].
func (tl Timeline) String() string {
	var b strings.Builder
	b.WriteString("sqsbatchtest.Timeline{")
	for i := range tl {
		if i > 0 {
			b.WriteString(", ")
		}
		tl[i].write(&b)
	}
	b.WriteString("}")
	return b.String()
}

// write writes the step as an element of a composite literal.
func (s *Step) write(b *strings.Builder) {
	fields := []string{strings.Replace(fmt.Sprintf("Batch: %#v", s.Batch), "(nil)", "{}", 1)}
	add := func(set bool, format string, value any) {
		if set {
			fields = append(fields, fmt.Sprintf(format, value))
		}
	}
	add(s.Cold, "Cold: %v", s.Cold)
	add(s.Poisoned, "Poisoned: %v", s.Poisoned)
	add(s.PoisonAt != 0, "PoisonAt: %d", s.PoisonAt)
	add(s.Fault > NoFault && s.Fault < faultCount, "Fault: sqsbatchtest.%s", faultNames[max(min(s.Fault, faultCount-1), 0)])
	add(s.At != 0, "At: %d", s.At)
	add(s.Overlaps, "Overlaps: %v", s.Overlaps)
	add(s.Seed != 0, "Seed: %d", s.Seed)
	fmt.Fprintf(b, "{%s}", strings.Join(fields, ", "))
}

// validate returns an error if a step delivers a message that does not exist, or has
// an unknown fault.
func (tl Timeline) validate(messages int) error {
	for i := range tl {
		for _, m := range tl[i].Batch {
			if m < 0 || m >= messages {
				return fmt.Errorf("step %d of the timeline delivers message %d of %d", i+1, m, messages)
			}
		}
		if f := tl[i].Fault; f < NoFault || f >= faultCount {
			return fmt.Errorf("step %d of the timeline has an unknown fault: %d", i+1, f)
		}
	}
	return nil
}
