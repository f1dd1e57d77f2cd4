package experiment

import (
	"cmp"
	"slices"
	"strings"
)

// Limits of a chart. Cells that exceed them are only in the table; the chart's
// remarks say so.
const (
	maxLines  = 8
	maxPanels = 6
	maxBars   = 16
)

// arrangement is the layout of a study's charts: the x axis, the panels, the lines
// and the position of each cell.
type arrangement struct {
	x         xAxis
	bars      bool // a bar for each cell, because no number varies
	panels    []string
	lines     []string
	key       string // title of the legend
	positions []position
	hidden    int // number of cells without a position
}

// position is the position of a cell: the indices of its panel and line, and x.
type position struct {
	cell        Cell
	panel, line int
	x           float64 // 0 to 1
}

// arrange returns the layout of a study's charts. One axis becomes x. Each
// combination of values of the others becomes a line; with too many lines, some of
// these axes become panels.
func arrange(s section) arrangement {
	var varied []Axis
	for _, a := range s.varied {
		if slices.ContainsFunc(s.cells, func(c Cell) bool { return a.Value(c.Settings) != a.Value(s.cells[0].Settings) }) {
			varied = append(varied, a)
		}
	}

	at := chooseX(s.cells, varied)
	if at < 0 {
		return arrangeBars(s.cells, varied)
	}
	x := varied[at]
	lines := slices.Delete(slices.Clone(varied), at, at+1)

	// The two modes have a panel each, unless they are all there is to compare.
	var panels []Axis
	if mode := slices.IndexFunc(lines, func(a Axis) bool { return a.Key == "mode" }); mode >= 0 && len(lines) > 1 {
		panels = append(panels, lines[mode])
		lines = slices.Delete(lines, mode, mode+1)
	}

	// With too many lines, the axis with the fewest values becomes panels.
	for len(lines) > 1 && len(valuesOn(s.cells, lines)) > maxLines {
		few := 0
		for i := range lines {
			if len(labels(s.cells, lines[i:i+1])) < len(labels(s.cells, lines[few:few+1])) {
				few = i
			}
		}
		panels = append(panels, lines[few])
		lines = slices.Delete(lines, few, few+1)
	}
	return arrangeLines(s.cells, x, panels, lines)
}

// chooseX returns the index of the axis for x: the batch size, or the number with
// the most values, because a line shows more values than a legend. It returns -1 if
// no number varies.
func chooseX(cells []Cell, varied []Axis) int {
	at := -1
	most := 0
	for i, a := range varied {
		if _, ok := a.Number(Settings{}); !ok {
			continue
		}
		if a.Key == "batch_size" {
			return i
		}
		if n := len(valuesOn(cells, varied[i:i+1])); n > most {
			at = i
			most = n
		}
	}
	return at
}

// arrangeLines returns a layout with lines along x.
func arrangeLines(cells []Cell, x Axis, panels, lines []Axis) arrangement {
	out := arrangement{
		x:      newXAxis(x, cells),
		panels: labels(cells, panels),
		lines:  valuesOn(cells, lines),
		key:    titles(lines),
	}

	// What does not fit is hidden, and counted.
	out.panels = atMost(out.panels, maxPanels)
	out.lines = atMost(out.lines, maxLines)
	for _, c := range cells {
		p := position{
			cell:  c,
			panel: slices.Index(out.panels, label(c, panels)),
			line:  slices.Index(out.lines, value(c, lines)),
			x:     out.x.of(x, c),
		}
		if p.panel < 0 || p.line < 0 {
			out.hidden++
			continue
		}
		out.positions = append(out.positions, p)
	}

	slices.SortStableFunc(out.positions, func(a, b position) int { return cmp.Compare(a.x, b.x) })
	return out
}

// arrangeBars returns a layout with a bar for each cell, labelled with the values in
// which the cells differ.
func arrangeBars(cells []Cell, varied []Axis) arrangement {
	shown := atMost(cells, maxBars)
	out := arrangement{
		bars:   true,
		panels: []string{""},
		lines:  []string{""},
		hidden: len(cells) - len(shown),
	}

	var names []string
	for _, c := range shown {
		names = append(names, strings.Join(wrap(value(c, varied), panelChars/len(shown)), "\n"))
	}

	out.x = evenAxis(names)
	out.x.title = titles(varied)
	for i, c := range shown {
		out.positions = append(out.positions, position{cell: c, x: out.x.ticks[i].Value})
	}
	return out
}

// labels returns the cells' values on some axes, with the axes' names, each once and
// in the order of the cells.
func labels(cells []Cell, on []Axis) []string { return namesOf(cells, on, label) }

// valuesOn is labels without the axes' names.
func valuesOn(cells []Cell, on []Axis) []string { return namesOf(cells, on, value) }

// namesOf returns the names of cells, each once and in the order of the cells.
func namesOf(cells []Cell, on []Axis, name func(Cell, []Axis) string) []string {
	var out []string
	for _, c := range cells {
		if l := name(c, on); !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}

// label returns a cell's values on some axes, with the axes' names.
func label(c Cell, on []Axis) string {
	var parts []string
	for _, a := range on {
		parts = append(parts, clip(a.Title+" "+printable(a.Value(c.Settings)), 60))
	}
	return strings.Join(parts, ", ")
}

// value returns a cell's values on some axes.
func value(c Cell, on []Axis) string {
	var parts []string
	for _, a := range on {
		parts = append(parts, clip(printable(a.Value(c.Settings)), 30))
	}
	return strings.Join(parts, ", ")
}

// titles returns the titles of axes.
func titles(of []Axis) string {
	var parts []string
	for _, a := range of {
		parts = append(parts, clip(a.Title, 60))
	}
	return strings.Join(parts, ", ")
}

// clip shortens a text to a number of characters.
func clip(s string, length int) string {
	if r := []rune(s); len(r) > length {
		return string(r[:length-1]) + "…"
	}
	return s
}

// atMost returns the first n elements.
func atMost[T any](of []T, n int) []T { return of[:min(n, len(of))] }
