package experiment

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
)

// xAxis is the x axis of a chart. Positions on it are 0 to 1.
type xAxis struct {
	title  string
	values []float64
	ticks  []plot.Tick // by value, in the same order
	gap    float64     // smallest distance between two ticks
}

// newXAxis returns an axis for the values that cells have: linear if the labels fit,
// else logarithmic, else with equal distances. "None" comes after all numbers,
// because it means that there is no limit.
func newXAxis(a Axis, cells []Cell) xAxis {
	named := map[float64]string{}
	var values []float64
	none := false
	for _, c := range cells {
		v := numberOf(a, c)
		if _, known := named[v]; known {
			continue
		}

		named[v] = clip(printable(a.Value(c.Settings)), 24)
		none = none || named[v] == "none"
		values = append(values, v)
	}

	// "None" is 0 as a number, and the largest as a limit.
	slices.SortFunc(values, func(x, y float64) int {
		switch {
		case x == y:
			return 0
		case named[y] == "none" || x < y && named[x] != "none":
			return -1
		}

		return 1
	})

	var names []string
	for _, v := range values {
		names = append(names, named[v])
	}

	// Use the scale that shows most, if its labels fit.
	out := evenAxis(names).thinned()
	low := values[0]
	high := values[len(values)-1]
	if !none && len(values) > 1 {
		for _, scale := range []func(float64) float64{linear(low, high), logarithm(low, high)} {
			if scale == nil {
				continue
			}

			if scaled := scaledAxis(values, names, scale); scaled.fits() {
				out = scaled
				break
			}
		}
	}

	out.title = a.Title
	out.values = values
	return out
}

// linear returns a scale from low at 0 to high at 1, or nil if the range is too wide
// to tell small values apart.
func linear(low, high float64) func(float64) float64 {
	if math.IsInf(high-low, 0) || low > 0 && high/low > 20 {
		return nil
	}
	return func(v float64) float64 { return (v - low) / (high - low) }
}

// logarithm returns a logarithmic scale from low at 0 to high at 1, or nil if low is
// not above 0.
func logarithm(low, high float64) func(float64) float64 {
	if low <= 0 {
		return nil
	}
	return func(v float64) float64 { return math.Log(v/low) / math.Log(high/low) }
}

// evenAxis returns an axis with ticks at equal distances.
func evenAxis(names []string) xAxis {
	values := make([]float64, len(names))
	for i := range values {
		values[i] = float64(i)
	}
	return scaledAxis(values, names, func(v float64) float64 { return (v + 0.5) / float64(len(values)) })
}

// scaledAxis returns an axis with ticks at scale(value).
func scaledAxis(values []float64, names []string, scale func(float64) float64) xAxis {
	out := xAxis{gap: 1}
	for i, v := range values {
		out.ticks = append(out.ticks, plot.Tick{Value: scale(v), Label: names[i]})
		if i > 0 {
			out.gap = min(out.gap, out.ticks[i].Value-out.ticks[i-1].Value)
		}
	}
	return out
}

// fits reports whether the labels do not touch each other.
func (p xAxis) fits() bool {
	for i := 1; i < len(p.ticks); i++ {
		need := (letters(p.ticks[i-1].Label)+letters(p.ticks[i].Label))/2 + 1.5
		if room := (p.ticks[i].Value - p.ticks[i-1].Value) * panelChars; !(room >= need) {
			return false
		}
	}
	return true
}

// thinned returns p without some labels, so that the others fit.
func (p xAxis) thinned() xAxis {
	// Every second label, every third, and so on.
	all := p.ticks
	for every := 2; !p.fits() && every <= len(all); every++ {
		p.ticks = slices.Clone(all)
		var labelled xAxis
		for i := range p.ticks {
			if i%every != 0 {
				p.ticks[i].Label = ""
				continue
			}

			labelled.ticks = append(labelled.ticks, p.ticks[i])
		}

		if labelled.fits() {
			break
		}
	}

	return p
}

// panelChars is the width of a panel in characters.
const panelChars = 52

// letters returns the length of a text in characters.
func letters(s string) float64 { return float64(len([]rune(s))) }

// of returns the position of a cell.
func (p xAxis) of(a Axis, c Cell) float64 {
	return p.ticks[slices.Index(p.values, numberOf(a, c))].Value
}

// numberOf returns a cell's value on an axis, or 0 if it is not a number.
func numberOf(a Axis, c Cell) float64 {
	if v, ok := a.Number(c.Settings); ok && !math.IsNaN(v) {
		return v
	}
	return 0
}
