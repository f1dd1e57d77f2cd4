package experiment

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGridReturnsAllCombinations(t *testing.T) {
	t.Parallel()
	points := Grid(Settings{Rate: 1},
		Sweep(func(s *Settings, v string) { s.Mode = v }, "a", "b"),
		nil,
		Sweep(func(s *Settings, v int) { s.BatchSize = v }, 1, 5, 10))
	want := []Settings{
		{Rate: 1, Mode: "a", BatchSize: 1}, {Rate: 1, Mode: "a", BatchSize: 5}, {Rate: 1, Mode: "a", BatchSize: 10},
		{Rate: 1, Mode: "b", BatchSize: 1}, {Rate: 1, Mode: "b", BatchSize: 5}, {Rate: 1, Mode: "b", BatchSize: 10},
	}
	if diff := cmp.Diff(want, points); diff != "" {
		t.Error(diff)
	}
}

func TestSettingsCheck(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*Settings)
		want   string // empty if the settings are valid
	}{
		{"as it is", func(*Settings) {}, ""},
		{"batch of none", func(s *Settings) { s.BatchSize = 0 }, "batch size 0"},
		{"large batch without a window", func(s *Settings) { s.BatchSize = 11 }, "above 10 a batching window"},
		{"large batch with one", func(s *Settings) { s.BatchSize, s.Window, s.Work = 10_000, 1, 0 }, ""},
		{"window too long", func(s *Settings) { s.Window = 301 }, "batching window 301 s"},
		{"negative share", func(s *Settings) { s.BadShare = -0.1 }, "share of bad messages -0.1"},
		{"share of NaN", func(s *Settings) { s.BadShare = math.NaN() }, "share of bad messages NaN"},
		{"mode", func(s *Settings) { s.Mode = "both" }, `mode "both": want one of per_message, whole_batch`},
		{"no receive", func(s *Settings) { s.MaxReceives = 0 }, "maxReceiveCount 0"},
		{"no visibility", func(s *Settings) { s.Visibility = 0 }, "visibility timeout 0 s"},
		{"visibility shorter than the work", func(s *Settings) { s.Visibility, s.Work = 1, 5 }, ""},
		{"work beyond Lambda's time", func(s *Settings) { s.BatchSize, s.Work = 10, 61 }, "900 s that Lambda allows"},
		{"endless work", func(s *Settings) { s.Work = math.Inf(1) }, "work of +Inf s"},
		{"negative reservation", func(s *Settings) { s.Reserved = -1 }, "reserved concurrency -1"},
		{"more than an account may reserve", func(s *Settings) { s.Reserved = 901 }, "reserved concurrency 901"},
		{"bound of one", func(s *Settings) { s.MaxConcurrency = 1 }, "maximum concurrency 1: want 2 to 1000"},
		{"too many levels", func(s *Settings) { s.Levels = 5 }, "retry levels 5"},
		{"negative stray", func(s *Settings) { s.MaxReorder = -1 }, "reordering by -1 positions"},
		{"no rate", func(s *Settings) { s.Rate = 0 }, "rate of 0 messages"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := Default()
			tt.change(&s)
			err := s.Check()
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

func TestPlanCheckReportsEachErrorOnce(t *testing.T) {
	t.Parallel()
	invalid := Default()
	invalid.Mode, invalid.Levels = "both", 9
	err := Plan{
		Studies: []Question{{Name: "a", Points: []Settings{invalid, invalid}}, {Name: "a"}}, Messages: 0, Seeds: 0,
		Prices: Prices{SQSMillion: -1, MemoryMB: 1},
	}.Check()
	if err == nil {
		t.Fatal("an invalid plan was accepted")
	}
	for _, want := range []string{"messages 0", "seeds 0", `mode "both"`, "retry levels 9", "two studies named a", "price of SQS requests -1", "memory 1 MB"} {
		t.Run(want, func(t *testing.T) {
			if n := strings.Count(err.Error(), want); n != 1 {
				t.Errorf("%q occurs %d times in %v", want, n, err)
			}
		})
	}
}

func TestFunctionTimeout(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		work float64
		size int
		want int
	}{{0.05, 5, 3}, {1, 5, 9}, {8, 5, 61}, {0, 10_000, 3}} {
		t.Run(fmt.Sprint(tt.work), func(t *testing.T) {
			if got := (Settings{Work: tt.work, BatchSize: tt.size}).Timeout(); got != tt.want {
				t.Errorf("%v s for each of %d: %d s, want %d", tt.work, tt.size, got, tt.want)
			}
		})
	}
}

func TestStandardStudies(t *testing.T) {
	t.Parallel()
	all, err := Standard()
	if err != nil {
		t.Fatal(err)
	}
	if err := (Plan{Studies: all, Messages: 1, Seeds: 1, Prices: ListPrices()}).Check(); err != nil {
		t.Error(err)
	}
	some, err := Standard("visibility", "batch-size")
	if err != nil || len(some) != 2 || some[0].Name != "batch-size" {
		t.Errorf("%v, %v", some, err)
	}
	if _, err := Standard("colour"); err == nil || !strings.Contains(err.Error(), "want one of batch-size") {
		t.Error(err)
	}
	if n := len(some[0].Points); n != 2*3*3 {
		t.Errorf("the grid has %d cells", n)
	}
}
