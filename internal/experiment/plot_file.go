package experiment

import (
	"fmt"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// file returns a drawing as an SVG file: titles, panels with two in a row, legend
// and remarks.
func (f drawing) file(study string) ([]byte, error) {
	across := 2
	wide := panelWidth
	if len(f.panels) == 1 {
		across = 1
		wide = panelWidth * 5 / 4
	}

	// Sizes, from the top down.
	down := (len(f.panels) + across - 1) / across
	width := vg.Length(across)*wide + 2*margin
	legend := f.legend(width - 4*margin)
	top := vg.Length(60)
	bottom := vg.Length(len(legend))*20 + 40
	height := top + vg.Length(down)*f.panelSize() + bottom

	svg, err := render(width, height, func(c draw.Canvas) error {
		c.FillText(aligned(textStyle(14, true, ink), draw.XLeft, draw.YTop), vg.Point{X: 2 * margin, Y: height - 10}, f.title)
		c.FillText(aligned(textStyle(12, false, faint), draw.XLeft, draw.YTop), vg.Point{X: 2 * margin, Y: height - 31}, clip(study, 70*across))
		for i := range f.panels {
			x := margin + vg.Length(i%across)*wide
			y := height - top - vg.Length(i/across+1)*f.panelSize()
			if err := f.panel(i, area(c, x, y, wide, f.panelSize())); err != nil {
				return err
			}
		}

		f.drawLegend(c, legend, bottom-margin)
		c.FillText(aligned(textStyle(11, false, faint), draw.XLeft, draw.YBottom), vg.Point{X: 2 * margin, Y: margin + 2}, f.remarks())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return standalone(svg, f.title+": "+study), nil
}

// area returns the part of a canvas at x and y.
func area(c draw.Canvas, x, y, width, height vg.Length) draw.Canvas {
	return draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + width, Y: y + height}}}
}

// remarks explains the marks and error bars, and reports cells that are not shown.
func (f drawing) remarks() string {
	out := f.note
	if f.bars {
		out = strings.Replace(out, "Marks", "Columns", 1)
	}
	if f.hidden > 0 {
		out += fmt.Sprintf(" The table has %s more cells.", thousandsOf(f.hidden))
	}
	return strings.TrimSpace(out)
}

// legendEntry is an entry in a row of a legend.
type legendEntry struct {
	line int       // -1 for the legend's title
	x    vg.Length // from the left
}

// swatch is the length of a line's sample in a legend.
const swatch vg.Length = 34

// legend arranges the names of the lines in rows of the given width. A single line
// has no legend.
func (f drawing) legend(width vg.Length) [][]legendEntry {
	if len(f.lines) < 2 {
		return nil
	}

	// Break the row when the next entry does not fit.
	x := legendStyle().Width(f.key) + 16
	rows := [][]legendEntry{{{line: -1}}}
	for i, name := range f.lines {
		need := swatch + 6 + legendStyle().Width(name)
		if x > 0 && x+need > width {
			rows = append(rows, nil)
			x = 0
		}

		last := len(rows) - 1
		rows[last] = append(rows[last], legendEntry{i, x})
		x += need + 18
	}

	return rows
}

// drawLegend draws the rows of a legend below top.
func (f drawing) drawLegend(c draw.Canvas, rows [][]legendEntry, top vg.Length) {
	for i, row := range rows {
		y := top - vg.Length(i+1)*20
		for _, e := range row {
			at := vg.Point{X: 2*margin + e.x, Y: y + 9}
			if e.line < 0 {
				s := legendStyle()
				s.Color = faint
				c.FillText(s, at, f.key)
				continue
			}

			styles[e.line].thumbnail(area(c, at.X, y, swatch, 16))
			at.X += swatch + 6
			c.FillText(legendStyle(), at, f.lines[e.line])
		}
	}
}

// legendStyle returns the text style of a legend.
func legendStyle() draw.TextStyle {
	return aligned(textStyle(11.5, false, ink), draw.XLeft, draw.YCenter)
}
