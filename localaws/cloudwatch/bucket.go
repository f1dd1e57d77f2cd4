package cloudwatch

import (
	"cmp"
	"math"
	"slices"
)

// maxExactValues is how many different values a bucket stores without rounding.
const maxExactValues = 300

// bucket holds the data of one unit of a metric within a span of time.
type bucket struct {
	start int64 // epoch seconds
	span  int64 // seconds: 1, 60, 300 or 3600
	count float64
	sum   float64
	min   float64
	max   float64
	// values are the single values, sorted, for percentiles.
	values        []valueCount
	valuesUnknown bool // values is incomplete: some came as a statistic set, or were dropped
	valuesRounded bool // there were more than maxExactValues
}

// valueCount is a value and how often it occurred.
type valueCount struct{ value, count float64 }

// add adds a value that occurred count times.
func (b *bucket) add(value, count float64) {
	b.extendRange(value, value)
	b.count += count
	b.sum += value * count
	b.addValue(value, count)
}

// addSet adds a statistic set. Its single values are known only if all are equal.
func (b *bucket) addSet(set StatisticSet) {
	b.extendRange(*set.Minimum, *set.Maximum)
	b.count += *set.SampleCount
	b.sum += *set.Sum
	if *set.Minimum == *set.Maximum {
		b.addValue(*set.Minimum, *set.SampleCount)
	} else {
		b.valuesUnknown = true
	}
}

// extendRange extends minimum and maximum. Call it before count is increased.
func (b *bucket) extendRange(least, most float64) {
	if b.count == 0 {
		b.min = least
		b.max = most
		return
	}
	b.min = math.Min(b.min, least)
	b.max = math.Max(b.max, most)
}

// addValue adds a single value for percentiles, rounded if there are many.
func (b *bucket) addValue(value, count float64) {
	if b.valuesRounded {
		value = roundValue(value)
	}

	b.values = countValue(b.values, value, count)
	if b.valuesRounded || len(b.values) <= maxExactValues {
		return
	}

	// Too many values: round the ones so far.
	b.valuesRounded = true
	exact := b.values
	b.values = nil
	for _, t := range exact {
		b.values = countValue(b.values, roundValue(t.value), t.count)
	}
}

// countValue adds count occurrences of a value to a sorted list.
func countValue(values []valueCount, value, count float64) []valueCount {
	i, found := slices.BinarySearchFunc(values, value, func(t valueCount, v float64) int { return cmp.Compare(t.value, v) })
	if found {
		values[i].count += count
		return values
	}
	return slices.Insert(values, i, valueCount{value, count})
}

// roundValue returns the nearest power of 1.01 (or its negative), which differs
// from v by less than half a percent.
func roundValue(v float64) float64 {
	if v == 0 {
		return 0
	}
	return math.Copysign(math.Pow(1.01, math.Round(math.Log(math.Abs(v))/math.Log(1.01))), v)
}

// merge adds the data of another bucket.
func (b *bucket) merge(o *bucket) {
	if o.count == 0 {
		return
	}
	b.extendRange(o.min, o.max)
	b.count += o.count
	b.sum += o.sum
	b.valuesUnknown = b.valuesUnknown || o.valuesUnknown
	for _, t := range o.values {
		b.addValue(t.value, t.count)
	}
}
