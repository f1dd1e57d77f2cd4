package metricmath

// Series is the values of a time series by the start of their period, in epoch
// seconds.
type Series map[int64]float64

// Value is the result of an expression: a number, a series, or an array of series.
type Value struct {
	kind   kind
	number float64
	series Series
	list   []Series
}

// kind is the type of a value.
type kind uint8

const (
	numberKind kind = iota
	seriesKind
	listKind
)

// String returns the type as errors show it.
func (k kind) String() string {
	return [...]string{"a number", "a time series", "an array of time series"}[k]
}

// Number returns a value that is a number.
func Number(n float64) Value { return Value{kind: numberKind, number: n} }

// FromSeries returns a value that is a series.
func FromSeries(s Series) Value { return Value{kind: seriesKind, series: s} }

// listOf returns a value that is an array of series.
func listOf(list []Series) Value { return Value{kind: listKind, list: list} }

// Series returns the value as a series. ok is false for a number or an array.
func (v Value) Series() (s Series, ok bool) { return v.series, v.kind == seriesKind }

// mapValues applies f to a number, or to each value of the series. In a series, a
// value for which f returns false is left out.
func (v Value) mapValues(f func(float64) (float64, bool)) Value {
	switch v.kind {
	case numberKind:
		n, _ := f(v.number) // only functions of series leave values out
		return Number(n)
	case seriesKind:
		return FromSeries(v.series.mapValues(f))
	}

	out := make([]Series, len(v.list))
	for i, s := range v.list {
		out[i] = s.mapValues(f)
	}

	return listOf(out)
}

// mapValues returns the series with f applied to each value; see [Value.mapValues].
func (s Series) mapValues(f func(float64) (float64, bool)) Series {
	out := Series{}
	for at, x := range s {
		if y, ok := f(x); ok {
			out[at] = y
		}
	}
	return out
}
