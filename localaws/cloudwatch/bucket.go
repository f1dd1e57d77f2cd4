package cloudwatch

import (
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

// note keeps a value for percentiles.
func (b *bucket) note(value, count float64) {
	i, found := slices.BinarySearchFunc(b.values, value, func(t tally, v float64) int {
		switch {
		case t.value < v:
			return -1
		case t.value > v:
			return 1
		}
		return 0
	})
	if found {
		b.values[i].count += count
		return
	}
	b.values = slices.Insert(b.values, i, tally{value, count})
	if len(b.values) > maxValues {
		b.values = coarse(b.values)
	}
}

// coarse merges neighbouring values that lie within one percent of each other.
func coarse(values []tally) []tally {
	out := values[:1]
	for _, t := range values[1:] {
		last := &out[len(out)-1]
		if t.value-last.value <= math.Abs(t.value)/100 {
			last.count += t.count
		} else {
			out = append(out, t)
		}
	}
	return out
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
