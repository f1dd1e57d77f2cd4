package experiment

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"

	"github.com/reliableq/reliableq/internal/atomicfile"
)

// chart is a chart that each study may have.
type chart struct {
	what    string // name in file names
	title   string
	note    string // explains the marks and error bars; empty if there are no error bars
	measure measure
	mark    func(Cell) (mark, bool) // false if the cell has no such figure
}

// mark is a point of a chart, with the ends of its error bar.
type mark struct{ y, low, high float64 }

// charts returns the charts of a study.
func charts() []chart {
	times := "Marks are medians; error bars end at the 99th percentile."
	return []chart{
		{"dead-lettered", "Good messages in the dead-letter queue", "Error bars are 95 % confidence intervals.", measureShare, func(c Cell) (mark, bool) {
			return mark{c.Share, c.Low, c.High}, c.Good > 0
		}},
		{"bad-rest", "Time until a bad message is in the dead-letter queue", times, measureTime, func(c Cell) (mark, bool) { return timed(c.BadDead) }},
		{"good-done", "Time until a good message is done", times, measureTime, func(c Cell) (mark, bool) { return timed(c.GoodDone) }},
		{"receives", "Receives per message", "", measureNumber, func(c Cell) (mark, bool) { return exact(c.Receives), c.Good+c.Bad > 0 }},
		{"cost", "Cost of a million messages", "", measureMoney, func(c Cell) (mark, bool) { return exact(c.Cost.Total), c.Good+c.Bad > 0 }},
	}
}

// exact returns a mark without an error bar.
func exact(y float64) mark { return mark{y, y, y} }

// timed returns a mark at the median, with an error bar up to the 99th percentile.
func timed(q Quantiles) (mark, bool) { return mark{q.P50, q.P50, q.P99}, q.N > 0 }

// drawing is a chart of a study, laid out.
type drawing struct {
	chart
	arrangement
	marks []mark // one for each position
	y     yAxis  // the same for all panels, so that they can be compared
}

// drawings returns the charts for which a study has figures. A single cell is not
// drawn: the table shows it better.
func drawings(s section) []drawing {
	if len(s.cells) < 2 {
		return nil
	}

	layout := arrange(s)
	var out []drawing
	for _, c := range charts() {
		f := drawing{chart: c, arrangement: layout}
		f.positions = nil

		// Keep the cells that have this figure, and find the range of the y axis.
		low := math.Inf(1)
		high := 0.0
		for _, p := range layout.positions {
			m, ok := c.mark(p.cell)
			if !ok {
				continue
			}
			m = mark{drawable(m.y), drawable(m.low), drawable(m.high)}
			m.low = min(m.low, m.y)
			m.high = max(m.high, m.y)
			f.positions = append(f.positions, p)
			f.marks = append(f.marks, m)
			low = min(low, m.low)
			high = max(high, m.high)
		}

		if len(f.marks) == 0 {
			continue
		}

		f.y = newYAxis(c.measure, low, high, layout.bars)
		out = append(out, f)
	}
	return out
}

// drawable limits a figure to 0, or 1e-9 to 1e9: the range for which an axis can be
// made.
func drawable(v float64) float64 {
	if !(v > 1e-9) {
		return 0
	}
	return min(v, 1e9)
}

// WritePlots writes the report's charts as SVG files to an existing directory and
// returns their names, STUDY-WHAT.svg. A study with fewer than two cells has none.
func WritePlots(dir string, r Report) ([]string, error) {
	var names []string
	var errs []error
	for _, s := range sections(r) {
		for _, f := range drawings(s) {
			name := s.name + "-" + f.what + ".svg"
			image, err := f.file(s.title)
			if err == nil {
				err = atomicfile.Write(filepath.Join(dir, name), image)
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("draw %s of study %s: %w", f.what, s.name, err))
				continue
			}
			names = append(names, name)
		}
	}
	return names, errors.Join(errs...)
}
