package experiment

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/plot"
	"pgregory.net/rapid"
)

// manyCells differ in so many settings that no chart can have all of them.
func manyCells() []Cell {
	var out []Cell
	for _, mode := range Modes() {
		for size := 1; size <= 10; size++ {
			for levels := range 5 {
				for reserved := range 5 {
					for receives := 1; receives <= 2; receives++ {
						s := sampleSettings
						s.Mode, s.BatchSize, s.Levels, s.Reserved, s.MaxReceives = mode, size, levels, reserved, receives
						out = append(out, sampleCell("many", s, 0.01*float64(levels)))
					}
				}
			}
		}
	}
	return out
}

func sectionOf(t rapid.TB, r Report, name string) section {
	for _, s := range sections(r) {
		if s.name == name {
			return s
		}
	}
	t.Fatalf("no study %s", name)
	return section{}
}

func TestArrange(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		study  string
		x      []string
		panels []string
		lines  []string
		key    string
	}{
		{"batch", []string{"1", "5", "10"}, []string{"mode per_message", "mode whole_batch"}, []string{"1 %", "5 %", "10 %"}, "share of bad messages"},
		{"visibility", []string{"1 s", "2 s", "5 s", "10 s", "30 s", "60 s", "300 s"}, []string{""}, []string{""}, ""},
		{"concurrency", []string{"1", "2", "5", "none"}, []string{""}, []string{"2", "5", "none"}, "maximum concurrency of the mapping"},
		{"modes", []string{"per_message", "whole_batch"}, []string{""}, []string{""}, ""},
	} {
		t.Run(test.study, func(t *testing.T) {
			at := arrange(sectionOf(t, sampleReport(), test.study))
			var x []string
			for _, tick := range at.x.ticks {
				x = append(x, tick.Label)
			}
			got := []any{x, at.panels, at.lines, at.key, at.hidden, at.bars}
			want := []any{test.x, test.panels, test.lines, test.key, 0, test.study == "modes"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.study, diff)
			}
		})
	}
}

// Every cell is drawn or reported as hidden.
func TestEveryCellHasAPositionOrIsCountedAsHidden(t *testing.T) {
	t.Parallel()
	check := func(t rapid.TB, r Report) {
		for _, s := range sections(r) {
			if len(s.cells) < 2 {
				continue
			}
			at := arrange(s)
			if len(at.positions)+at.hidden != len(s.cells) {
				t.Fatalf("study %q: %d cells have a position and %d are hidden, of %d", s.name, len(at.positions), at.hidden, len(s.cells))
			}
			if len(at.panels) > maxPanels || len(at.lines) > maxLines {
				t.Fatalf("study %q: %d panels of %d lines", s.name, len(at.panels), len(at.lines))
			}
			for _, p := range at.positions {
				if !(p.x >= 0 && p.x <= 1) {
					t.Fatalf("study %q: a position at %v", s.name, p.x)
				}
			}
			for _, f := range drawings(s) {
				if at.hidden > 0 && !strings.Contains(f.remarks(), thousandsOf(at.hidden)+" more cells") {
					t.Fatalf("chart %s does not report that %d cells are missing", f.what, at.hidden)
				}
			}
		}
	}
	check(t, Report{Cells: manyCells()})
	if at := arrange(sectionOf(t, Report{Cells: manyCells()}, "many")); at.hidden == 0 {
		t.Error("1,000 cells in one chart: the test reads the wrong study")
	}
	rapid.Check(t, func(t *rapid.T) { check(t, anyReport().Draw(t, "report")) })
}

