package metricmath

// Series is values by moment, in epoch seconds.
type Series map[int64]float64

// Value is what an expression yields: a number, a series, or a list of series.
type Value struct {
	kind   kind
	number float64
	series Series
	list   []Series
}

type kind uint8

const (
	numberKind kind = iota
	seriesKind
	listKind
)

func (k kind) String() string {
	return [...]string{"a number", "a time series", "an array of time series"}[k]
}

// Number makes a value of a number.
func Number(n float64) Value { return Value{kind: numberKind, number: n} }

// Of makes a value of a series.
func Of(s Series) Value { return Value{kind: seriesKind, series: s} }

func listOf(list []Series) Value { return Value{kind: listKind, list: list} }

// Series is the value as a series; ok is false for a number or a list.
func (v Value) Series() (s Series, ok bool) { return v.series, v.kind == seriesKind }

// mapValues applies f to a number, or to each value of a series or list. A result
// that is no number is left out of a series.
func (v Value) mapValues(f func(float64) (float64, bool)) Value {
	switch v.kind {
	case numberKind:
		n, _ := f(v.number)
		return Number(n)
	case seriesKind:
		return Of(v.series.mapValues(f))
	}

	out := make([]Series, len(v.list))
	for i, s := range v.list {
		out[i] = s.mapValues(f)
	}

	return listOf(out)
}

func (s Series) mapValues(f func(float64) (float64, bool)) Series {
	out := Series{}
	for at, x := range s {
		if y, ok := f(x); ok {
			out[at] = y
		}
	}
	return out
}
