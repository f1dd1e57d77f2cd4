package experiment

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/functions/consumer/consume"
)

// run simulates points as one study.
func run(t testing.TB, messages, seeds int, points ...Settings) []Cell {
	t.Helper()
	r, err := Run(t.Context(), Plan{
		Studies: []Question{{Name: "test", Points: points}}, Messages: messages, Seed: 1, Seeds: seeds, Prices: ListPrices(),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r.Cells
}

// With one receive, no retry level and full batches, a good message is dead-lettered
// exactly if another message of its batch is bad: of b-1 messages drawn from the N-1
// others, B of which are bad, none is bad with probability C(N-1-B, b-1) / C(N-1,
// b-1).
func TestCellAgreesWithItsClosedForm(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("simulates tens of thousands of messages")
	}
	const messages, seeds = 3000, 4
	for _, batch := range []int{2, 5, 10} {
		t.Run(fmt.Sprint(batch), func(t *testing.T) {
			s := Default()
			s.Mode, s.BatchSize, s.MaxReceives, s.Levels, s.Work, s.Rate = consume.WholeBatch, batch, 1, 0, 0, 100_000
			c := run(t, messages, seeds, s)[0]
			none, bad := 1.0, math.Round(messages*s.BadShare)
			for i := range batch - 1 {
				none *= (messages - 1 - bad - float64(i)) / (messages - 1 - float64(i))
			}
			if want := 1 - none; want < c.Low || want > c.High {
				t.Errorf("batches of %d: %.4f [%.4f %.4f] are dead-lettered, want %.4f", batch, c.Share, c.Low, c.High, want)
			}
			if c.BatchMean != float64(batch) {
				t.Errorf("batches of %d: %v on average", batch, c.BatchMean)
			}
			if c.High-c.Low > 0.06 {
				t.Errorf("batches of %d: [%.4f %.4f] is too wide", batch, c.Low, c.High)
			}
			if math.Abs(c.Wasted.BatchFailed-c.Share) > 1e-9 || c.Wasted.Throttled+c.Wasted.VisibilityExpired > 0 {
				t.Errorf("batches of %d: wasted %+v, want one receive for each dead-lettered message, because of another message", batch, c.Wasted)
			}
		})
	}
}

// With reporting per message, or batches of one, no receive of a good message is
// wasted, and the bad ones are received as configured: four times five receives from
// the source queue, three replays, three last receives.
func TestPerMessageReportingWastesNoReceives(t *testing.T) {
	t.Parallel()
	each := Default()
	alone := each
	alone.Mode, alone.BatchSize = consume.WholeBatch, 1
	for _, c := range run(t, 500, 2, each, alone) {
		t.Run(fmt.Sprint(c.Mode, " ", c.BatchSize), func(t *testing.T) {
			if c.GoodDead != 0 || c.Repeated != 0 || c.Lost != 0 || c.Wasted != (Wasted{}) {
				t.Errorf("%s: %+v", c.Mode, c)
			}
			if want := 0.9*1 + 0.1*(4*5+3*1+3); math.Abs(c.Receives-want) > 1e-9 {
				t.Errorf("%s: %v receives a message, want %v", c.Mode, c.Receives, want)
			}
			if c.BadDead.N != c.Bad || c.GoodDone.N != c.Good || c.Good+c.Bad != 1000 || c.Bad != 100 {
				t.Errorf("%s: %d bad messages dead of %d, %d good ones done of %d", c.Mode, c.BadDead.N, c.Bad, c.GoodDone.N, c.Good)
			}
			if c.GoodDone.P50 < 2 || c.BadDead.P50 < 4*5*10 || c.BadDead.P99 < c.BadDead.P50 {
				t.Errorf("%s: good ones done in %+v, bad ones dead in %+v", c.Mode, c.GoodDone, c.BadDead)
			}
		})
	}
}

// Each of the three causes dead-letters good messages, is named as the cause, and
// stops when its setting is corrected.
func TestEachCauseIsFoundAndRemedied(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("simulates tens of thousands of messages")
	}
	questions, err := Standard()
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(t.Context(), Plan{Studies: questions, Messages: 600, Seed: 1, Seeds: 1, Prices: ListPrices()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	fixed := map[string]func(Settings) bool{
		"batch-size":   func(s Settings) bool { return s.Mode == consume.PerMessage || s.BatchSize == 1 },
		"load":         func(Settings) bool { return false },
		"order":        func(Settings) bool { return false },
		"max-receives": func(Settings) bool { return false },
		"retry-levels": func(s Settings) bool { return s.Mode == consume.PerMessage },
		"visibility":   func(s Settings) bool { return s.Visibility > 7 },
		"duration":     func(s Settings) bool { return s.Work <= 1 },
		"concurrency":  func(s Settings) bool { return s.MaxConcurrency > 0 },
	}
	for _, s := range r.Studies {
		t.Run(s.Name, func(t *testing.T) {
			deadLettering := 0
			for _, c := range r.CellsOf(s.Name) {
				if fixed[s.Name](c.Settings) && (c.GoodDead > 0 || c.Wasted != (Wasted{})) {
					t.Errorf("%s: with %+v %d good messages are dead-lettered, %+v wasted", s.Name, c.Settings, c.GoodDead, c.Wasted)
				}
				if c.GoodDead > 0 {
					deadLettering++
				}
				if c.Lost > 0 {
					t.Errorf("%s: %+v lost %d messages", s.Name, c.Settings, c.Lost)
				}
			}
			reason := map[string]string{"visibility": causes[2].text, "duration": causes[2].text, "concurrency": causes[1].text}[s.Name]
			if reason == "" {
				reason = causes[0].text
			}
			if deadLettering == 0 || !slices.ContainsFunc(s.Findings, func(f string) bool { return strings.Contains(f, reason) }) {
				t.Errorf("%s: %d cells dead-lettered good messages; want some, because %q: %q", s.Name, deadLettering, reason, s.Findings)
			}
		})
	}
}

func TestSamePlanGivesSameReport(t *testing.T) {
	t.Parallel()
	s := Default()
	s.Mode = consume.WholeBatch
	plan := Plan{Studies: []Question{{Name: "one", Points: []Settings{s, Default()}}}, Messages: 300, Seed: 7, Seeds: 3, Prices: ListPrices()}
	var reports [2]string
	for i := range reports {
		r, err := Run(t.Context(), plan, nil)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := WriteJSON(&b, r); err != nil {
			t.Fatal(err)
		}
		reports[i] = b.String()
	}
	if reports[0] != reports[1] {
		t.Error(cmp.Diff(strings.Split(reports[0], "\n"), strings.Split(reports[1], "\n")))
	}
	plan.Seed++
	r, err := Run(t.Context(), plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := WriteJSON(&b, r); err != nil || b.String() == reports[0] {
		t.Error("another seed made the same report", err)
	}
}

func TestProgressCountsEveryRun(t *testing.T) {
	t.Parallel()
	var calls []int
	plan := Plan{Studies: []Question{{Name: "one", Points: []Settings{Default(), Default()}}}, Messages: 5, Seeds: 3, Prices: ListPrices()}
	if _, err := Run(t.Context(), plan, func(n int) { calls = append(calls, n) }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1, 2, 3, 4, 5, 6}, calls); diff != "" || plan.Runs() != 6 {
		t.Error(diff, plan.Runs())
	}
}

func TestInterruptedExperimentReturnsNoReport(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	plan := Plan{Studies: []Question{{Name: "one", Points: []Settings{Default()}}}, Messages: 500, Seeds: 50, Prices: ListPrices()}
	r, err := Run(ctx, plan, func(n int) {
		if n == 2 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || r.Cells != nil {
		t.Errorf("%v, %d cells", err, len(r.Cells))
	}
}

// A longer window fills the batches, and batches above ten work.
func TestBatchingWindowFillsBatches(t *testing.T) {
	t.Parallel()
	s := Default()
	s.BatchSize, s.Window, s.BadShare = 25, 1, 0
	if c := run(t, 1000, 1, s)[0]; c.BatchMean != 25 || c.GoodDone.N != 1000 {
		t.Errorf("batches of %v on average, %d done", c.BatchMean, c.GoodDone.N)
	}
}

// Cells with only bad or only good messages have no undefined figures.
func TestCellsWithoutGoodOrBadMessages(t *testing.T) {
	t.Parallel()
	bad, good := Default(), Default()
	bad.BadShare, good.BadShare = 1, 0
	cells := run(t, 20, 1, bad, good)
	if c := cells[0]; c.Good != 0 || c.Share != 0 || c.High != 0 || c.GoodDone != (Quantiles{}) || c.BadDead.N != 20 {
		t.Errorf("%+v", c)
	}
	if c := cells[1]; c.Bad != 0 || c.BadDead != (Quantiles{}) || c.GoodDone.N != 20 {
		t.Errorf("%+v", c)
	}
}
