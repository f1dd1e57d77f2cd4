package experiment

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Colours of what is not data. In a page they follow the reader's light or dark.
var (
	ink   = color.NRGBA{0x24, 0x29, 0x2f, 0xff}
	faint = color.NRGBA{0x59, 0x63, 0x6e, 0xff}
	rule  = color.NRGBA{0xd0, 0xd7, 0xde, 0xff}
)

// style tells a line from all others: by colour, and for who does not see or
// print colours by glyph and dash.
type style struct {
	color color.NRGBA
	glyph draw.GlyphDrawer
	dash  []vg.Length
}

// styles are those of lines, in order. The colours are Okabe and Ito's, which
// people with any common colour blindness tell apart.
var styles = [maxLines]style{
	{color.NRGBA{0x00, 0x72, 0xb2, 0xff}, draw.CircleGlyph{}, nil},
	{color.NRGBA{0xd5, 0x5e, 0x00, 0xff}, draw.BoxGlyph{}, []vg.Length{6, 3}},
	{color.NRGBA{0x00, 0x9e, 0x73, 0xff}, draw.PyramidGlyph{}, []vg.Length{2, 2.5}},
	{color.NRGBA{0xcc, 0x79, 0xa7, 0xff}, draw.RingGlyph{}, []vg.Length{8, 3, 2, 3}},
	{color.NRGBA{0xe6, 0x9f, 0x00, 0xff}, draw.SquareGlyph{}, []vg.Length{11, 4}},
	{color.NRGBA{0x56, 0xb4, 0xe9, 0xff}, draw.TriangleGlyph{}, []vg.Length{4, 2, 1, 2}},
	{color.NRGBA{0x6e, 0x6e, 0x6e, 0xff}, draw.CrossGlyph{}, []vg.Length{1, 3}},
	{color.NRGBA{0x8c, 0x56, 0x4b, 0xff}, draw.PlusGlyph{}, []vg.Length{11, 3, 3, 3}},
}

func (s style) line() draw.LineStyle {
	return draw.LineStyle{Color: s.color, Width: 1.6, Dashes: s.dash}
}

func (s style) bar() draw.LineStyle { return draw.LineStyle{Color: s.color, Width: 1.2} }

func (s style) point() draw.GlyphStyle {
	return draw.GlyphStyle{Color: s.color, Radius: 3.6, Shape: s.glyph}
}

// thumbnail draws a sample of a line across a canvas.
func (s style) thumbnail(c draw.Canvas) {
	middle := c.Center()
	c.StrokeLine2(s.line(), c.Min.X, middle.Y, c.Max.X, middle.Y)
	c.DrawGlyph(s.point(), middle)
}

// heavy is the weight of bold letters, as golang.org/x/image/font counts it.
const heavy = 3

// words is a style of text.
func words(size vg.Length, bold bool, c color.Color) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
	if bold {
		f.Weight = heavy
	}
	return text.Style{Color: c, Font: f, Handler: plot.DefaultTextHandler}
}
