package metricmath

import (
	"fmt"
	"math"
)

// Inputs is what an expression is evaluated over.
type Inputs struct {
	// Times are the starts of the periods, in epoch seconds, in ascending order.
	Times []int64
	// Resolve returns the value of a query by its id.
	Resolve func(id string) (Value, error)
	// Metrics returns the series of all queries for a metric whose id contains a
	// text, in the order of the queries.
	Metrics func(part string) []Series
}

// Eval evaluates the expression.
func (e *Expression) Eval(in Inputs) (Value, error) { return e.root.eval(in) }

// node is a node of the syntax tree.
type node interface {
	eval(in Inputs) (Value, error)
}

// literal is a number.
type literal struct{ number float64 }

func (l literal) eval(Inputs) (Value, error) { return Number(l.number), nil }

// reference is the id of a query.
type reference struct{ id string }

func (r reference) eval(in Inputs) (Value, error) { return in.Resolve(r.id) }

// negative is a minus sign and its operand.
type negative struct{ of node }

func (n negative) eval(in Inputs) (Value, error) {
	v, err := n.of.eval(in)
	return v.mapValues(func(x float64) (float64, bool) { return -x, true }), err
}

// metrics is METRICS.
type metrics struct{ part string }

func (m metrics) eval(in Inputs) (Value, error) { return listOf(in.Metrics(m.part)), nil }

// array is a list of series in brackets.
type array struct{ items []node }

func (a array) eval(in Inputs) (Value, error) {
	var list []Series
	for _, item := range a.items {
		v, err := item.eval(in)
		if err != nil {
			return v, err
		}

		// An array in an array is flattened.
		switch v.kind {
		case seriesKind:
			list = append(list, v.series)
		case listKind:
			list = append(list, v.list...)
		case numberKind:
			return v, fmt.Errorf("an array must have time series, not numbers")
		}
	}

	return listOf(list), nil
}

// fill is FILL, with either a value for missing ones or repeat.
type fill struct {
	of     node
	with   node
	repeat bool
}

func (f fill) eval(in Inputs) (Value, error) {
	of, err := f.of.eval(in)
	if err != nil {
		return of, err
	}

	// REPEAT needs no value.
	with := Number(0)
	if !f.repeat {
		if with, err = f.with.eval(in); err != nil {
			return with, err
		}
	}

	switch of.kind {
	case seriesKind:
		return FromSeries(f.fillSeries(of.series, with, in.Times)), nil
	case listKind:
		out := make([]Series, len(of.list))
		for i, s := range of.list {
			out[i] = f.fillSeries(s, with, in.Times)
		}
		return listOf(out), nil
	}

	return of, fmt.Errorf("first argument of FILL must be a time series, not a number")
}

// fillSeries fills one series.
func (f fill) fillSeries(s Series, with Value, times []int64) Series {
	out := Series{}
	last := 0.0
	seen := false // a value came before, to be repeated
	for _, at := range times {
		if x, ok := s[at]; ok {
			out[at] = x
			last = x
			seen = true
			continue
		}

		// Before the first value there is nothing to repeat.
		if f.repeat {
			if seen {
				out[at] = last
			}
			continue
		}

		if x, ok := with.at(at); ok {
			out[at] = x
		}
	}

	return out
}

// at returns the value for a period. A number is the same for all periods.
func (v Value) at(t int64) (float64, bool) {
	if v.kind == numberKind {
		return v.number, true
	}
	x, ok := v.series[t]
	return x, ok
}

// operation is a binary operator and its operands.
type operation struct {
	apply       func(a, b float64) float64
	left, right node
}

func (o operation) eval(in Inputs) (Value, error) {
	left, err := o.left.eval(in)
	if err != nil {
		return left, err
	}
	right, err := o.right.eval(in)
	if err != nil {
		return right, err
	}
	return combine(left, right, o.apply)
}

// combine applies f to two values period by period. An array is combined series by
// series.
func combine(a, b Value, f func(a, b float64) float64) (Value, error) {
	// Arrays first, then numbers; two series are left.
	switch {
	case a.kind == listKind && b.kind == listKind:
		return a, fmt.Errorf("an operator cannot combine two arrays")
	case a.kind == listKind:
		return mapSeries(a.list, func(s Series) (Value, error) { return combine(FromSeries(s), b, f) })
	case b.kind == listKind:
		return mapSeries(b.list, func(s Series) (Value, error) { return combine(a, FromSeries(s), f) })
	case a.kind == numberKind && b.kind == numberKind:
		return Number(f(a.number, b.number)), nil
	case a.kind == numberKind:
		return b.mapValues(func(x float64) (float64, bool) { return finite(f(a.number, x)) }), nil
	}

	// Both have to have a value, and the result must be finite: x/0 is not.
	out := Series{}
	for at, x := range a.series {
		if y, ok := b.at(at); ok {
			if z, ok := finite(f(x, y)); ok {
				out[at] = z
			}
		}
	}

	return FromSeries(out), nil
}

// mapSeries applies f to each series of an array.
func mapSeries(list []Series, f func(Series) (Value, error)) (Value, error) {
	out := make([]Series, len(list))
	for i, s := range list {
		v, err := f(s)
		if err != nil {
			return v, err
		}
		out[i] = v.series
	}
	return listOf(out), nil
}

// finite reports whether x is neither infinite nor NaN; a series has no such
// values.
func finite(x float64) (float64, bool) { return x, !math.IsNaN(x) && !math.IsInf(x, 0) }

// boolValue returns 1 or 0, as comparisons do.
func boolValue(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// operators are the binary operators by their symbols.
var operators = map[string]func(a, b float64) float64{
	"+":   func(a, b float64) float64 { return a + b },
	"-":   func(a, b float64) float64 { return a - b },
	"*":   func(a, b float64) float64 { return a * b },
	"/":   func(a, b float64) float64 { return a / b },
	"^":   math.Pow,
	"==":  func(a, b float64) float64 { return boolValue(a == b) },
	"!=":  func(a, b float64) float64 { return boolValue(a != b) },
	"<":   func(a, b float64) float64 { return boolValue(a < b) },
	"<=":  func(a, b float64) float64 { return boolValue(a <= b) },
	">":   func(a, b float64) float64 { return boolValue(a > b) },
	">=":  func(a, b float64) float64 { return boolValue(a >= b) },
	"AND": func(a, b float64) float64 { return boolValue(a != 0 && b != 0) },
	"&&":  func(a, b float64) float64 { return boolValue(a != 0 && b != 0) },
	"OR":  func(a, b float64) float64 { return boolValue(a != 0 || b != 0) },
	"||":  func(a, b float64) float64 { return boolValue(a != 0 || b != 0) },
}
