package experiment

import (
	"cmp"
	"slices"
	"strings"
)

// What fits a chart: more is left to the table, and the chart says so.
const (
	maxLines  = 8
	maxPanels = 6
	maxBars   = 16
)

// arrangement says where the cells of a study stand in its charts: along which
// axis, in which panel and on which line.
type arrangement struct {
	x      positions
	bars   bool // one for each cell, for want of a number that varies
	panels []string
	lines  []string
	key    string // what the lines are told apart by
	places []place
	hidden int // cells without a place
}

// place is a cell's, by the numbers of its panel and its line.
type place struct {
	cell        Cell
	panel, line int
	x           float64 // 0 to 1
}

// arrange finds a place for each cell. One axis is x. Each line is one set of
// values of the others, or each panel, where there would be too many lines; the two
// modes have a panel each if there is more to compare than them.
func arrange(s section) arrangement {
	var varied []Axis
	for _, a := range s.tried {
		if slices.ContainsFunc(s.cells, func(c Cell) bool { return a.Value(c.Settings) != a.Value(s.cells[0].Settings) }) {
			varied = append(varied, a)
		}
	}
	at := longest(s.cells, varied)
	if at < 0 {
		return arrangeBars(s.cells, varied)
	}
	x := varied[at]
	lines := slices.Delete(slices.Clone(varied), at, at+1)
	var panels []Axis
	if mode := slices.IndexFunc(lines, func(a Axis) bool { return a.Key == "mode" }); mode >= 0 && len(lines) > 1 {
		panels, lines = append(panels, lines[mode]), slices.Delete(lines, mode, mode+1)
	}
	for len(lines) > 1 && len(valuesOn(s.cells, lines)) > maxLines {
		few := 0
		for i := range lines {
			if len(labels(s.cells, lines[i:i+1])) < len(labels(s.cells, lines[few:few+1])) {
				few = i
			}
		}
		panels, lines = append(panels, lines[few]), slices.Delete(lines, few, few+1)
	}
	return arrangeLines(s.cells, x, panels, lines)
}

// longest is the number of the axis to be x: the batch size, or else the number that
// takes the most values, for a line shows more than a legend; -1 without a number.
func longest(cells []Cell, varied []Axis) int {
	at, most := -1, 0
	for i, a := range varied {
		if _, ok := a.Number(Settings{}); !ok {
			continue
		}
		if a.Key == "batch_size" {
			return i
		}
		if n := len(valuesOn(cells, varied[i:i+1])); n > most {
			at, most = i, n
		}
	}
	return at
}

func arrangeLines(cells []Cell, x Axis, panels, lines []Axis) arrangement {
	out := arrangement{x: along(x, cells), panels: labels(cells, panels), lines: valuesOn(cells, lines), key: titles(lines)}
	out.panels, out.lines = atMost(out.panels, maxPanels), atMost(out.lines, maxLines)
	for _, c := range cells {
		p := place{c, slices.Index(out.panels, label(c, panels)), slices.Index(out.lines, value(c, lines)), out.x.of(x, c)}
		if p.panel < 0 || p.line < 0 {
			out.hidden++
			continue
		}
		out.places = append(out.places, p)
	}
	slices.SortStableFunc(out.places, func(a, b place) int { return cmp.Compare(a.x, b.x) })
	return out
}

// arrangeBars gives each cell a bar, named by what tells it apart.
func arrangeBars(cells []Cell, varied []Axis) arrangement {
	shown := atMost(cells, maxBars)
	out := arrangement{bars: true, panels: []string{""}, lines: []string{""}, hidden: len(cells) - len(shown)}
	var names []string
	for _, c := range shown {
		names = append(names, strings.Join(wrap(value(c, varied), perPanel/len(shown)), "\n"))
	}
	out.x = evenly(names)
	out.x.title = titles(varied)
	for i, c := range shown {
		out.places = append(out.places, place{cell: c, x: out.x.ticks[i].Value})
	}
	return out
}

// labels answers where cells stand on some axes, in the cells' order.
func labels(cells []Cell, on []Axis) []string { return namesOf(cells, on, label) }

// valuesOn is labels without the axes' names.
func valuesOn(cells []Cell, on []Axis) []string { return namesOf(cells, on, value) }

func namesOf(cells []Cell, on []Axis, name func(Cell, []Axis) string) []string {
	var out []string
	for _, c := range cells {
		if l := name(c, on); !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}

func label(c Cell, on []Axis) string {
	var parts []string
	for _, a := range on {
		parts = append(parts, clip(a.Title+" "+plain(a.Value(c.Settings)), 60))
	}
	return strings.Join(parts, ", ")
}

func value(c Cell, on []Axis) string {
	var parts []string
	for _, a := range on {
		parts = append(parts, clip(plain(a.Value(c.Settings)), 30))
	}
	return strings.Join(parts, ", ")
}

func titles(of []Axis) string {
	var parts []string
	for _, a := range of {
		parts = append(parts, clip(a.Title, 60))
	}
	return strings.Join(parts, ", ")
}

// clip shortens a text that is too long for a chart.
func clip(s string, length int) string {
	if r := []rune(s); len(r) > length {
		return string(r[:length-1]) + "…"
	}
	return s
}

func atMost[T any](of []T, n int) []T { return of[:min(n, len(of))] }
