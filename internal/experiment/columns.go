package experiment

import (
	"slices"
	"strconv"
	"strings"
)

// column is a column of a table.
type column struct {
	head  string
	words bool // aligned left; figures are aligned right
	value func(Cell) string
	judge func(Cell) verdict // nil if the value is neither good nor bad
}

// verdict is the verdict on a figure: safe, harm, or empty for none.
type verdict string

const (
	safe verdict = "safe"
	harm verdict = "harm"
)

// columns returns the columns of a study's table: the settings that vary, then the
// results.
func columns(varied []Axis) []column {
	var out []column
	for _, a := range varied {
		_, number := a.Number(Settings{})
		out = append(out, column{
			head:  a.Title,
			words: !number,
			value: func(c Cell) string { return a.Value(c.Settings) },
		})
	}

	return append(out,
		column{
			head:  "good in DLQ",
			value: goodDead,
			judge: judgeDead,
		},
		column{head: "95 % interval", value: interval},
		column{
			head:  "lost",
			value: func(c Cell) string { return thousandsOf(c.Lost) },
			judge: judgeLost,
		},
		column{head: "good repeated", value: func(c Cell) string { return inPercent(c.Repeated) }},
		column{head: "receives per message", value: func(c Cell) string { return fixed(c.Receives, 2) }},
		column{head: "invocations per message", value: func(c Cell) string { return fixed(c.Invocations, 2) }},
		column{head: "requests per message", value: func(c Cell) string { return fixed(c.Requests, 2) }},
		column{head: "bad in DLQ p50", value: func(c Cell) string { return median(c.BadDead) }},
		column{head: "bad in DLQ p99", value: func(c Cell) string { return p99(c.BadDead) }},
		column{head: "good done p50", value: func(c Cell) string { return median(c.GoodDone) }},
		column{head: "good done p99", value: func(c Cell) string { return p99(c.GoodDone) }},
		column{head: "cost per million", value: func(c Cell) string { return money(c.Cost.Total) }},
	)
}

// goodDead formats the share of good messages that were dead-lettered.
func goodDead(c Cell) string {
	if c.Good == 0 {
		return "–"
	}
	return inPercent(c.Share)
}

// judgeDead returns no verdict if the cell has no good messages.
func judgeDead(c Cell) verdict {
	switch {
	case c.GoodDead > 0:
		return harm
	case c.Good > 0:
		return safe
	}
	return ""
}

// judgeLost returns no verdict if no message was lost, which is as expected.
func judgeLost(c Cell) verdict {
	if c.Lost > 0 {
		return harm
	}
	return ""
}

// median formats the median of q.
func median(q Quantiles) string {
	if q.N == 0 {
		return "–"
	}
	return span(q.P50)
}

// p99 formats the 99th percentile of q.
func p99(q Quantiles) string {
	if q.N == 0 {
		return "–"
	}
	return span(q.P99)
}

// section is a study with its cells, as reports show it.
type section struct {
	Study
	name   string // unique among the sections, and usable in file names
	title  string
	cells  []Cell
	varied []Axis // on which the cells differ
	fixed  []Axis // on which they do not
}

// sections returns the report's studies. Cells that belong to none of them get a
// section too, so that all results are shown.
func sections(r Report) []section {
	// Cells of unknown studies come last.
	studies := slices.Clone(r.Studies)
	for _, c := range r.Cells {
		if !slices.ContainsFunc(studies, func(s Study) bool { return s.Name == c.Study }) {
			studies = append(studies, Study{Name: c.Study})
		}
	}

	var out []section
	for i, s := range studies {
		next := section{
			Study: s,
			name:  word(s.Name),
			title: printable(s.Title),
			cells: r.CellsOf(s.Name),
		}

		// Names come from users: make them unique, and never empty.
		next.name = next.name[:min(len(next.name), 60)]
		for n := i + 1; next.name == "" || slices.ContainsFunc(out, func(o section) bool { return strings.EqualFold(o.name, next.name) }); n++ {
			next.name = "study-" + strconv.Itoa(n)
		}

		if next.title == "" {
			next.title = next.name
		}

		next.varied, next.fixed = axesOf(s, next.cells)
		out = append(out, next)
	}

	return out
}

// axesOf returns the axes on which a study's cells differ, in the study's order,
// and those on which they do not.
func axesOf(s Study, cells []Cell) (varied, same []Axis) {
	// The study's own axes first, with its titles.
	for _, a := range s.Axes {
		for _, x := range axes {
			if x.Key == a.Key {
				varied = append(varied, Axis{x.Key, printable(a.Title), printable(a.Unit)})
			}
		}
	}

	has := func(key string) bool {
		return slices.ContainsFunc(varied, func(a Axis) bool { return a.Key == key })
	}
	// A report from elsewhere may not name all axes on which its cells differ.
	for _, a := range VaryingAxes(cells) {
		if !has(a.Key) {
			varied = append(varied, a)
		}
	}

	for _, x := range axes {
		if len(cells) > 0 && !has(x.Key) {
			same = append(same, x.Axis)
		}
	}

	return varied, same
}
