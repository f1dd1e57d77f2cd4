package simulate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/functions/consumer/consume"
)

func TestMeasuringDoesNotChangeTheRun(t *testing.T) {
	t.Parallel()
	for seed := uint64(1); seed <= 15; seed++ {
		s := drawn(t, []string{Calm, Faulty, Crashing}[seed%3], seed, 40)
		plain, log := simulate(t, s, Options{})
		measured, measuredLog := simulate(t, s, Options{Measure: true})
		if log != measuredLog {
			t.Fatalf("seed %d: the log differs", seed)
		}
		f := measured.Figures
		if f == nil || f.Receives != plain.Receives || f.Good+f.Bad != plain.Messages || f.Lost != 0 {
			t.Errorf("seed %d: %+v does not match %+v", seed, f, plain)
		}
	}
}

// Good messages without failures take one receive, one invocation and one delete for
// each batch, and one send for each ten.
func TestFiguresOfAnUneventfulRun(t *testing.T) {
	t.Parallel()
	s := drawn(t, Design, 1, 40)
	s.BadShare, s.Every, s.Work, s.Each, s.Timeout, s.Source.Visibility = 0, 0, 0, time.Second, 9*time.Second, 10*time.Second
	r, _ := simulate(t, s, Options{Measure: true})
	f := r.Figures
	if f.Billed < 20*time.Second || f.Billed > 60*time.Second {
		t.Errorf("40 messages of about a second each took %s", f.Billed)
	}
	if len(f.GoodDone) != 40 || f.GoodDone[0] < 2*time.Second+5*time.Second/2 {
		t.Errorf("%d done, the first after %s", len(f.GoodDone), f.GoodDone[0])
	}
	// Receives without messages count too: at most as many as batches.
	if f.Requests < 4+8+8 || f.Requests > 4+2*8+8 {
		t.Errorf("%d requests", f.Requests)
	}
	f.Billed, f.GoodDone, f.Requests = 0, nil, 0
	want := &Figures{Good: 40, Receives: 40, Invocations: 8, Batches: 8, Batched: 40}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Error(diff)
	}
}

// Each wasted receive of a good message has one cause.
func TestWastedReceivesAreCountedByCause(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		shape func(*Scenario)
		cause func(Wasted) int
	}{
		{"a bad neighbour", func(s *Scenario) { s.Mode, s.BadShare, s.Every = consume.WholeBatch, 0.3, 0 }, func(w Wasted) int { return w.BatchFailed }},
		{"no concurrency", func(s *Scenario) { s.BadShare, s.Every, s.Work, s.Each, s.Reserved = 0, 0, 0, 300*time.Millisecond, 1 }, func(w Wasted) int { return w.Throttled }},
		{"too little time", func(s *Scenario) { s.BadShare, s.Every, s.Work, s.Each = 0, 0, 0, 590*time.Millisecond }, func(w Wasted) int { return w.Aborted }},
		{"a short visibility timeout", func(s *Scenario) {
			s.BadShare, s.Work, s.Each, s.Timeout, s.Source.Visibility = 0, 0, time.Second, 9*time.Second, time.Second
		}, func(w Wasted) int { return w.VisibilityExpired }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := drawn(t, Design, 1, 200)
			tt.shape(&s)
			r, _ := simulate(t, s, Options{Measure: true})
			w := r.Figures.Wasted
			if n := tt.cause(w); n == 0 || n < (w.BatchFailed+w.Aborted+w.Throttled+w.VisibilityExpired)*9/10 {
				t.Errorf("wasted receives %+v", w)
			}
			if r.Figures.Lost > 0 {
				t.Errorf("%d lost", r.Figures.Lost)
			}
		})
	}
}

// A maximum concurrency that is at most the reserved concurrency prevents throttling
// (LAM B28).
func TestMappingWithinReservedConcurrencyIsNotThrottled(t *testing.T) {
	t.Parallel()
	s := drawn(t, Design, 1, 200)
	s.BadShare, s.Every, s.Work, s.Each, s.Reserved, s.MaxConcurrency = 0, 0, 0, 300*time.Millisecond, 2, 2
	r, _ := simulate(t, s, Options{Measure: true})
	if r.Figures.Wasted != (Wasted{}) || r.Receives != 200 || r.Processed != 200 {
		t.Errorf("%+v, %d receives", r.Figures.Wasted, r.Receives)
	}
}
