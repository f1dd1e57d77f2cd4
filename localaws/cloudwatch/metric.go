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
	seen       int64 // when the last datum came, epoch seconds; 0 before the first
}

// series is a metric's data of one unit.
type series struct {
	unit      string
	buckets   []bucket // in order of start; of different spans
	compactAt int      // compact when there are so many buckets
}

// The spans of buckets and how long they last (seconds).
const (
	minute      = 60
	hour        = 3600
	day         = 24 * hour
	keepSeconds = 3 * hour
	keepMinutes = 15 * day
	keepFives   = 63 * day
	keepHours   = 455 * day
)

// key is the metric's name on its shelf.
func key(buf []byte, namespace, name string, dimensions []Dimension) []byte {
	buf = append(append(append(buf, namespace...), 0), name...)
	for _, d := range dimensions {
		buf = append(append(append(append(buf, 0), d.Name...), 0), d.Value...)
	}
	return buf
}

// sorted answers the dimensions in order of name, which tells equal sets.
func sorted(dimensions []Dimension) []Dimension {
	byName := func(a, b Dimension) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value)) }
	if slices.IsSortedFunc(dimensions, byName) {
		return dimensions
	}
	dimensions = slices.Clone(dimensions)
	slices.SortFunc(dimensions, byName)
	return dimensions
}

// find answers a metric, or nil.
func (sh *shelf) find(namespace, name string, dimensions []Dimension) *metric {
	var buf [256]byte
	return sh.metrics[string(key(buf[:0], namespace, name, sorted(dimensions)))]
}

// metric answers a metric and makes it where it is not there yet.
func (sh *shelf) metric(namespace, name string, dimensions []Dimension) *metric {
	dimensions = sorted(dimensions)
	var buf [256]byte
	k := key(buf[:0], namespace, name, dimensions)
	m := sh.metrics[string(k)]
	if m == nil {
		m = &metric{namespace: namespace, name: name, dimensions: slices.Clone(dimensions)}
		sh.metrics[string(k)] = m
	}
	return m
}

// of answers the metric's series of a unit and makes it where it is not there.
func (m *metric) of(unit string) *series {
	for _, s := range m.series {
		if s.unit == unit {
			return s
		}
	}
	s := &series{unit: unit, compactAt: 256}
	m.series = append(m.series, s)
	return s
}

// bucket answers the bucket for a moment and makes it where it is not there.
func (s *series) bucket(at int64, fine bool) *bucket {
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

// sum merges the buckets that begin within a span of time, in epoch seconds.
func (s *series) sum(into *bucket, from, to int64) {
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
	s.buckets = compacted(s.buckets, now)
	s.compactAt = max(256, 2*len(s.buckets))
}

// compacted merges buckets by age. It keeps count and sum of what it keeps.
func compacted(buckets []bucket, now int64) []bucket {
	var out []bucket
	for i := range buckets {
		b := &buckets[i]
		age := now - b.start
		if age > keepHours {
			continue
		}
		span := b.span
		switch {
		case age > keepFives:
			span = hour
		case age > keepMinutes:
			span = max(span, 5*minute)
		case age > keepSeconds:
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
