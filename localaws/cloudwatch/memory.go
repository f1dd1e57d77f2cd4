package cloudwatch

import (
	"cmp"
	"log/slog"
	"slices"
	"unsafe"
)

// boundEvery is after how many data memory is added up: between two looks it grows
// by a few hundred bytes for each. The names of a new metric count as data for each
// nameUnit bytes.
const (
	memoryCheckInterval = 10_000
	bytesPerRecord      = 256
)

// memory is about how much memory the metric's name, dimensions and data take.
func (m *metric) memory() int64 {
	sum := int64(unsafe.Sizeof(metric{})) + int64(len(m.namespace)+len(m.name))
	for _, d := range m.dimensions {
		sum += int64(unsafe.Sizeof(d)) + 2*int64(len(d.Name)+len(d.Value)) // in the key, too
	}
	for _, sr := range m.series {
		sum += int64(unsafe.Sizeof(series{})) + int64(cap(sr.buckets))*int64(unsafe.Sizeof(bucket{}))
		for i := range sr.buckets {
			sum += int64(cap(sr.buckets[i].values)) * int64(unsafe.Sizeof(valueCount{}))
		}
	}
	return sum
}

// shrinkTo makes the metric's data take at most share, as far as that can be done:
// percentiles go first, then the oldest data. The newest bucket of each unit stays.
func (m *metric) shrinkTo(share int64) {
	for _, sr := range m.series {
		for i := range sr.buckets[:max(len(sr.buckets)-1, 0)] {
			if b := &sr.buckets[i]; len(b.values) > 0 {
				b.values = nil
				b.valuesUnknown = true
			}
		}
	}

	for len(m.series) > 0 && m.memory() > share {
		most := slices.MaxFunc(m.series, func(a, b *series) int { return cmp.Compare(len(a.buckets), len(b.buckets)) })
		n := len(most.buckets)
		if n < 2 {
			return
		}
		most.buckets = slices.Clone(most.buckets[(n+1)/2:])
	}
}

// limitMemory adds up the memory of all metrics from time to time. When it is more than
// it may be, the metrics that hold most give some up. The metric that is about to
// get a datum stays. mu is held.
func (s *Service) limitMemory(current *metric) {
	if s.recordsSinceCheck++; s.recordsSinceCheck < memoryCheckInterval {
		return
	}

	s.recordsSinceCheck = 0
	type sized struct {
		shelf  *resources
		key    string
		metric *metric
		memory int64
	}

	var all []sized
	var sum int64
	for _, res := range s.resources {
		for key, m := range res.metrics {
			all = append(all, sized{res, key, m, m.memory()})
			sum += all[len(all)-1].memory
		}
	}

	if sum <= s.maxBytes {
		return
	}

	if !s.warnedMaxBytes {
		s.warnedMaxBytes = true
		s.log.Warn("metrics are full: percentiles and the oldest data of the largest are dropped", slog.Int64("max_bytes", s.maxBytes))
	}

	// The largest shrink to an equal share.
	slices.SortFunc(all, func(a, b sized) int { return cmp.Compare(a.memory, b.memory) })
	left := s.maxBytes - s.maxBytes/10
	sum = 0
	for i := range all {
		a := &all[i]
		if share := left / int64(len(all)-i); a.memory > share {
			a.metric.shrinkTo(share)
			a.memory = a.metric.memory()
		}
		left = max(0, left-a.memory)
		sum += a.memory
	}

	// What is still too much are names and dimensions: metrics that no alarm watches
	// go, those without news for longest first.
	slices.SortFunc(all, func(a, b sized) int { return cmp.Compare(a.metric.lastSeen, b.metric.lastSeen) })
	for _, a := range all {
		if sum <= s.maxBytes {
			return
		}
		if len(a.metric.watchers) == 0 && a.metric != current {
			delete(a.shelf.metrics, a.key)
			sum -= a.memory
		}
	}
}
