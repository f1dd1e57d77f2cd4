package test

import "testing"

// wholeBatch returns the variables for whole-batch failures.
func wholeBatch() map[string]any {
	return map[string]any{
		"failure_reporting": "whole_batch",
		"retry_levels":      []map[string]any{{"max_attempts": 1}},
	}
}

func TestOneBadMessageFailsItsBatchInWholeBatchMode(t *testing.T) {
	t.Parallel()
	d := deployed(t, "whole", wholeBatch())
	r := d.produce(t, order{Count: 60, BadRatio: 0.4, Seed: 11})
	good := 0
	lost := 0
	for id, bad := range r.accepted {
		_, dead := r.dead[id]
		if dead && !bad {
			good++
		}
		if !dead && r.processed[id] == 0 {
			lost++
		}
		if bad && !dead {
			t.Errorf("bad message %s is not in the dead-letter queue", id)
		}
	}
	if good == 0 {
		t.Error("no good message is in the dead-letter queue, although every batch with a bad one fails as a whole")
	}
	if lost != 0 {
		t.Errorf("%d messages are lost", lost)
	}
	t.Logf("%d of %d good messages were replayed or dead-lettered", good, 36)
}