func TestXAxisPositions(t *testing.T) {
	t.Parallel()
	visibility, reserved := Axis{"visibility_timeout_seconds", "visibility timeout", "s"}, Axis{"reserved_concurrency", "reserved concurrency", ""}
	of := func(set func(*Settings, int), values ...int) []Cell {
		var out []Cell
		for _, v := range values {
			var c Cell
			set(&c.Settings, v)
			out = append(out, c)
		}
		return out
	}
	timeout := func(s *Settings, v int) { s.Visibility = v }
	for _, test := range []struct {
		name string
		axis Axis
		in   []Cell
		want string
	}{
		{"by number", visibility, of(timeout, 10, 0, 5), "0 s at 0.00, 5 s at 0.50, 10 s at 1.00"},
		{"by logarithm, for they span much", visibility, of(timeout, 1, 10, 100), "1 s at 0.00, 10 s at 0.50, 100 s at 1.00"},
		{"evenly, for 1 would hide 0", visibility, of(timeout, 0, 1, 300), "0 s at 0.17, 1 s at 0.50, 300 s at 0.83"},
		{"none after all others", reserved, of(func(s *Settings, v int) { s.Reserved = v }, 0, 100, 1), "1 at 0.17, 100 at 0.50, none at 0.83"},
		{"one", visibility, of(timeout, 7), "7 s at 0.50"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, tick := range newXAxis(test.axis, test.in).ticks {
				got = append(got, fmt.Sprintf("%s at %.2f", tick.Label, tick.Value))
			}
			if s := strings.Join(got, ", "); s != test.want {
				t.Errorf("%s\nwant %s", s, test.want)
			}
		})
	}
}

func TestXAxisLabelsDoNotOverlap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var cells []Cell
		for _, v := range rapid.SliceOfN(rapid.IntRange(0, 50_000), 1, 80).Draw(t, "values") {
			cells = append(cells, Cell{Settings: Settings{Visibility: v}})
		}
		labelled := newXAxis(Axis{"visibility_timeout_seconds", "visibility timeout", "s"}, cells)
		labelled.ticks = slices.DeleteFunc(labelled.ticks, func(tick plot.Tick) bool { return tick.Label == "" })
		if len(labelled.ticks) == 0 || !labelled.fits() {
			t.Fatalf("labels overlap, or there is none: %v", labelled.ticks)
		}
	})
}

func TestYAxisContainsItsRange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.SampledFrom([]measure{measureNumber, measureShare, measureMoney, measureTime}).Draw(t, "measure")
		low := drawable(math.Pow(10, rapid.Float64Range(-12, 9).Draw(t, "low")))
		high := drawable(low * math.Pow(10, rapid.Float64Range(0, 9).Draw(t, "times")))
		h := newYAxis(m, low, high, rapid.Bool().Draw(t, "bars"))
		if h.high < high*(1-1e-9) || h.low > low || h.log && h.low <= 0 {
			t.Fatalf("%v to %v does not contain %v to %v", h.low, h.high, low, high)
		}
		if n := len(h.ticks); n < 2 || n > 16 {
			t.Fatalf("%d marks: %v", n, h.ticks)
		}
		seen := map[string]bool{}
		for _, tick := range h.ticks {
			if tick.Label == "" || seen[tick.Label] {
				t.Fatalf("label %q is empty or duplicate: %v", tick.Label, h.ticks)
			}
			seen[tick.Label] = true
		}
	})
}

func TestYAxisHasRoundTicks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		measure   measure
		low, high float64
		want      string
	}{
		{measureShare, 0, 0, "0.0 %, 0.2 %, 0.4 %, 0.6 %, 0.8 %, 1.0 %"},
		{measureShare, 0, 0.67, "0 %, 20 %, 40 %, 60 %, 80 %"},
		{measureMoney, 0, 2.6, "$0.0, $0.5, $1.0, $1.5, $2.0, $2.5, $3.0"},
		{measureNumber, 1, 5200, "0, 1,000, 2,000, 3,000, 4,000, 5,000, 6,000"},
		{measureTime, 200, 340, "0, 1 min, 2 min, 3 min, 4 min, 5 min, 6 min"},
		{measureTime, 300, 5000, "0, 20 min, 40 min, 1 h, 80 min, 100 min"},
		{measureTime, 2, 500, "1 s, 10 s, 1 min, 10 min"},
	} {
		t.Run(fmt.Sprint(test.measure), func(t *testing.T) {
			var got []string
			for _, tick := range newYAxis(test.measure, test.low, test.high, false).ticks {
				got = append(got, tick.Label)
			}
			if s := strings.Join(got, ", "); s != test.want {
				t.Errorf("%v to %v: %s\nwant %s", test.low, test.high, s, test.want)
			}
		})
	}
}

