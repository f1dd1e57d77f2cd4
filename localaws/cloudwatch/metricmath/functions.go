package metricmath

import (
	"fmt"
	"math"
)

// call is a function and its arguments.
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

	v, err := c.apply(values)
	if err != nil {
		return v, fmt.Errorf("%s: %w", c.name, err)
	}

	return v, nil
}

type function struct {
	args  int
	apply func(args []Value) (Value, error)
}

// functions are those that can be called with plain arguments.
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

func elementwise(f func(float64) float64) function {
	return function{1, func(args []Value) (Value, error) {
		return args[0].mapValues(func(x float64) (float64, bool) { return f(x), true }), nil
	}}
}

// aggregate makes a number of a series, and a series of a list.
func aggregate(f func([]float64) float64) function {
	return function{1, func(args []Value) (Value, error) {
		switch v := args[0]; v.kind {
		case seriesKind:
			var all []float64
			for _, x := range v.series {
				all = append(all, x)
			}
			if len(all) == 0 {
				return Of(Series{}), nil
			}
			return Number(f(all)), nil

		case listKind:
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
			return Of(out), nil
		}

		return args[0], fmt.Errorf("it takes time series, not %s", args[0].kind)
	}}
}

func fold(xs []float64, f func(a, b float64) float64) float64 {
	out := xs[0]
	for _, x := range xs[1:] {
		out = f(out, x)
	}
	return out
}

func sum(xs []float64) float64 { return fold(xs, func(a, b float64) float64 { return a + b }) }

// ifElse is IF(condition, then, else), moment by moment.
func ifElse(args []Value) (Value, error) {
	cond := args[0]
	then := args[1]
	otherwise := args[2]
	for _, v := range args {
		if v.kind == listKind {
			return v, fmt.Errorf("it takes no arrays")
		}
	}

	if cond.kind == numberKind {
		if cond.number != 0 {
			return then, nil
		}
		return otherwise, nil
	}

	out := Series{}
	for at, x := range cond.series {
		from := otherwise
		if x != 0 {
			from = then
		}
		if y, ok := from.at(at); ok {
			out[at] = y
		}
	}

	return Of(out), nil
}
