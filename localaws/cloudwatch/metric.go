package cloudwatch

import (
	"cmp"
	"slices"
	"time"
)

// Dimension is a name and value that belong to a metric's identity.
type Dimension struct {
	// Name is 1 to 255 characters.
	Name string `json:"Name"`
	// Value is 1 to 1024 characters.
	Value string `json:"Value"`
}

// metric is one metric: a namespace, a name and a set of dimensions.
type metric struct {
	namespace  string
	name       string
	dimensions []Dimension // by name
	series     []*series   // one for each unit
	watchers   []*alarm
	level      level // of a gauge
	lastSeen   int64 // when the last datum came, epoch seconds; 0 before the first
}

// series is a metric's data of one unit.
type series struct {
	unit      string
	buckets   []bucket // in order of start; of different spans
	compactAt int      // compact when there are so many buckets
}

// The spans of buckets and how long they last (seconds).
const (
	minute              = 60
	hour                = 3600
	day                 = 24 * hour
	secondRetention     = 3 * hour
	minuteRetention     = 15 * day
	fiveMinuteRetention = 63 * day
	hourRetention       = 455 * day
)

// appendMetricKey is the metric's name on its shelf.
func appendMetricKey(buf []byte, namespace, name string, dimensions []Dimension) []byte {
	buf = append(append(append(buf, namespace...), 0), name...)
	for _, d := range dimensions {
		buf = append(append(append(append(buf, 0), d.Name...), 0), d.Value...)
	}
	return buf
}

// sortDimensions answers the dimensions in order of name, which tells equal sets.
func sortDimensions(dimensions []Dimension) []Dimension {
	byName := func(a, b Dimension) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value)) }
	if slices.IsSortedFunc(dimensions, byName) {
		return dimensions
	}
	dimensions = slices.Clone(dimensions)
	slices.SortFunc(dimensions, byName)
	return dimensions
}

// findMetric answers a metric, or nil.
func (res *resources) findMetric(namespace, name string, dimensions []Dimension) *metric {
	var buf [256]byte
	return res.metrics[string(appendMetricKey(buf[:0], namespace, name, sortDimensions(dimensions)))]
}

// ensureMetric answers a metric and makes it where it is not there yet.
func (res *resources) ensureMetric(namespace, name string, dimensions []Dimension) *metric {
	dimensions = sortDimensions(dimensions)
	var buf [256]byte
	k := appendMetricKey(buf[:0], namespace, name, dimensions)
	m := res.metrics[string(k)]
	if m == nil {
		m = &metric{
			namespace:  namespace,
			name:       name,
			dimensions: slices.Clone(dimensions),
		}
		res.metrics[string(k)] = m
	}

	return m
}

// seriesFor answers the metric's series of a unit and makes it where it is not there.
func (m *metric) seriesFor(unit string) *series {
	for _, s := range m.series {
		if s.unit == unit {
			return s
		}
	}
	s := &series{unit: unit, compactAt: 256}
	m.series = append(m.series, s)
	return s
}

// bucketAt answers the bucket for a moment and makes it where it is not there.
func (s *series) bucketAt(at int64, fine bool) *bucket {
	span := int64(minute)
	if fine {
		span = 1
	}

	start := at - at%span
	i, found := slices.BinarySearchFunc(s.buckets, start, func(b bucket, start int64) int {
		return cmp.Or(cmp.Compare(b.start, start), cmp.Compare(b.span, span))
	})
	if !found {
		s.buckets = slices.Insert(s.buckets, i, bucket{start: start, span: span})
	}

	return &s.buckets[i]
}

// mergeRange merges the buckets that begin within a span of time, in epoch seconds.
func (s *series) mergeRange(into *bucket, from, to int64) {
	lo, _ := slices.BinarySearchFunc(s.buckets, from, func(b bucket, from int64) int {
		if b.start < from {
			return -1
		}
		return 1
	})
	for i := lo; i < len(s.buckets) && s.buckets[i].start < to; i++ {
		into.merge(&s.buckets[i])
	}
}

// compact merges what is old and drops what is very old, from time to time.
func (s *series) compact(now int64) {
	if len(s.buckets) < s.compactAt {
		return
	}
	s.buckets = compactBuckets(s.buckets, now)
	s.compactAt = max(256, 2*len(s.buckets))
}

// compactBuckets merges buckets by age. It keeps count and sum of what it keeps.
func compactBuckets(buckets []bucket, now int64) []bucket {
	var out []bucket
	for i := range buckets {
		b := &buckets[i]
		age := now - b.start
		if age > hourRetention {
			continue
		}

		span := b.span
		switch {
		case age > fiveMinuteRetention:
			span = hour
		case age > minuteRetention:
			span = max(span, 5*minute)
		case age > secondRetention:
			span = max(span, minute)
		}

		start := b.start - b.start%span
		if n := len(out); n > 0 && out[n-1].start == start && out[n-1].span == span {
			out[n-1].merge(b)
			continue
		}

		whole := bucket{start: start, span: span}
		whole.merge(b)
		out = append(out, whole)
	}

	return out
}

func epoch(sec int64) time.Time { return time.Unix(sec, 0).UTC() }
