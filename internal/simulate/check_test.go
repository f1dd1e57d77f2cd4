package simulate

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/reliableq/reliableq/functions/order"
	"github.com/reliableq/reliableq/localaws/fault"
	"github.com/reliableq/reliableq/localaws/sqs"
)

// finished returns a simulation of the default flow that has ended. Its clock is held.
func finished(t *testing.T) *simulation {
	t.Helper()
	s := drawn(t, Design, 7, 30)
	s.Idempotent = true
	sim, err := newSimulation(t.Context(), s, Options{Log: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sim.close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})

	if err := sim.play(t.Context()); err != nil {
		t.Fatal(err)
	}
	sim.server.Clock().Hold()
	return sim
}

// do calls an operation of SQS.
func (sim *simulation) do(t *testing.T, operation string, in any) any {
	t.Helper()
	out, err := sim.server.Do(t.Context(), "sqs", operation, in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// send sends a message that the tracker counts for the given order.
func (sim *simulation) send(t *testing.T, queue, body string, o *trackedOrder, delay int) {
	t.Helper()
	sim.tracker.sending = []*trackedOrder{o}
	sim.do(t, "SendMessage", &sqs.SendMessageInput{QueueURL: sim.url(queue), MessageBody: body, DelaySeconds: &delay})
}

// receiveDead receives the dead-lettered messages and deletes them if deleted is set.
func (sim *simulation) receiveDead(t *testing.T, deleted bool) {
	t.Helper()
	ten := 10
	out := sim.do(t, "ReceiveMessage", &sqs.ReceiveMessageInput{QueueURL: sim.url(deadLetters), MaxNumberOfMessages: &ten}).(*sqs.ReceiveMessageOutput)
	for i := range out.Messages {
		if deleted {
			sim.do(t, "DeleteMessage", &sqs.DeleteMessageInput{QueueURL: sim.url(deadLetters), ReceiptHandle: out.Messages[i].ReceiptHandle})
		}
	}
}

// moveAgain reports to the tracker a second time that a message of the order left the
// source queue, after two receives.
func (sim *simulation) moveAgain(o *trackedOrder) {
	i := slices.IndexFunc(sim.tracker.sent, func(m *trackedMessage) bool { return m.order == o })
	m := sim.tracker.sent[i]
	m.queueReceives = 2
	sim.tracker.apply(sqs.Event{Kind: sqs.Moved, MessageID: m.id, Queue: levelName(1), From: source})
}

// Each invariant is broken once, and the check reports it by name.
func TestCheckReportsEachBrokenInvariant(t *testing.T) {
	t.Parallel()
	first := func(sim *simulation, bad bool) *trackedOrder {
		return sim.tracker.orders[slices.IndexFunc(sim.tracker.orders, func(o *trackedOrder) bool { return o.bad == bad })]
	}
	good := func(sim *simulation) *trackedOrder { return first(sim, false) }
	bad := func(sim *simulation) *trackedOrder { return first(sim, true) }
	last := func(sim *simulation, o *trackedOrder) *trackedMessage {
		i := slices.IndexFunc(sim.tracker.sent, func(m *trackedMessage) bool { return m.order == o && m.deadLettered == o.bad })
		return sim.tracker.sent[i]
	}

	for name, tt := range map[string]struct {
		rule string // empty if no invariant is broken
		do   func(t *testing.T, sim *simulation)
	}{
		"nothing is broken":       {"", func(*testing.T, *simulation) {}},
		"a good order is nowhere": {"lost", func(_ *testing.T, sim *simulation) { good(sim).processed = 0 }},
		"the dead-letter queue is purged": {"place", func(t *testing.T, sim *simulation) {
			sim.do(t, "PurgeQueue", &sqs.QueueInput{QueueURL: sim.url(deadLetters)})
		}},
		"a deleted message is in a queue":      {"place", func(_ *testing.T, sim *simulation) { last(sim, bad(sim)).deleted = true }},
		"a message has an unknown body":        {"invented", func(t *testing.T, sim *simulation) { sim.send(t, deadLetters, "unknown", good(sim), 0) }},
		"a message has another order's body":   {"invented", func(t *testing.T, sim *simulation) { sim.send(t, deadLetters, good(sim).body, bad(sim), 0) }},
		"the consumer gets an unknown message": {"invented", func(_ *testing.T, sim *simulation) { sim.tracker.violate("invented", 0, "the consumer received it") }},
		"a bad order is processed":             {"bad", func(_ *testing.T, sim *simulation) { bad(sim).processed++ }},
		"a bad order is not in the dead-letter queue": {"bad", func(t *testing.T, sim *simulation) {
			sim.receiveDead(t, true)
			sim.send(t, source, bad(sim).body, bad(sim), 0)
		}},
		"an attribute is changed":                      {"intact", func(_ *testing.T, sim *simulation) { bad(sim).attributes["ts"] = order.Number(1) }},
		"an attribute is missing":                      {"intact", func(_ *testing.T, sim *simulation) { bad(sim).attributes["more"] = order.Text("x") }},
		"an attribute is added":                        {"intact", func(_ *testing.T, sim *simulation) { delete(bad(sim).attributes, "ts") }},
		"the origin id is wrong":                       {"intact", func(_ *testing.T, sim *simulation) { bad(sim).sentIDs = []string{"another"} }},
		"the consumer fails a good order":              {"good", func(_ *testing.T, sim *simulation) { good(sim).failed++ }},
		"a good order is dead-lettered":                {"good", func(t *testing.T, sim *simulation) { sim.send(t, deadLetters, good(sim).body, good(sim), 0) }},
		"a receive is not counted":                     {"counts", func(_ *testing.T, sim *simulation) { last(sim, bad(sim)).receives++ }},
		"a replay is not counted":                      {"counts", func(_ *testing.T, sim *simulation) { bad(sim).replays++ }},
		"there are more replays than allowed":          {"counts", func(_ *testing.T, sim *simulation) { sim.Levels[0].Attempts-- }},
		"a message is in flight":                       {"in flight", func(t *testing.T, sim *simulation) { sim.receiveDead(t, false) }},
		"a message is delayed":                         {"in flight", func(t *testing.T, sim *simulation) { sim.send(t, deadLetters, bad(sim).body, bad(sim), 9) }},
		"a message is visible in the source queue":     {"stuck", func(t *testing.T, sim *simulation) { sim.send(t, source, good(sim).body, good(sim), 0) }},
		"an order is processed twice":                  {"twice", func(_ *testing.T, sim *simulation) { good(sim).processed++ }},
		"an order is both processed and dead-lettered": {"duplicate", func(t *testing.T, sim *simulation) { sim.send(t, deadLetters, good(sim).body, good(sim), 0) }},
		"an order was never accepted":                  {"unsent", func(_ *testing.T, sim *simulation) { good(sim).sentIDs = nil }},
		"a message moves before its last receive":      {"early", func(_ *testing.T, sim *simulation) { sim.tracker.maxReceives[source] = 1; sim.moveAgain(bad(sim)) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := finished(t)
			tt.do(t, sim)
			found, err := sim.check()
			if err != nil {
				t.Fatal(err)
			}

			if tt.rule == "" {
				if len(found) > 0 {
					t.Errorf("found %v, want nothing", found)
				}
				return
			}
			if !slices.ContainsFunc(found, func(v Violation) bool { return v.Rule == tt.rule }) {
				t.Errorf("found %v, want %s", found, tt.rule)
			}
		})
	}
}

// Every kind of fault is injected in a run, and no invariant is broken.
func TestRunHoldsUnderEachKindOfFault(t *testing.T) {
	t.Parallel()
	undisturbed, plain := simulate(t, drawn(t, Design, 7, 30), Options{})
	for _, kind := range fault.Kinds() {
		if kind == fault.Slow {
			continue // it delays responses, which has no effect in memory
		}
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := drawn(t, Design, 7, 30)
			r := fault.Rule{Kind: kind, Count: 4}
			if kind == fault.LeakMemory {
				r.MB = 100
			}
			s.Faults = []Fault{{Rule: r, For: time.Hour}}

			got, log := simulate(t, s, Options{})
			if got.Injected != 4 || len(got.Violations) > 0 || got.Messages != 30 || got.Processed != undisturbed.Processed {
				t.Errorf("%d faults injected, %d orders processed, %v", got.Injected, got.Processed, got.Violations)
			}
			if log == plain {
				t.Error("the log is that of a run without faults")
			}
			if crashes := got.Crashes; crashes > 0 != (kind == fault.Kill) {
				t.Errorf("%d crashes", crashes)
			}
		})
	}
}

// Every kind of fault that a run can have is drawn, and both kinds of crashes.
func TestDrawDrawsEachKindOfFault(t *testing.T) {
	t.Parallel()
	kinds := map[fault.Kind]bool{}
	crashes := map[string]bool{}
	for seed := range uint64(400) {
		s := drawn(t, Mixed, seed, 1)
		for _, f := range s.Faults {
			kinds[f.Kind] = true
		}
		for _, c := range s.Crashes {
			crashes[map[bool]string{true: "at a write", false: "between events"}[c.Write > 0]] = true
		}
	}

	for _, kind := range fault.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			if !kinds[kind] && kind != fault.Slow {
				t.Errorf("%s is never drawn", kind)
			}
		})
	}
	if len(crashes) != 2 {
		t.Errorf("crashes drawn: %v, want both kinds", slices.Collect(maps.Keys(crashes)))
	}
}
