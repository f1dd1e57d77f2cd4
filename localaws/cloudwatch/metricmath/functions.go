package metricmath

import (
	"fmt"
	"math"
)

// call is the call of a function.
type call struct {
	name  string
	apply func(args []Value) (Value, error)
	args  []node
}

func (c call) eval(in Inputs) (Value, error) {
	values := make([]Value, len(c.args))
	for i, a := range c.args {
		v, err := a.eval(in)
		if err != nil {
			return v, err
		}
		values[i] = v
	}

	// Errors name the function.
	v, err := c.apply(values)
	if err != nil {
		return v, fmt.Errorf("%s: %w", c.name, err)
	}

	return v, nil
}

// function is a function with a fixed number of arguments.
type function struct {
	args  int
	apply func(args []Value) (Value, error)
}

// functions are the functions whose arguments are expressions. METRICS and FILL
// have their own syntax.
var functions = map[string]function{
	"ABS":   elementwise(math.Abs),
	"CEIL":  elementwise(math.Ceil),
	"FLOOR": elementwise(math.Floor),
	"SUM":   aggregate(sum),
	"AVG":   aggregate(func(xs []float64) float64 { return sum(xs) / float64(len(xs)) }),
	"MIN":   aggregate(func(xs []float64) float64 { return fold(xs, math.Min) }),
	"MAX":   aggregate(func(xs []float64) float64 { return fold(xs, math.Max) }),
	"IF":    {3, ifElse},
}

// elementwise returns a function of one argument that applies f to each value.
func elementwise(f func(float64) float64) function {
	return function{1, func(args []Value) (Value, error) {
		return args[0].mapValues(func(x float64) (float64, bool) { return f(x), true }), nil
	}}
}

// aggregate returns a function that reduces a series to a number, and an array of
// series to a series.
func aggregate(f func([]float64) float64) function {
	return function{1, func(args []Value) (Value, error) {
		switch v := args[0]; v.kind {
		case seriesKind:
			// The order of the values does not matter.
			var all []float64
			for _, x := range v.series {
				all = append(all, x)
			}
			if len(all) == 0 {
				return FromSeries(Series{}), nil
			}
			return Number(f(all)), nil

		case listKind:
			// Aggregate the values of each period that any series has.
			byTime := map[int64][]float64{}
			for _, s := range v.list {
				for at, x := range s {
					byTime[at] = append(byTime[at], x)
				}
			}
			out := Series{}
			for at, xs := range byTime {
				out[at] = f(xs)
			}
			return FromSeries(out), nil
		}

		return args[0], fmt.Errorf("argument must be time series, not %s", args[0].kind)
	}}
}

// fold combines values from left to right. There must be at least one.
func fold(xs []float64, f func(a, b float64) float64) float64 {
	out := xs[0]
	for _, x := range xs[1:] {
		out = f(out, x)
	}
	return out
}

func sum(xs []float64) float64 { return fold(xs, func(a, b float64) float64 { return a + b }) }

// ifElse is IF(condition, then, else). A condition that is a series selects for
// each period.
func ifElse(args []Value) (Value, error) {
	cond := args[0]
	then := args[1]
	orElse := args[2]
	for _, v := range args {
		if v.kind == listKind {
			return v, fmt.Errorf("arguments cannot be arrays")
		}
	}

	// A number selects one of the two for all periods.
	if cond.kind == numberKind {
		if cond.number != 0 {
			return then, nil
		}
		return orElse, nil
	}

	// A series selects for each of its own periods.
	out := Series{}
	for at, x := range cond.series {
		from := orElse
		if x != 0 {
			from = then
		}
		if y, ok := from.at(at); ok {
			out[at] = y
		}
	}

	return FromSeries(out), nil
}
