package experiment

import (
	"slices"
	"strconv"
	"strings"
)

// A column of the tables that people read.
type column struct {
	head  string
	words bool // rather than figures, which stand to the right
	value func(Cell) string
	judge func(Cell) verdict // nil for what is neither good nor bad
}

// verdict on a figure: safe, harm, or none.
type verdict string

const (
	safe verdict = "safe"
	harm verdict = "harm"
)

// columns answers what a table of a study shows: what was tried, and what came of
// it.
func columns(tried []Axis) []column {
	var out []column
	for _, a := range tried {
		_, number := a.Number(Settings{})
		out = append(out, column{head: a.Title, words: !number, value: func(c Cell) string { return a.Value(c.Settings) }})
	}
	return append(out,
		column{head: "good in DLQ", value: goodDead, judge: judgeDead},
		column{head: "95 % interval", value: interval},
		column{head: "lost", value: func(c Cell) string { return thousandsOf(c.Lost) }, judge: judgeLost},
		column{head: "good repeated", value: func(c Cell) string { return inPercent(c.Repeated) }},
		column{head: "receives per message", value: func(c Cell) string { return fixed(c.Receives, 2) }},
		column{head: "invocations per message", value: func(c Cell) string { return fixed(c.Invocations, 2) }},
		column{head: "requests per message", value: func(c Cell) string { return fixed(c.Requests, 2) }},
		column{head: "bad in DLQ p50", value: func(c Cell) string { return median(c.BadDead) }},
		column{head: "bad in DLQ p99", value: func(c Cell) string { return late(c.BadDead) }},
		column{head: "good done p50", value: func(c Cell) string { return median(c.GoodDone) }},
		column{head: "good done p99", value: func(c Cell) string { return late(c.GoodDone) }},
		column{head: "cost per million", value: func(c Cell) string { return money(c.Cost.Total) }},
	)
}

func goodDead(c Cell) string {
	if c.Good == 0 {
		return "–"
	}
	return inPercent(c.Share)
}

// judgeDead has no verdict on cells without good messages.
func judgeDead(c Cell) verdict {
	switch {
	case c.GoodDead > 0:
		return harm
	case c.Good > 0:
		return safe
	}
	return ""
}

// judgeLost says nothing of what is expected: that none is lost.
func judgeLost(c Cell) verdict {
	if c.Lost > 0 {
		return harm
	}
	return ""
}

func median(q Quantiles) string {
	if q.N == 0 {
		return "–"
	}
	return span(q.P50)
}

func late(q Quantiles) string {
	if q.N == 0 {
		return "–"
	}
	return span(q.P99)
}

// section is a study as reports show it.
type section struct {
	Study
	name  string // a word that no other section has, short enough for files
	title string
	cells []Cell
	tried []Axis
	fixed []Axis
}

// sections answers the report's studies, and one for each group of cells that
// belongs to none of them: what was measured is shown.
func sections(r Report) []section {
	studies := slices.Clone(r.Studies)
	for _, c := range r.Cells {
		if !slices.ContainsFunc(studies, func(s Study) bool { return s.Name == c.Study }) {
			studies = append(studies, Study{Name: c.Study})
		}
	}
	var out []section
	for i, s := range studies {
		at := section{Study: s, name: word(s.Name), title: plain(s.Title), cells: r.Of(s.Name)}
		at.name = at.name[:min(len(at.name), 60)]
		for n := i + 1; at.name == "" || slices.ContainsFunc(out, func(o section) bool { return strings.EqualFold(o.name, at.name) }); n++ {
			at.name = "study-" + strconv.Itoa(n)
		}
		if at.title == "" {
			at.title = at.name
		}
		at.tried, at.fixed = axesOf(s, at.cells)
		out = append(out, at)
	}
	return out
}

// axesOf answers the axes that tell a study's cells apart, in the study's order,
// and those on which all of them have the same value.
func axesOf(s Study, cells []Cell) (varied, same []Axis) {
	for _, a := range s.Axes {
		for _, x := range axes {
			if x.Key == a.Key {
				varied = append(varied, Axis{x.Key, plain(a.Title), plain(a.Unit)})
			}
		}
	}
	has := func(key string) bool {
		return slices.ContainsFunc(varied, func(a Axis) bool { return a.Key == key })
	}
	for _, a := range Vary(cells) {
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
