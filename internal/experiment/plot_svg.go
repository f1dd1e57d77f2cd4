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

// render draws on a canvas of some size and answers it as SVG.
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

// standalone makes an SVG file: white below, and in whatever font like Liberation
// Sans there is.
func standalone(svg, label string) []byte {
	svg = svgStyle.ReplaceAllStringFunc(svg, func(s string) string {
		return strings.ReplaceAll(s, "font-family:Liberation Sans;font-variant:normal;", "font-family:'Liberation Sans',Arial,Helvetica,sans-serif;")
	})
	label = html.EscapeString(label)
	return []byte(svgHead.ReplaceAllStringFunc(svg, func(s string) string {
		return s + fmt.Sprintf("\n<title>%s</title>\n<rect width=\"100%%\" height=\"100%%\" style=\"fill:#FFFFFF\"/>", label)
	}))
}

// inline makes the part of a page: the page's font, and its colours.
func inline(svg, label string) string {
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

// pageColours names the colours of charts as a page's style sheet does.
func pageColours() map[string]color.NRGBA {
	out := map[string]color.NRGBA{"ink": ink, "faint": faint, "rule": rule}
	for i, s := range styles {
		out[fmt.Sprintf("line%d", i+1)] = s.color
	}
	return out
}

func hex(c color.NRGBA) string { return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) }
