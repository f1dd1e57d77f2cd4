package cloudwatch

import (
	"cmp"
	"slices"
	"unsafe"
)

const (
	// memoryCheckInterval is the number of records after which the memory of all
	// metrics is added up. Between two checks it grows by a few hundred bytes for
	// each record. A new metric counts as one record for each bytesPerRecord bytes
	// of its names.
	memoryCheckInterval = 10_000
	bytesPerRecord      = 256
)

// memory returns the approximate memory of the metric's names and data, in bytes.
func (m *metric) memory() int64 {
	sum := int64(unsafe.Sizeof(metric{})) + int64(len(m.namespace)+len(m.name))
	for _, d := range m.dimensions {
		sum += int64(unsafe.Sizeof(d)) + 2*int64(len(d.Name)+len(d.Value)) // twice: the map key has them, too
	}
	for _, sr := range m.series {
		sum += int64(unsafe.Sizeof(series{})) + int64(cap(sr.buckets))*int64(unsafe.Sizeof(bucket{}))
		for i := range sr.buckets {
			sum += int64(cap(sr.buckets[i].values)) * int64(unsafe.Sizeof(valueCount{}))
		}
	}
	return sum
}

// shrinkTo reduces the metric's data to at most share bytes, if possible: it drops
// the percentiles first, then the oldest data. The newest bucket of each unit
// stays.
func (m *metric) shrinkTo(share int64) {
	// Without single values there are no percentiles.
	for _, sr := range m.series {
		for i := range sr.buckets[:max(len(sr.buckets)-1, 0)] {
			if b := &sr.buckets[i]; len(b.values) > 0 {
				b.values = nil
				b.valuesUnknown = true
			}
		}
	}

	// Drop the older half of the longest series until the rest fits.
	for len(m.series) > 0 && m.memory() > share {
		most := slices.MaxFunc(m.series, func(a, b *series) int { return cmp.Compare(len(a.buckets), len(b.buckets)) })
		n := len(most.buckets)
		if n < 2 {
			return
		}
		most.buckets = slices.Clone(most.buckets[(n+1)/2:])
	}
}

// limitMemory enforces maxBytes every memoryCheckInterval records. current is the
// metric about to get a datum; it is not removed. The caller holds mu.
func (s *Service) limitMemory(current *metric) {
	if s.recordsSinceCheck++; s.recordsSinceCheck < memoryCheckInterval {
		return
	}

	s.recordsSinceCheck = 0

	// Add up the memory of all metrics.
	type sized struct {
		resources *resources
		key       string
		metric    *metric
		memory    int64
	}

	var all []sized
	var sum int64
	for _, res := range s.resources {
		for key, m := range res.metrics {
			all = append(all, sized{
				resources: res,
				key:       key,
				metric:    m,
				memory:    m.memory(),
			})
			sum += all[len(all)-1].memory
		}
	}

	if sum <= s.maxBytes {
		return
	}

	if !s.warnedMaxBytes {
		s.warnedMaxBytes = true
		s.log.Warn("metrics reached their memory limit: dropping percentiles and the oldest data of the largest metrics", "max_bytes", s.maxBytes)
	}

	// Shrink the largest metrics to an equal share, to 90% of the limit in total.
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

	// If it is still too much, the rest is names and dimensions: remove metrics that
	// no alarm watches, those without new data for longest first.
	slices.SortFunc(all, func(a, b sized) int { return cmp.Compare(a.metric.lastSeen, b.metric.lastSeen) })
	for _, a := range all {
		if sum <= s.maxBytes {
			return
		}
		if len(a.metric.watchers) == 0 && a.metric != current {
			delete(a.resources.metrics, a.key)
			sum -= a.memory
		}
	}
}
