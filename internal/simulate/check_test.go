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

// over is a run of the design's flow that has come to its end, in which time stands
// still from there on.
func over(t *testing.T) *world {
	t.Helper()
	s := drawn(t, Design, 7, 30)
	s.Idempotent = true
	w, err := newWorld(t.Context(), s, Options{Log: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	if err := w.play(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.server.Clock().Hold()
	return w
}

// do calls SQS for a test.
func (w *world) do(t *testing.T, operation string, in any) any {
	t.Helper()
	out, err := w.server.Do(t.Context(), "sqs", operation, in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// send sends a message as if an order had been sent.
func (w *world) send(t *testing.T, queue, body string, e *entry, delay int) {
	t.Helper()
	w.ledger.sending = []*entry{e}
	w.do(t, "SendMessage", &sqs.SendMessageInput{QueueURL: w.url(queue), MessageBody: body, DelaySeconds: &delay})
}

// takeDead takes the dead letters out of their queue, for good or for a while.
func (w *world) takeDead(t *testing.T, deleted bool) {
	t.Helper()
	ten := 10
	out := w.do(t, "ReceiveMessage", &sqs.ReceiveMessageInput{QueueURL: w.url(deadLetters), MaxNumberOfMessages: &ten}).(*sqs.ReceiveMessageOutput)
	for i := range out.Messages {
		if deleted {
			w.do(t, "DeleteMessage", &sqs.DeleteMessageInput{QueueURL: w.url(deadLetters), ReceiptHandle: out.Messages[i].ReceiptHandle})
		}
	}
}

// Each invariant is broken once, and the check names it.
func TestEachInvariantCanFail(t *testing.T) {
	t.Parallel()
	first := func(w *world, bad bool) *entry {
		return w.ledger.orders[slices.IndexFunc(w.ledger.orders, func(e *entry) bool { return e.bad == bad })]
	}
	of := func(w *world, e *entry) *account {
		i := slices.IndexFunc(w.ledger.accounts, func(a *account) bool { return a.order == e && a.dead == e.bad })
		return w.ledger.accounts[i]
	}
	for name, c := range map[string]struct {
		rule string
		do   func(w *world)
	}{
		"nothing": {"", func(*world) {}},
		"a good order was neither done nor is there": {"lost", func(w *world) { first(w, false).effects = 0 }},
		"a dead letter was purged":                   {"place", func(w *world) { w.do(t, "PurgeQueue", &sqs.QueueInput{QueueURL: w.url(deadLetters)}) }},
		"a deleted message lies in a queue":          {"place", func(w *world) { of(w, first(w, true)).deleted = true }},
		"a message that nobody sent":                 {"invented", func(w *world) { w.send(t, deadLetters, "nobody's", first(w, false), 0) }},
		"a message with an order's body":             {"invented", func(w *world) { w.send(t, deadLetters, first(w, false).body, first(w, true), 0) }},
		"a bad order was done":                       {"bad", func(w *world) { first(w, true).effects++ }},
		"a bad order is elsewhere than among the dead": {"bad", func(w *world) {
			w.takeDead(t, true)
			w.send(t, source, first(w, true).body, first(w, true), 0)
		}},
		"an attribute was changed":                    {"intact", func(w *world) { first(w, true).attributes["ts"] = order.Number(1) }},
		"an attribute was dropped":                    {"intact", func(w *world) { first(w, true).attributes["more"] = order.Text("x") }},
		"an attribute came along":                     {"intact", func(w *world) { delete(first(w, true).attributes, "ts") }},
		"an origin that is none":                      {"intact", func(w *world) { first(w, true).origins = []string{"another"} }},
		"the consumer failed a good order":            {"good", func(w *world) { first(w, false).blamed++ }},
		"a good order is dead":                        {"good", func(w *world) { w.send(t, deadLetters, first(w, false).body, first(w, false), 0) }},
		"a receive that is not counted":               {"counts", func(w *world) { of(w, first(w, true)).received++ }},
		"a replay that is not counted":                {"counts", func(w *world) { first(w, true).copies++ }},
		"more replays than the levels allow":          {"counts", func(w *world) { w.Levels[0].Attempts-- }},
		"a message in flight":                         {"in flight", func(w *world) { w.takeDead(t, false) }},
		"a message that is delayed":                   {"in flight", func(w *world) { w.send(t, deadLetters, first(w, true).body, first(w, true), 9) }},
		"a message that its function does not take":   {"stuck", func(w *world) { w.send(t, source, first(w, false).body, first(w, false), 0) }},
		"an effect too many":                          {"twice", func(w *world) { first(w, false).effects++ }},
		"an order that was done and is dead":          {"duplicate", func(w *world) { w.send(t, deadLetters, first(w, false).body, first(w, false), 0) }},
		"an order that the producer gave up":          {"unsent", func(w *world) { first(w, false).origins = nil }},
		"a message that goes on before its time":      {"early", func(w *world) { w.ledger.most[source] = 1; w.replayMove(first(w, true)) }},
		"a message that the consumer got from nobody": {"invented", func(w *world) { w.ledger.stray("invented", 0, "the consumer got it") }},
	} {
		w := over(t)
		c.do(w)
		found, err := w.check()
		if err != nil {
			t.Fatal(err)
		}
		if named := slices.ContainsFunc(found, func(v Violation) bool { return v.Rule == c.rule }); named != (c.rule != "") || c.rule == "" && len(found) > 0 {
			t.Errorf("%s: found %v, want %s", name, found, c.rule)
		}
	}
}

// replayMove tells the ledger once more that an order's message left the source
// queue, after two receives.
func (w *world) replayMove(e *entry) {
	i := slices.IndexFunc(w.ledger.accounts, func(a *account) bool { return a.order == e })
	w.ledger.accounts[i].here = 2
	w.ledger.take(sqs.Event{Kind: sqs.Moved, MessageID: w.ledger.accounts[i].id, Queue: levelName(1), From: source})
}

// Every kind of fault strikes in a run, and the run holds.
func TestARunHoldsUnderEachKindOfFault(t *testing.T) {
	t.Parallel()
	undisturbed, plain := play(t, drawn(t, Design, 7, 30), Options{})
	for _, kind := range fault.Kinds() {
		if kind == fault.Slow {
			continue // a call without a wire has nobody to wait for
		}
		s := drawn(t, Design, 7, 30)
		r := fault.Rule{Kind: kind, Count: 4}
		if kind == fault.LeakMemory {
			r.MB = 100
		}
		s.Faults = []Fault{{Rule: r, For: time.Hour}}
		got, log := play(t, s, Options{})
		if got.Struck != 4 || len(got.Violations) > 0 || got.Messages != 30 || got.Processed != undisturbed.Processed {
			t.Errorf("%s: struck %d, processed %d, %v", kind, got.Struck, got.Processed, got.Violations)
		}
		if log == plain {
			t.Errorf("%s has changed nothing", kind)
		}
		if crashes := got.Crashes; crashes > 0 != (kind == fault.Kill) {
			t.Errorf("%s: %d crashes", kind, crashes)
		}
	}
}

// Every kind of fault that a run can have is drawn, and crashes of every sort.
func TestEachKindOfFaultIsDrawn(t *testing.T) {
	t.Parallel()
	kinds, crashes := map[fault.Kind]bool{}, map[string]bool{}
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
		if !kinds[kind] && kind != fault.Slow {
			t.Errorf("%s is never drawn", kind)
		}
	}
	if len(crashes) != 2 {
		t.Errorf("crashes are drawn %v", slices.Collect(maps.Keys(crashes)))
	}
}
