package experiment

import (
	"fmt"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// file makes a drawing by itself: its title and its study's, its panels, two in a
// row, and below them what the lines and whiskers are.
func (f drawing) file(study string) ([]byte, error) {
	across, wide := 2, panelWidth
	if len(f.panels) == 1 {
		across, wide = 1, panelWidth*5/4
	}
	down := (len(f.panels) + across - 1) / across
	width := vg.Length(across)*wide + 2*margin
	legend := f.legend(width - 4*margin)
	top, bottom := vg.Length(60), vg.Length(len(legend))*20+40
	height := top + vg.Length(down)*f.tall() + bottom
	svg, err := render(width, height, func(c draw.Canvas) error {
		c.FillText(aligned(words(14, true, ink), draw.XLeft, draw.YTop), vg.Point{X: 2 * margin, Y: height - 10}, f.title)
		c.FillText(aligned(words(12, false, faint), draw.XLeft, draw.YTop), vg.Point{X: 2 * margin, Y: height - 31}, clip(study, 70*across))
		for i := range f.panels {
			x, y := margin+vg.Length(i%across)*wide, height-top-vg.Length(i/across+1)*f.tall()
			if err := f.panel(i, area(c, x, y, wide, f.tall())); err != nil {
				return err
			}
		}
		f.drawLegend(c, legend, bottom-margin)
		c.FillText(aligned(words(11, false, faint), draw.XLeft, draw.YBottom), vg.Point{X: 2 * margin, Y: margin + 2}, f.remarks())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return standalone(svg, f.title+": "+study), nil
}

func area(c draw.Canvas, x, y, width, height vg.Length) draw.Canvas {
	return draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + width, Y: y + height}}}
}

// remarks says what whiskers are, and what is not shown.
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

// entry is a line's place in a row of a legend.
type entry struct {
	line int       // -1 for what the lines are told apart by
	x    vg.Length // from the left
}

// swatch is how long a line's sample in a legend is.
const swatch vg.Length = 34

// legend sets the names of the lines in rows of a width, if there are several.
func (f drawing) legend(width vg.Length) [][]entry {
	if len(f.lines) < 2 {
		return nil
	}
	x := legendWords().Width(f.key) + 16
	rows := [][]entry{{{line: -1}}}
	for i, name := range f.lines {
		need := swatch + 6 + legendWords().Width(name)
		if x > 0 && x+need > width {
			rows, x = append(rows, nil), 0
		}
		last := len(rows) - 1
		rows[last] = append(rows[last], entry{i, x})
		x += need + 18
	}
	return rows
}

func (f drawing) drawLegend(c draw.Canvas, rows [][]entry, top vg.Length) {
	for i, row := range rows {
		y := top - vg.Length(i+1)*20
		for _, e := range row {
			at := vg.Point{X: 2*margin + e.x, Y: y + 9}
			if e.line < 0 {
				s := legendWords()
				s.Color = faint
				c.FillText(s, at, f.key)
				continue
			}
			styles[e.line].thumbnail(area(c, at.X, y, swatch, 16))
			at.X += swatch + 6
			c.FillText(legendWords(), at, f.lines[e.line])
		}
	}
}

func legendWords() draw.TextStyle { return aligned(words(11.5, false, ink), draw.XLeft, draw.YCenter) }
