package cloudwatch

import (
	"cmp"
	"math"
	"slices"
)

// maxExactValues is how many different values a bucket keeps exactly.
const maxExactValues = 300

// bucket is what a metric was within a span of time.
type bucket struct {
	start int64 // epoch seconds
	span  int64 // seconds: 1, 60, 300 or 3600
	count float64
	sum   float64
	min   float64
	max   float64
	// values are the single values in rising order, for percentiles. vague says
	// that some came as a statistic set, and their values are unknown.
	values        []valueCount
	valuesUnknown bool
	valuesRounded bool // the values are rounded
}

// valueCount is a value and how often it came.
type valueCount struct{ value, count float64 }

// add takes in a value that came count times.
func (b *bucket) add(value, count float64) {
	b.extendRange(value, value)
	b.count += count
	b.sum += value * count
	b.addValue(value, count)
}

// addSet takes in a statistic set. Values can be told from it only where they
// are all the same.
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

func (b *bucket) extendRange(least, most float64) {
	if b.count == 0 {
		b.min = least
		b.max = most
		return
	}
	b.min = math.Min(b.min, least)
	b.max = math.Max(b.max, most)
}

// addValue keeps a value for percentiles, rounded where there are many.
func (b *bucket) addValue(value, count float64) {
	if b.valuesRounded {
		value = roundValue(value)
	}

	b.values = countValue(b.values, value, count)
	if b.valuesRounded || len(b.values) <= maxExactValues {
		return
	}

	b.valuesRounded = true
	exact := b.values
	b.values = nil
	for _, t := range exact {
		b.values = countValue(b.values, roundValue(t.value), t.count)
	}
}

// countValue counts a value in a list that is in rising order.
func countValue(values []valueCount, value, count float64) []valueCount {
	i, found := slices.BinarySearchFunc(values, value, func(t valueCount, v float64) int { return cmp.Compare(t.value, v) })
	if found {
		values[i].count += count
		return values
	}
	return slices.Insert(values, i, valueCount{value, count})
}

// roundValue moves a value to the nearest power of 1.01, or of its negative, which is
// less than half a percent away.
func roundValue(v float64) float64 {
	if v == 0 {
		return 0
	}
	return math.Copysign(math.Pow(1.01, math.Round(math.Log(math.Abs(v))/math.Log(1.01))), v)
}

// merge takes in another bucket.
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
