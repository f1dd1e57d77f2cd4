package experiment

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"

	"github.com/reliableq/reliableq/internal/wholefile"
)

// chart is one way to look at the cells of a study.
type chart struct {
	what    string // in file names
	title   string
	note    string // what marks and whiskers mean; without it there are no whiskers
	measure measure
	mark    func(Cell) (mark, bool) // false where nothing was measured
}

// mark is a point of a chart and the whisker through it.
type mark struct{ y, low, high float64 }

// charts are what each study is looked at by.
func charts() []chart {
	times := "Marks are medians; whiskers reach up to the 99th percentile."
	return []chart{
		{"dead-lettered", "Good messages that ended in the dead-letter queue", "Whiskers are 95 % confidence intervals.", measureShare, func(c Cell) (mark, bool) {
			return mark{c.Share, c.Low, c.High}, c.Good > 0
		}},
		{"bad-rest", "Time until a bad message rests in the dead-letter queue", times, measureTime, func(c Cell) (mark, bool) { return timed(c.BadDead) }},
		{"good-done", "Time until a good message is done", times, measureTime, func(c Cell) (mark, bool) { return timed(c.GoodDone) }},
		{"receives", "Receives per message", "", measureNumber, func(c Cell) (mark, bool) { return exact(c.Receives), c.Good+c.Bad > 0 }},
		{"cost", "Cost of a million messages", "", measureMoney, func(c Cell) (mark, bool) { return exact(c.Cost.Total), c.Good+c.Bad > 0 }},
	}
}

func exact(y float64) mark { return mark{y, y, y} }

func timed(q Quantiles) (mark, bool) { return mark{q.P50, q.P50, q.P99}, q.N > 0 }

// drawing is a chart of a study, ready to be drawn.
type drawing struct {
	chart
	arrangement
	marks []mark // of each place
	y     height // of all panels, so that they can be compared
}

// drawings answers the charts that a study has figures for. One cell is read more
// easily in the table.
func drawings(s section) []drawing {
	if len(s.cells) < 2 {
		return nil
	}
	at := arrange(s)
	var out []drawing
	for _, c := range charts() {
		f := drawing{chart: c, arrangement: at}
		f.places = nil
		low, high := math.Inf(1), 0.0
		for _, p := range at.places {
			m, ok := c.mark(p.cell)
			if !ok {
				continue
			}
			m = mark{drawable(m.y), drawable(m.low), drawable(m.high)}
			m.low, m.high = min(m.low, m.y), max(m.high, m.y)
			f.places, f.marks = append(f.places, p), append(f.marks, m)
			low, high = min(low, m.low), max(high, m.high)
		}
		if len(f.marks) == 0 {
			continue
		}
		f.y = heightFor(c.measure, low, high, at.bars)
		out = append(out, f)
	}
	return out
}

// drawable bounds what a figure can be, so that an axis has room for it.
func drawable(v float64) float64 {
	if !(v > 1e-9) {
		return 0
	}
	return min(v, 1e9)
}

// WritePlots draws the report's charts as SVG files in a folder that exists, and
// answers their names: STUDY-WHAT.svg. A study of fewer than two cells has none.
func WritePlots(dir string, r Report) ([]string, error) {
	var names []string
	var errs []error
	for _, s := range sections(r) {
		for _, f := range drawings(s) {
			name := s.name + "-" + f.what + ".svg"
			image, err := f.file(s.title)
			if err == nil {
				err = wholefile.Write(filepath.Join(dir, name), image)
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
