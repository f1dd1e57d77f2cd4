package experiment

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
)

// positions are the places of an axis's values along a chart, 0 to 1.
type positions struct {
	title  string
	values []float64
	ticks  []plot.Tick // by value, in the same order
	gap    float64     // between the two nearest
}

// along places the values that cells have on an axis: by number where their
// labels have room, else by the number's logarithm, else evenly. "None" is no
// number: it bounds nothing, so it stands after all bounds.
func along(a Axis, cells []Cell) positions {
	named := map[float64]string{}
	var values []float64
	none := false
	for _, c := range cells {
		v := numberOf(a, c)
		if _, known := named[v]; known {
			continue
		}
		named[v] = clip(plain(a.Value(c.Settings)), 24)
		none = none || named[v] == "none"
		values = append(values, v)
	}
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
	out := evenly(names).thinned()
	low, high := values[0], values[len(values)-1]
	if !none && len(values) > 1 {
		for _, scale := range []func(float64) float64{linear(low, high), logarithm(low, high)} {
			if scale == nil {
				continue
			}
			if by := placed(values, names, scale); by.fits() {
				out = by
				break
			}
		}
	}
	out.title, out.values = a.Title, values
	return out
}

// linear maps low to 0 and high to 1, unless the values span too much to be told
// apart that way.
func linear(low, high float64) func(float64) float64 {
	if math.IsInf(high-low, 0) || low > 0 && high/low > 20 {
		return nil
	}
	return func(v float64) float64 { return (v - low) / (high - low) }
}

// logarithm is linear's like for values that span much; it has no place for 0.
func logarithm(low, high float64) func(float64) float64 {
	if low <= 0 {
		return nil
	}
	return func(v float64) float64 { return math.Log(v/low) / math.Log(high/low) }
}

// evenly places names at equal distances.
func evenly(names []string) positions {
	values := make([]float64, len(names))
	for i := range values {
		values[i] = float64(i)
	}
	return placed(values, names, func(v float64) float64 { return (v + 0.5) / float64(len(values)) })
}

func placed(values []float64, names []string, scale func(float64) float64) positions {
	out := positions{gap: 1}
	for i, v := range values {
		out.ticks = append(out.ticks, plot.Tick{Value: scale(v), Label: names[i]})
		if i > 0 {
			out.gap = min(out.gap, out.ticks[i].Value-out.ticks[i-1].Value)
		}
	}
	return out
}

// fits reports whether no two labels touch.
func (p positions) fits() bool {
	for i := 1; i < len(p.ticks); i++ {
		need := (letters(p.ticks[i-1].Label)+letters(p.ticks[i].Label))/2 + 1.5
		if room := (p.ticks[i].Value - p.ticks[i-1].Value) * perPanel; !(room >= need) {
			return false
		}
	}
	return true
}

// thinned leaves out labels until the others have room.
func (p positions) thinned() positions {
	all := p.ticks
	for every := 2; !p.fits() && every <= len(all); every++ {
		p.ticks = slices.Clone(all)
		var labelled positions
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

// perPanel is how many letters a panel is wide.
const perPanel = 52

func letters(s string) float64 { return float64(len([]rune(s))) }

// of is the position of a cell on an axis.
func (p positions) of(a Axis, c Cell) float64 {
	return p.ticks[slices.Index(p.values, numberOf(a, c))].Value
}

// numberOf is a cell's value on an axis, 0 for what is not a number.
func numberOf(a Axis, c Cell) float64 {
	if v, ok := a.Number(c.Settings); ok && !math.IsNaN(v) {
		return v
	}
	return 0
}
