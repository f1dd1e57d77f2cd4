package cloudwatch

import (
	"cmp"
	"math"
	"slices"
)

// maxValues is how many different values a bucket keeps exactly.
const maxValues = 300

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
	values []tally
	vague  bool
	rough  bool // the values are rounded
}

// tally is a value and how often it came.
type tally struct{ value, count float64 }

// add takes in a value that came count times.
func (b *bucket) add(value, count float64) {
	b.cover(value, value)
	b.count += count
	b.sum += value * count
	b.note(value, count)
}

// addSet takes in a statistic set. Values can be told from it only where they
// are all the same.
func (b *bucket) addSet(set StatisticSet) {
	b.cover(*set.Minimum, *set.Maximum)
	b.count += *set.SampleCount
	b.sum += *set.Sum
	if *set.Minimum == *set.Maximum {
		b.note(*set.Minimum, *set.SampleCount)
	} else {
		b.vague = true
	}
}

func (b *bucket) cover(least, most float64) {
	if b.count == 0 {
		b.min, b.max = least, most
		return
	}
	b.min, b.max = math.Min(b.min, least), math.Max(b.max, most)
}

// note keeps a value for percentiles, rounded where there are many.
func (b *bucket) note(value, count float64) {
	if b.rough {
		value = rounded(value)
	}
	b.values = tallied(b.values, value, count)
	if b.rough || len(b.values) <= maxValues {
		return
	}
	b.rough = true
	exact := b.values
	b.values = nil
	for _, t := range exact {
		b.values = tallied(b.values, rounded(t.value), t.count)
	}
}

// tallied counts a value in a list that is in rising order.
func tallied(values []tally, value, count float64) []tally {
	i, found := slices.BinarySearchFunc(values, value, func(t tally, v float64) int { return cmp.Compare(t.value, v) })
	if found {
		values[i].count += count
		return values
	}
	return slices.Insert(values, i, tally{value, count})
}

// rounded moves a value to the nearest power of 1.01, or of its negative, which is
// less than half a percent away.
func rounded(v float64) float64 {
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
	b.cover(o.min, o.max)
	b.count += o.count
	b.sum += o.sum
	b.vague = b.vague || o.vague
	for _, t := range o.values {
		b.note(t.value, t.count)
	}
}
