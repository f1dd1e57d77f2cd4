package mapping

import (
	"slices"
	"testing"
	"time"
)

func TestTheQueuesVisibilityTimeoutHoldsAndIsNotExtended_B30(t *testing.T) {
	t.Parallel()

	w := newTestService(t)
	w.functions.handler = fail
	w.create()
	w.send(queueARN, "m")
	w.runDue()
	w.advance(95 * time.Second)
	var at []time.Duration
	for _, i := range w.functions.invocations() {
		at = append(at, i.at.Sub(start))
	}

	if want := []time.Duration{0, 30 * time.Second, 60 * time.Second, 90 * time.Second}; !slices.Equal(at, want) {
		t.Errorf("invoked at %v, want %v", at, want)
	}
}
