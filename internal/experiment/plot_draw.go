package experiment

import (
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The size of a panel in points. Larger panels would be scaled down on a phone
// until their text is unreadable.
const (
	panelWidth  vg.Length = 400
	panelHeight vg.Length = 212
	margin      vg.Length = 8
)

// panel draws a panel.
func (f drawing) panel(at int, c draw.Canvas) error {
	p := plot.New()
	p.BackgroundColor = nil
	f.frame(p, at)
	for line := range f.lines {
		if err := f.addLine(p, at, line); err != nil {
			return err
		}
	}
	p.Draw(draw.Crop(c, margin, -margin, margin, -margin))
	return nil
}

// frame sets up a panel's title, axes and grid. The ticks of the x axis are the
// values that were tried.
func (f drawing) frame(p *plot.Plot, at int) {
	p.Title.Text = strings.Join(wrap(f.panels[at], panelChars), "\n")
	p.Title.Padding = 8
	p.Title.TextStyle = aligned(textStyle(11.5, true, ink), draw.XCenter, draw.YTop)

	// Ticks have no marks: the grid shows where they are. Marks at the ends of the
	// axis need some space beside them.
	p.X.Label.Text = clip(f.x.title, panelChars)
	p.X.Label.Padding = 3
	p.X.Label.TextStyle = aligned(textStyle(11, false, ink), draw.XCenter, draw.YBottom)
	p.X.Tick.Label = aligned(textStyle(11, false, faint), draw.XCenter, draw.YTop)
	p.X.Tick.Marker = plot.ConstantTicks(f.x.ticks)
	p.X.Tick.Length = 0
	p.X.Width = 0
	p.X.Padding = 4
	p.X.Min = -0.06
	p.X.Max = 1.06

	p.Y.Tick.Label = aligned(textStyle(11, false, faint), draw.XRight, draw.YCenter)
	p.Y.Tick.Marker = plot.ConstantTicks(f.y.ticks)
	p.Y.Tick.Length = 0
	p.Y.Width = 0
	p.Y.Padding = 4
	p.Y.Min = f.y.low
	p.Y.Max = f.y.high
	if f.y.log {
		p.Y.Scale = plot.LogScale{}
	}

	grid := plotter.NewGrid()
	grid.Vertical = draw.LineStyle{
		Color:  rule,
		Width:  0.5,
		Dashes: []vg.Length{1.5, 2.5},
	}
	grid.Horizontal = draw.LineStyle{Color: rule, Width: 0.7}
	p.Add(grid)
}

// aligned returns s with an alignment.
func aligned(s text.Style, x text.XAlignment, y text.YAlignment) text.Style {
	s.XAlign = x
	s.YAlign = y
	return s
}

// addLine adds the marks of one line to a panel.
func (f drawing) addLine(p *plot.Plot, panel, line int) error {
	// Lines with the same values are moved apart, so that all of them can be seen.
	aside := min(f.x.gap*0.5/float64(len(f.lines)), 0.02) * (float64(line) - float64(len(f.lines)-1)/2)
	var points errorPoints
	for i, at := range f.positions {
		if at.panel == panel && at.line == line {
			m := f.marks[i]
			points.XYs = append(points.XYs, plotter.XY{X: at.x + aside, Y: m.y})
			points.YErrors = append(points.YErrors, struct{ Low, High float64 }{m.y - m.low, m.high - m.y})
		}
	}
	if len(points.XYs) == 0 {
		return nil
	}

	look := styles[line]
	// Bars do not need a line: their x values have no order.
	if f.bars {
		p.Add(columnPlot{points.XYs, min(f.x.gap*0.5, 0.16), look})
	} else if err := addMarks(p, points.XYs, look); err != nil {
		return err
	}
	return f.addErrorBars(p, points, look)
}

// addMarks adds points and the line through them.
func addMarks(p *plot.Plot, at plotter.XYs, look style) error {
	line, err := plotter.NewLine(at)
	if err != nil {
		return err
	}
	line.LineStyle = look.line()

	glyphs, err := plotter.NewScatter(at)
	if err != nil {
		return err
	}
	glyphs.GlyphStyle = look.point()

	p.Add(line, glyphs)
	return nil
}

// errorPoints are points with their error bars.
type errorPoints struct {
	plotter.XYs
	plotter.YErrors
}

// addErrorBars adds the error bars, if the chart has them.
func (f drawing) addErrorBars(p *plot.Plot, points errorPoints, look style) error {
	if f.note == "" {
		return nil
	}

	bars, err := plotter.NewYErrorBars(points)
	if err != nil {
		return err
	}

	bars.LineStyle = look.bar()
	bars.CapWidth = 5
	if f.bars {
		bars.Color = ink // the column already has the line's colour
	}
	p.Add(bars)
	return nil
}

// columnPlot draws points as columns.
type columnPlot struct {
	at    plotter.XYs
	width float64
	look  style
}

// Plot implements plot.Plotter.
func (b columnPlot) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, at := range b.at {
		left := x(at.X - b.width/2)
		right := x(at.X + b.width/2)
		top := y(at.Y)
		c.FillPolygon(b.look.color, []vg.Point{{X: left, Y: c.Min.Y}, {X: left, Y: top}, {X: right, Y: top}, {X: right, Y: c.Min.Y}})
	}
}

// panelSize returns the height of a panel, whose title and labels may have several
// lines.
func (f drawing) panelSize() vg.Length {
	lines := 1
	for _, t := range f.x.ticks {
		lines = max(lines, 1+strings.Count(t.Label, "\n"))
	}
	title := 0
	for _, name := range f.panels {
		title = max(title, len(wrap(name, panelChars)))
	}
	return panelHeight + vg.Length(math.Max(0, float64(lines-1+title)))*14
}
