package test

import (
	"encoding/json"
	"strconv"
	"testing"
)

// classic returns the deployment with the default numbers and failure reporting, and
// the run that its tests share.
func classic(t *testing.T) (*deployment, *run) {
	t.Helper()
	d := deployed(t, "classic", nil)
	classicRun.once.Do(func() { classicRun.run = d.produce(t, order{Count: 89, BadRatio: 0.05, Seed: 7}) })
	if classicRun.run == nil {
		t.Fatal("the shared run failed in another test")
	}
	return d, classicRun.run
}

func TestBadMessagesReachTheDeadLetterQueueUnchanged(t *testing.T) {
	t.Parallel()
	_, r := classic(t)
	bad := 0
	for id, isBad := range r.accepted {
		if !isBad {
			continue
		}
		bad++
		m, ok := r.dead[id]
		if !ok {
			t.Errorf("bad message %s is not in the dead-letter queue", id)
			continue
		}
		var body struct {
			OrderID string `json:"order_id"`
		}
		if err := json.Unmarshal([]byte(*m.Body), &body); err != nil || body.OrderID != r.orders[id] {
			t.Errorf("bad message %s has the body %s, want order %s", id, *m.Body, r.orders[id])
		}
		for name, want := range map[string]string{"bad_msg": "True", "origin_message_id": id, "sqs-dlq-replay-cnt": "3"} {
			if a, ok := m.MessageAttributes[name]; !ok || *a.StringValue != want {
				t.Errorf("bad message %s has the attribute %s = %+v, want %s", id, name, a, want)
			}
		}
		for _, name := range []string{"project", "ts"} {
			if _, ok := m.MessageAttributes[name]; !ok {
				t.Errorf("bad message %s lacks the attribute %s", id, name)
			}
		}
		if n, err := strconv.Atoi(m.Attributes["ApproximateReceiveCount"]); err != nil || n <= 3 {
			t.Errorf("bad message %s has the receive count %q, want more than 3", id, m.Attributes["ApproximateReceiveCount"])
		}
	}
	if bad != 4 {
		t.Errorf("%d bad messages of 89 at a share of 0.05, want 4", bad)
	}
}

func TestGoodMessagesNeverReachTheDeadLetterQueue(t *testing.T) {
	t.Parallel()
	_, r := classic(t)
	for id, bad := range r.accepted {
		if _, dead := r.dead[id]; dead && !bad {
			t.Errorf("good message %s is in the dead-letter queue", id)
		}
	}
}

func TestEveryMessageIsProcessedOrInTheDeadLetterQueue(t *testing.T) {
	t.Parallel()
	d, r := classic(t)
	if len(r.accepted) != 89 {
		t.Errorf("%d messages accepted, want 89", len(r.accepted))
	}
	for id := range r.accepted {
		_, dead := r.dead[id]
		switch n := r.processed[id]; {
		case n == 0 && !dead:
			t.Errorf("message %s is lost: neither processed nor in the dead-letter queue", id)
		case n > 0 && dead:
			t.Errorf("message %s was processed and is in the dead-letter queue", id)
		case n > 1 && !shared.onAWS(): // on AWS, standard queues deliver at least once; the embedded AWS delivers exactly once
			t.Errorf("message %s was processed %d times", id, n)
		}
	}
	for id := range r.processed {
		if _, known := r.accepted[id]; !known {
			t.Errorf("message %s was processed, but never sent", id)
		}
	}
	if n := d.inQueues(t); n != 0 {
		t.Errorf("%d messages are left in the queues", n)
	}
}
