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

// The size of a panel, in points: small enough that its letters can be read on a
// phone.
const (
	panelWidth  vg.Length = 400
	panelHeight vg.Length = 212
	margin      vg.Length = 8
)

// panel draws one panel of a drawing.
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

// frame sets a panel's axes: marks at the values that were tried, and a grid
// behind the figures.
func (f drawing) frame(p *plot.Plot, at int) {
	p.Title.Text = strings.Join(wrap(f.panels[at], perPanel), "\n")
	p.Title.Padding = 8
	p.Title.TextStyle = aligned(words(11.5, true, ink), draw.XCenter, draw.YTop)

	p.X.Label.Text = clip(f.x.title, perPanel)
	p.X.Label.Padding = 3
	p.X.Label.TextStyle = aligned(words(11, false, ink), draw.XCenter, draw.YBottom)
	p.X.Tick.Label = aligned(words(11, false, faint), draw.XCenter, draw.YTop)
	p.X.Tick.Marker = plot.ConstantTicks(f.x.ticks)
	p.X.Tick.Length, p.X.Width, p.X.Padding = 0, 0, 4
	p.X.Min, p.X.Max = -0.06, 1.06

	p.Y.Tick.Label = aligned(words(11, false, faint), draw.XRight, draw.YCenter)
	p.Y.Tick.Marker = plot.ConstantTicks(f.y.ticks)
	p.Y.Tick.Length, p.Y.Width, p.Y.Padding = 0, 0, 4
	p.Y.Min, p.Y.Max = f.y.low, f.y.high
	if f.y.log {
		p.Y.Scale = plot.LogScale{}
	}
	grid := plotter.NewGrid()
	grid.Vertical = draw.LineStyle{Color: rule, Width: 0.5, Dashes: []vg.Length{1.5, 2.5}}
	grid.Horizontal = draw.LineStyle{Color: rule, Width: 0.7}
	p.Add(grid)
}

func aligned(s text.Style, x text.XAlignment, y text.YAlignment) text.Style {
	s.XAlign, s.YAlign = x, y
	return s
}

// addLine draws the marks of one line of a panel. Lines that would cover each
// other stand beside each other.
func (f drawing) addLine(p *plot.Plot, panel, line int) error {
	aside := min(f.x.gap*0.5/float64(len(f.lines)), 0.02) * (float64(line) - float64(len(f.lines)-1)/2)
	var points whiskers
	for i, at := range f.places {
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
	if f.bars {
		p.Add(standing{points.XYs, min(f.x.gap*0.5, 0.16), look})
	} else if err := addMarks(p, points.XYs, look); err != nil {
		return err
	}
	return f.addWhiskers(p, points, look)
}

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

// whiskers is points with the whiskers through them.
type whiskers struct {
	plotter.XYs
	plotter.YErrors
}

func (f drawing) addWhiskers(p *plot.Plot, points whiskers, look style) error {
	if f.note == "" {
		return nil
	}
	bars, err := plotter.NewYErrorBars(points)
	if err != nil {
		return err
	}
	bars.LineStyle, bars.CapWidth = look.bar(), 5
	if f.bars {
		bars.Color = ink
	}
	p.Add(bars)
	return nil
}

// standing draws points as columns that stand on the x axis.
type standing struct {
	at    plotter.XYs
	width float64
	look  style
}

// Plot draws the columns (gonum calls it).
func (b standing) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, at := range b.at {
		left, right, top := x(at.X-b.width/2), x(at.X+b.width/2), y(at.Y)
		c.FillPolygon(b.look.color, []vg.Point{{X: left, Y: c.Min.Y}, {X: left, Y: top}, {X: right, Y: top}, {X: right, Y: c.Min.Y}})
	}
}

// tall is how high a panel is drawn: its title and its names may have several
// lines.
func (f drawing) tall() vg.Length {
	lines := 1
	for _, t := range f.x.ticks {
		lines = max(lines, 1+strings.Count(t.Label, "\n"))
	}
	title := 0
	for _, name := range f.panels {
		title = max(title, len(wrap(name, perPanel)))
	}
	return panelHeight + vg.Length(math.Max(0, float64(lines-1+title)))*14
}