func plots(t *testing.T, r Report) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	names, err := WritePlots(dir, r)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, name := range names {
		if out[name], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != len(names) {
		t.Errorf("%d files, %d names returned", len(entries), len(names))
	}
	return out
}

func TestOutputIsDeterministic(t *testing.T) {
	t.Parallel()
	if !bytes.Equal(page(t, sampleReport()), page(t, sampleReport())) {
		t.Error("two pages of one report differ")
	}
	if diff := cmp.Diff(plots(t, sampleReport()), plots(t, sampleReport())); diff != "" {
		t.Errorf("two drawings of one report differ:\n%s", diff)
	}
}

func TestSVGFilesAreSelfContained(t *testing.T) {
	t.Parallel()
	all := plots(t, smallReport())
	for _, what := range []string{"dead-lettered", "bad-rest", "good-done", "receives", "cost"} {
		t.Run(what, func(t *testing.T) {
			svg, ok := all["batch-"+what+".svg"]
			if !ok {
				t.Fatalf("no chart of %s among %d", what, len(all))
			}
			rest := regexp.MustCompile(`xmlns(:xlink)?="http://www\.w3\.org/[^"]*"`).ReplaceAll(svg, nil)
			if bytes.Contains(rest, []byte("http")) || bytes.Contains(rest, []byte("url(")) || bytes.Contains(rest, []byte("var(")) {
				t.Errorf("%s refers to another file", what)
			}
			for _, font := range regexp.MustCompile(`font-family:[^;]*`).FindAllString(string(svg), -1) {
				if !strings.HasSuffix(font, "Arial,Helvetica,sans-serif") {
					t.Errorf("%s needs a font that may be missing: %s", what, font)
				}
			}
			for _, words := range []string{"Batch size and failure reporting", "batch size", "per_message", "whole_batch", "<title>"} {
				if !bytes.Contains(svg, []byte(words)) {
					t.Errorf("%s does not contain %q", what, words)
				}
			}
		})
	}
	if len(all) != 5 {
		t.Errorf("%d charts: a study of one cell, or of none, has none", len(all))
	}
}

// Other tests would accept a chart that is empty or flat.
func TestChartDrawsMarksAtTheirValues(t *testing.T) {
	t.Parallel()
	s := sectionOf(t, sampleReport(), "visibility")
	f := drawings(s)[0]
	if f.what != "dead-lettered" || len(f.marks) != 7 {
		t.Fatalf("chart %s has %d marks, want 7", f.what, len(f.marks))
	}
	svg, err := f.file(s.title)
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`<path d="M([0-9.,L]+)" style="fill:none;stroke:#0072B2;stroke-width:1.6"`).FindSubmatch(svg)
	if line == nil {
		t.Fatal("the chart has no line")
	}
	var heights []float64
	for _, point := range strings.Split(string(line[1]), "L") {
		var x, y float64
		if _, err := fmt.Sscanf(point, "%g,%g", &x, &y); err != nil {
			t.Fatal(err)
		}
		heights = append(heights, y)
	}
	floor := heights[len(heights)-1] // where the share is 0
	for i, y := range heights {
		want := (heights[0] - floor) * s.cells[i].Share / s.cells[0].Share
		if math.Abs(y-floor-want) > 0.01 {
			t.Errorf("%v s: drawn %.2f above 0, want %.2f", s.cells[i].Visibility, y-floor, want)
		}
	}
	if heights[0]-floor < 80 {
		t.Errorf("two thirds are drawn %.1f points high", heights[0]-floor)
	}
}
