package experiment

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Colours of everything that is not data. In the page they depend on the light or
// dark mode.
var (
	ink   = color.NRGBA{0x24, 0x29, 0x2f, 0xff}
	faint = color.NRGBA{0x59, 0x63, 0x6e, 0xff}
	rule  = color.NRGBA{0xd0, 0xd7, 0xde, 0xff}
)

// style is the style of a line. Glyph and dash distinguish it without colours.
type style struct {
	color color.NRGBA
	glyph draw.GlyphDrawer
	dash  []vg.Length
}

// styles are the styles of lines, in order. The colours are those of Okabe and
// Ito, which can be told apart with any common colour blindness.
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
	return draw.LineStyle{
		Color:  s.color,
		Width:  1.6,
		Dashes: s.dash,
	}
}

func (s style) bar() draw.LineStyle { return draw.LineStyle{Color: s.color, Width: 1.2} }

func (s style) point() draw.GlyphStyle {
	return draw.GlyphStyle{
		Color:  s.color,
		Radius: 3.6,
		Shape:  s.glyph,
	}
}

// thumbnail draws a sample of the line for the legend.
func (s style) thumbnail(c draw.Canvas) {
	middle := c.Center()
	c.StrokeLine2(s.line(), c.Min.X, middle.Y, c.Max.X, middle.Y)
	c.DrawGlyph(s.point(), middle)
}

// bold is font.WeightBold of golang.org/x/image/font.
const bold = 3

// textStyle returns a text style of the given size and colour.
func textStyle(size vg.Length, heavy bool, c color.Color) text.Style {
	f := font.Font{
		Typeface: "Liberation",
		Variant:  "Sans",
		Size:     size,
	}

	if heavy {
		f.Weight = bold
	}
	return text.Style{
		Color:   c,
		Font:    f,
		Handler: plot.DefaultTextHandler,
	}
}
