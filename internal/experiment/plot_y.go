package experiment

import (
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
)

// measure is what the y axis of a chart shows.
type measure int

const (
	measureNumber measure = iota
	measureShare
	measureMoney
	measureTime
)

// format formats a figure.
func (m measure) format(v float64) string {
	switch m {
	case measureShare:
		return inPercent(v)
	case measureMoney:
		return money(v)
	case measureTime:
		return span(v)
	}
	return fixed(v, 2)
}

// yAxis is the y axis of a chart.
type yAxis struct {
	low, high float64
	log       bool
	ticks     []plot.Tick
}

// newYAxis returns an axis for figures from low to high, which are not negative.
// Times with a wide range get a logarithmic axis.
func newYAxis(m measure, low, high float64, bars bool) yAxis {
	if m == measureTime && !bars && low > 0 && high/low > 20 {
		return logYAxis(low, high)
	}

	least := map[measure]float64{
		measureNumber: 1,
		measureShare:  0.01,
		measureMoney:  0.01,
		measureTime:   1,
	}[m]

	// Six ticks or fewer, at round numbers.
	axis := yAxis{high: max(high, least)}
	step := niceStep(axis.high/6, m)
	n := math.Ceil(axis.high/step - 1e-9)
	axis.high = n * step
	for i := 0.0; i <= n; i++ {
		axis.ticks = append(axis.ticks, plot.Tick{Value: i * step, Label: tickLabel(m, i*step, step)})
	}

	return axis
}

// niceStep rounds the distance between ticks up to a round number of its unit.
func niceStep(atLeast float64, m measure) float64 {
	if m == measureTime {
		for _, s := range timeSteps {
			if s >= atLeast {
				return s
			}
		}
		return 86400 * niceStep(atLeast/86400, measureNumber)
	}

	if m == measureShare {
		return niceStep(atLeast*100, measureNumber) / 100
	}

	// 1, 2 or 5 times a power of ten.
	unit := math.Pow(10, math.Floor(math.Log10(atLeast)))
	for _, f := range []float64{1, 2, 5} {
		if f*unit >= atLeast*(1-1e-9) {
			return f * unit
		}
	}

	return 10 * unit
}

// timeSteps are round numbers of seconds, minutes and hours, in seconds.
var timeSteps = []float64{0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 21600, 43200, 86400}

// logYAxis returns a logarithmic axis with ticks at powers of ten of seconds,
// minutes, hours and days.
func logYAxis(low, high float64) yAxis {
	marks := []float64{1e-9, 1e-6, 1e-3, 0.01, 0.1, 1, 10, 60, 600, 3600, 36000, 86400, 864000, 8640000, 1e9}
	axis := yAxis{
		low:  marks[0],
		high: marks[len(marks)-1],
		log:  true,
	}

	// The nearest marks below and above the figures are the ends of the axis.
	for _, t := range marks {
		if t <= low {
			axis.low = t
		}
	}

	for _, t := range slices.Backward(marks) {
		if t >= high {
			axis.high = t
		}
	}

	for _, t := range marks {
		if t >= axis.low && t <= axis.high {
			axis.ticks = append(axis.ticks, plot.Tick{Value: t, Label: tickLabel(measureTime, t, t)})
		}
	}

	return axis
}

// tickLabel formats a value with as many digits as the distance to the next tick
// needs.
func tickLabel(m measure, v, step float64) string {
	digits := func(step float64) int { return int(max(0, math.Ceil(-math.Log10(step)-1e-9))) }
	switch m {
	case measureShare:
		return fixed(v*100, digits(step*100)) + " %"
	case measureMoney:
		return "$" + fixed(v, digits(step))
	case measureTime:
		return inUnit(v)
	}
	return fixed(v, digits(step))
}

// inUnit formats a time in seconds in the largest unit that suits it.
func inUnit(v float64) string {
	unit := 1.0
	name := " s"
	switch {
	case v >= 86400 && math.Mod(v, 43200) == 0:
		unit = 86400
		name = " d"
	case v >= 3600 && math.Mod(v, 1800) == 0:
		unit = 3600
		name = " h"
	case v >= 60 && math.Mod(v, 30) == 0:
		unit = 60
		name = " min"
	case v == 0:
		name = ""
	}

	return strconv.FormatFloat(v/unit, 'g', 6, 64) + name
}
