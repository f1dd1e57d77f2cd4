package simulate

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/localaws/fault"
)

func TestManySeedsHoldWithCrashes(t *testing.T) {
	t.Parallel()
	runs := 150
	if testing.Short() {
		runs = 20
	}
	totals, err := Many(t.Context(), Batch{Kind: Crashing, Seed: 1, Messages: 15, Runs: runs, MaxFailed: 5}, Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range totals.Failed {
		t.Errorf("seed %d: %v", r.Scenario.Seed, r.Violations)
	}
	if totals.Crashes < runs {
		t.Errorf("%d crashes in %d runs", totals.Crashes, runs)
	}
}

func TestSameSeedGivesSameLogWithCrashes(t *testing.T) {
	t.Parallel()
	for seed := uint64(1); seed <= 25; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			s := drawn(t, Crashing, seed, 20)
			one, first := simulate(t, s, Options{})
			two, second := simulate(t, s, Options{})
			if first != second {
				t.Fatal(cmp.Diff(strings.Split(first, "\n"), strings.Split(second, "\n")))
			}

			one.Took = 0
			two.Took = 0
			if diff := cmp.Diff(one, two); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A server that is killed at each kind of time restarts, and messages in progress are
// delivered again: the run has the same end, with more receives.
func TestRunContinuesAfterEachKindOfCrash(t *testing.T) {
	t.Parallel()
	at := func(operation string, when fault.When) Fault {
		return Fault{Rule: fault.Rule{Kind: fault.Kill, Service: "sqs", Operation: operation, When: when}, For: time.Hour}
	}
	design := drawn(t, Design, 7, 30)
	undisturbed, _ := simulate(t, design, Options{})

	for name, tt := range map[string]struct {
		crashes []Crash
		faults  []Fault
		more    bool // receives than without the crash
	}{
		"between events":       {crashes: []Crash{{After: 2300 * time.Millisecond}}, more: true},
		"after the last event": {crashes: []Crash{{After: 2 * time.Hour}}},
		"at writes":            {crashes: []Crash{{Write: 3}, {Write: 12}, {Write: 25}}},
		"before a delete":      {faults: []Fault{at("DeleteMessageBatch", fault.Before)}, more: true},
		"after a delete":       {faults: []Fault{at("DeleteMessageBatch", fault.After)}},
		"before a receive":     {faults: []Fault{at("ReceiveMessage", fault.Before)}},
		"after a receive":      {faults: []Fault{at("ReceiveMessage", fault.After)}},
		"after a send":         {faults: []Fault{at("SendMessageBatch", fault.After)}},
		"at an invocation":     {faults: []Fault{{Rule: fault.Rule{Kind: fault.Kill, Service: "lambda", Operation: "Invoke"}, For: time.Hour}}, more: true},
		"three within 2 ms":    {crashes: []Crash{{After: time.Second}, {After: 1001 * time.Millisecond}, {After: 1002 * time.Millisecond}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := design
			s.Crashes = tt.crashes
			s.Faults = tt.faults
			r, log := simulate(t, s, Options{})

			if want := len(tt.crashes) + len(tt.faults); r.Crashes != want || strings.Count(log, `"killed"`) != want || strings.Count(log, `"back"`) != want {
				t.Errorf("%d crashes, want %d", r.Crashes, want)
			}
			if len(r.Violations) > 0 || r.Messages != 30 || r.Processed != undisturbed.Processed || r.Dead < undisturbed.Dead {
				t.Errorf("%v; %d processed, %d dead-lettered", r.Violations, r.Processed, r.Dead)
			}
			if tt.more && r.Receives <= undisturbed.Receives {
				t.Errorf("%d receives, want more than the %d without a crash", r.Receives, undisturbed.Receives)
			}
		})
	}
}

// Rules with a remaining count apply again after the server has restarted, and their
// counts continue.
func TestFaultRulesSurviveACrash(t *testing.T) {
	t.Parallel()
	s := drawn(t, Design, 3, 20)
	s.Faults = []Fault{
		{Rule: fault.Rule{Kind: fault.Kill, Service: "sqs", Operation: "ReceiveMessage", Count: 4}, For: time.Hour},
		{Rule: fault.Rule{Kind: fault.Unavailable, Service: "sqs", Operation: "DeleteMessageBatch", Count: 2}, For: time.Hour},
	}
	if r, _ := simulate(t, s, Options{}); r.Crashes != 4 || r.Injected != 6 || len(r.Violations) > 0 {
		t.Errorf("%d crashes, %d faults injected, %v", r.Crashes, r.Injected, r.Violations)
	}
}

// A crash at each write, one write in each run until the run has no more writes, breaks no
// invariant.
func TestRunHoldsAfterACrashAtAnyWrite(t *testing.T) {
	t.Parallel()
	s := drawn(t, Design, 11, 4)
	s.BadShare, s.Levels[0].Attempts = 0.25, 1
	s.Messages = 4
	for write := 1; ; write++ {
		s.Crashes = []Crash{{Write: write}}
		r, log := simulate(t, s, Options{})
		if len(r.Violations) > 0 || r.Messages != 4 || r.Dead < 1 {
			t.Fatalf("write %d: %v; %d messages, %d dead\n%s", write, r.Violations, r.Messages, r.Dead, log)
		}
		if r.Crashes == 0 {
			t.Logf("%d writes", write-1)
			if write < 20 {
				t.Errorf("a run of %d writes is too short for this test", write-1)
			}
			return
		}
	}
}
