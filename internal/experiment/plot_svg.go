package experiment

import (
	"bytes"
	"fmt"
	"html"
	"image/color"
	"regexp"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// render returns as SVG what paint draws on a canvas of the given size.
func render(width, height vg.Length, paint func(draw.Canvas) error) (string, error) {
	canvas := vgsvg.New(width, height)
	if err := paint(draw.New(canvas)); err != nil {
		return "", err
	}
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return "", err
	}
	return out.String(), nil
}

var (
	svgHead  = regexp.MustCompile(`(?s)^.*?<svg[^>]*?viewBox="([^"]*)"[^>]*>`)
	svgStyle = regexp.MustCompile(`style="[^"]*"`)
)

// standalone returns an SVG file with a white background, a title, and fallbacks
// for the font Liberation Sans.
func standalone(svg, label string) []byte {
	svg = svgStyle.ReplaceAllStringFunc(svg, func(s string) string {
		return strings.ReplaceAll(s, "font-family:Liberation Sans;font-variant:normal;", "font-family:'Liberation Sans',Arial,Helvetica,sans-serif;")
	})
	label = html.EscapeString(label)
	return []byte(svgHead.ReplaceAllStringFunc(svg, func(s string) string {
		return s + fmt.Sprintf("\n<title>%s</title>\n<rect width=\"100%%\" height=\"100%%\" style=\"fill:#FFFFFF\"/>", label)
	}))
}

// inline returns an SVG element for the page, with the page's font and colours. An
// empty label hides it from screen readers.
func inline(svg, label string) string {
	// Replace the font and the colours in style attributes only, not in texts.
	swap := []string{"font-family:Liberation Sans;font-variant:normal;", "", "font-weight:normal;font-style:normal;", ""}
	for name, c := range pageColours() {
		swap = append(swap, hex(c), "var(--"+name+")")
	}
	svg = svgStyle.ReplaceAllStringFunc(svg, strings.NewReplacer(swap...).Replace)
	role := `role="img" aria-label="` + html.EscapeString(label) + `"`
	if label == "" {
		role = `aria-hidden="true"`
	}
	return svgHead.ReplaceAllString(svg, `<svg viewBox="$1" `+strings.ReplaceAll(role, "$", "$$")+`>`)
}

// pageColours returns the colours of charts by their name in the page's style
// sheet.
func pageColours() map[string]color.NRGBA {
	out := map[string]color.NRGBA{
		"ink":   ink,
		"faint": faint,
		"rule":  rule,
	}
	for i, s := range styles {
		out[fmt.Sprintf("line%d", i+1)] = s.color
	}
	return out
}

// hex returns a colour as vgsvg writes it.
func hex(c color.NRGBA) string { return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) }
