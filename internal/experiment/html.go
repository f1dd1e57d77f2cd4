package experiment

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg/draw"
)

//go:embed report.html.tmpl
var pageTemplate string

// WriteHTML writes a report as one self-contained HTML page, without scripts and
// external fonts or images. It suits phones, dark mode and print.
func WriteHTML(w io.Writer, r Report) error {
	page, err := newPage(r)
	if err != nil {
		return err
	}

	t, err := template.New("report").Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("parse the page's template: %w", err)
	}

	var out bytes.Buffer
	if err := t.Execute(&out, page); err != nil {
		return fmt.Errorf("render the page: %w", err)
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}

	return nil
}

// The parts of the page. All figures are formatted.
type (
	pageReport struct {
		Report
		EachSent, Runs, Sent, LastSeed string
		SQS, Lambda, GB                string
		Answered                       bool // any study has findings
		Sections                       []pageSection
	}
	pageSection struct {
		Name, Title, Question, Setting string
		Findings                       []pageFinding
		Answer                         []pageFinding // the first findings
		More                           int           // findings that are not in Answer
		Figures                        []pageFigure
		Heads                          []pageHead
		Rows                           [][]pageValue
		Harmed                         int // rows in which good messages were dead-lettered
	}
	pageFinding struct{ Lead, Text string } // Lead is a short text before a colon, such as "Safe:"
	pageFigure  struct {
		Title, Remarks string
		Panels         []template.HTML
		Key            string // title of the legend
		Legend         []pageLine
	}
	pageLine struct {
		Sample template.HTML
		Name   string
	}
	pageHead struct {
		Text  string
		Words bool
	}
	pageValue struct {
		Text         string
		Tried, Words bool
		Verdict      verdict
	}
)

// newPage returns the page of a report.
func newPage(r Report) (pageReport, error) {
	sent := 0
	out := pageReport{
		Report:   r,
		EachSent: thousandsOf(r.Messages),
		Runs:     thousandsOf(len(r.Cells) * r.Seeds),
		LastSeed: strconv.FormatUint(r.Seed+uint64(max(r.Seeds-1, 0)), 10),
		SQS:      money(r.Prices.SQSMillion),
		Lambda:   money(r.Prices.LambdaMillion),
		GB:       "$" + strconv.FormatFloat(r.Prices.GBSecond, 'f', -1, 64),
	}

	// Texts in a report may come from flags.
	out.Prices.Date = printable(r.Prices.Date)
	for _, c := range r.Cells {
		sent += c.Good + c.Bad
	}

	out.Sent = thousandsOf(sent)
	for _, s := range sections(r) {
		next := pageSection{
			Name:     s.name,
			Title:    s.title,
			Question: printable(s.Question),
			Setting:  s.setting(),
		}

		for _, f := range s.Findings {
			next.Findings = append(next.Findings, findingOf(printable(f)))
		}
		next.Answer = next.Findings[:min(len(next.Findings), maxAnswer)]
		next.More = len(next.Findings) - len(next.Answer)
		next.addRows(s)

		// A study of a single cell has no charts.
		for _, f := range drawings(s) {
			drawn, err := f.page()
			if err != nil {
				return out, fmt.Errorf("draw %s of study %s: %w", f.what, s.name, err)
			}
			next.Figures = append(next.Figures, drawn)
		}

		out.Answered = out.Answered || len(next.Findings) > 0
		out.Sections = append(out.Sections, next)
	}
	return out, nil
}

// maxAnswer is the number of findings of each study in the summary at the top. The
// first ones name what is safe and what is not.
const maxAnswer = 2

// findingOf splits a finding into a short lead and the rest. It keeps numbers and
// percent signs on one line.
func findingOf(text string) pageFinding {
	text = strings.ReplaceAll(text, " %", "\u00a0%")
	if lead, rest, ok := strings.Cut(text, ": "); ok && len(lead) <= 24 {
		return pageFinding{lead + ":", rest}
	}
	return pageFinding{"", text}
}

// addRows fills the table of a section.
func (p *pageSection) addRows(s section) {
	columns := columns(s.varied)
	for _, c := range columns {
		p.Heads = append(p.Heads, pageHead{c.head, c.words})
	}

	for _, cell := range s.cells {
		var row []pageValue
		for i, c := range columns {
			v := pageValue{
				Text:  printable(c.value(cell)),
				Words: c.words,
				Tried: i < len(s.varied),
			}
			if c.judge != nil {
				v.Verdict = c.judge(cell)
			}
			row = append(row, v)
		}

		p.Rows = append(p.Rows, row)
		if cell.GoodDead > 0 {
			p.Harmed++
		}
	}
}

// page returns a drawing for the page: an image for each panel, so that narrow
// screens can stack them, and a legend in HTML.
func (f drawing) page() (pageFigure, error) {
	out := pageFigure{Title: f.title, Remarks: f.remarks()}
	for i := range f.panels {
		svg, err := render(panelWidth, f.panelSize(), func(c draw.Canvas) error { return f.panel(i, c) })
		if err != nil {
			return out, err
		}
		out.Panels = append(out.Panels, template.HTML(inline(svg, f.describe(i)))) // safe: inline escapes all text
	}

	// A single line needs no legend.
	if len(f.lines) < 2 {
		return out, nil
	}

	out.Key = f.key
	for i, name := range f.lines {
		svg, err := render(swatch, 14, func(c draw.Canvas) error { styles[i].thumbnail(c); return nil })
		if err != nil {
			return out, err
		}
		out.Legend = append(out.Legend, pageLine{template.HTML(inline(svg, "")), name})
	}

	return out, nil
}

// describe returns a description of a panel for screen readers.
func (f drawing) describe(panel int) string {
	var parts []string
	for line, name := range f.lines {
		var marks []mark
		for i, p := range f.positions {
			if p.panel == panel && p.line == line {
				marks = append(marks, f.marks[i])
			}
		}

		if len(marks) == 0 {
			continue
		}

		// The range of a line is enough; the table has all values.
		least := slices.MinFunc(marks, func(a, b mark) int { return cmp.Compare(a.y, b.y) }).y
		most := slices.MaxFunc(marks, func(a, b mark) int { return cmp.Compare(a.y, b.y) }).y
		reach := f.measure.format(least)
		if to := f.measure.format(most); to != reach {
			reach = "from " + reach + " to " + to
		}

		parts = append(parts, strings.TrimSpace(f.key+" "+name+" "+reach))
	}

	title := f.title
	if f.x.title != "" {
		title += " by " + f.x.title
	}
	if f.panels[panel] != "" {
		title += ", " + f.panels[panel]
	}

	return title + ": " + strings.Join(parts, "; ") + ". The table below has the figures."
}
