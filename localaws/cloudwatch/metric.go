package cloudwatch

import (
	"cmp"
	"slices"
	"time"
)

// Dimension is a name and a value that are part of a metric's identity.
type Dimension struct {
	// Name has 1 to 255 characters.
	Name string `json:"Name"`
	// Value has 1 to 1024 characters.
	Value string `json:"Value"`
}

// metric is a metric: a namespace, a name and a set of dimensions.
type metric struct {
	namespace  string
	name       string
	dimensions []Dimension // sorted by name
	series     []*series   // one for each unit
	watchers   []*alarm    // the alarms on this metric
	level      level       // the current value of a gauge
	lastSeen   int64       // when the last datum arrived, epoch seconds; 0 if none did
}

// series is a metric's data of one unit.
type series struct {
	unit      string
	buckets   []bucket // sorted by start; of different spans
	compactAt int      // the number of buckets at which to compact
}

// The spans of buckets, and how long each span is retained, in seconds.
const (
	minute              = 60
	hour                = 3600
	day                 = 24 * hour
	secondRetention     = 3 * hour
	minuteRetention     = 15 * day
	fiveMinuteRetention = 63 * day
	hourRetention       = 455 * day
)

// appendMetricKey appends the key of a metric in resources.metrics to buf. Parts are
// separated by zero bytes, which dimensions cannot contain. The caller's buffer
// saves an allocation in each lookup.
func appendMetricKey(buf []byte, namespace, name string, dimensions []Dimension) []byte {
	buf = append(append(append(buf, namespace...), 0), name...)
	for _, d := range dimensions {
		buf = append(append(append(append(buf, 0), d.Name...), 0), d.Value...)
	}
	return buf
}

// sortDimensions returns the dimensions sorted by name, so that equal sets have
// equal keys. It copies only if they are not sorted yet.
func sortDimensions(dimensions []Dimension) []Dimension {
	byName := func(a, b Dimension) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value)) }
	if slices.IsSortedFunc(dimensions, byName) {
		return dimensions
	}
	dimensions = slices.Clone(dimensions)
	slices.SortFunc(dimensions, byName)
	return dimensions
}

// findMetric returns a metric, or nil.
func (res *resources) findMetric(namespace, name string, dimensions []Dimension) *metric {
	var buf [256]byte
	return res.metrics[string(appendMetricKey(buf[:0], namespace, name, sortDimensions(dimensions)))]
}

// ensureMetric returns a metric, which it creates if there is none.
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

// seriesFor returns the metric's series of a unit, which it creates if there is
// none.
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

// bucketAt returns the bucket for a time in epoch seconds, which it creates if
// there is none. highResolution selects a bucket of one second.
func (s *series) bucketAt(at int64, highResolution bool) *bucket {
	span := int64(minute)
	if highResolution {
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

// mergeRange merges the buckets that start in [from, to), in epoch seconds, into a
// bucket.
func (s *series) mergeRange(into *bucket, from, to int64) {
	// lo is the first of the buckets that start at from or later: two spans may share a start.
	lo, _ := slices.BinarySearchFunc(s.buckets, from, func(b bucket, from int64) int { return cmp.Compare(b.start, from) })
	for i := lo; i < len(s.buckets) && s.buckets[i].start < to; i++ {
		into.merge(&s.buckets[i])
	}
}

// compact merges or drops old buckets once there are compactAt of them.
func (s *series) compact(now int64) {
	if len(s.buckets) < s.compactAt {
		return
	}
	s.buckets = compactBuckets(s.buckets, now)
	s.compactAt = max(256, 2*len(s.buckets))
}

// compactBuckets merges buckets by age and drops expired ones. Merging preserves
// counts and sums.
func compactBuckets(buckets []bucket, now int64) []bucket {
	var out []bucket
	for i := range buckets {
		b := &buckets[i]
		age := now - b.start
		if age > hourRetention {
			continue
		}

		// The older the data, the longer the span.
		span := b.span
		switch {
		case age > fiveMinuteRetention:
			span = hour
		case age > minuteRetention:
			span = max(span, 5*minute)
		case age > secondRetention:
			span = max(span, minute)
		}

		// Merge into the previous bucket if both fall into one span.
		start := b.start - b.start%span
		if n := len(out); n > 0 && out[n-1].start == start && out[n-1].span == span {
			out[n-1].merge(b)
			continue
		}

		merged := bucket{start: start, span: span}
		merged.merge(b)
		out = append(out, merged)
	}

	return out
}

// epoch converts epoch seconds.
func epoch(sec int64) time.Time { return time.Unix(sec, 0).UTC() }
