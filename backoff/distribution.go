package backoff

import (
	"math"
	"time"
)

const (
	// gridSize is the number of points at which a distribution of sums is computed.
	gridSize = 1024
	// delayCells is the number of intervals of the distribution of a delay.
	delayCells = 128
)

// uniform is a part of a distribution: with probability weight, a number is uniform
// from low to high, or equal to low if high is not above it.
type uniform struct{ low, high, weight float64 }

// sums is the distribution of a sum of independent random numbers: at each point of a
// grid the probability that the sum is below it. In between it is interpolated.
type sums struct {
	step    float64
	p       []float64 // at 0, step, 2*step, ...
	area    []float64 // the integral of p up to the point
	started bool      // false for a sum of nothing
}

// newSums returns the distribution of a sum of no delays, for sums up to an outage.
func newSums(p Policy, outage time.Duration) *sums {
	step := float64(outage) / gridSize
	// Delays of exactly the cap are frequent with Decorrelated: let the grid have
	// their sums as points, because the probability jumps there. The grid does not
	// become much larger, because the outage is at most maxReceives caps.
	if limit := float64(p.limit()); p.Jitter == Decorrelated && limit < float64(outage) {
		step = limit / math.Ceil(limit/step)
	}

	n := int(math.Ceil(float64(outage)/step)) + 2
	return &sums{step: step, p: make([]float64, n), area: make([]float64, n)}
}

// addAll adds a number with the given distribution to the sum.
func (s *sums) addAll(parts []uniform) {
	next := make([]float64, len(s.p))
	for _, part := range parts {
		first := max(int(part.low/s.step), 0) // no sum is below it
		for i := first; i < len(next); i++ {
			next[i] += part.weight * s.belowWith(float64(i)*s.step, part)
		}
	}

	s.p = next
	s.started = true
	for i := 1; i < len(next); i++ {
		s.area[i] = s.area[i-1] + (next[i-1]+next[i])/2*s.step
	}
}

// belowWith returns the probability that the sum and one more number are below x.
func (s *sums) belowWith(x float64, more uniform) float64 {
	width := more.high - more.low
	switch {
	case !s.started && width <= 0:
		return indicator(more.low < x)
	case !s.started:
		return min(max((x-more.low)/width, 0), 1)
	case width < s.step/1000: // too narrow for a difference of areas
		return s.below(x - more.low)
	}
	return (s.integral(x-more.low) - s.integral(x-more.high)) / width
}

// below returns the probability that the sum is below x.
func (s *sums) below(x float64) float64 {
	i, part := s.point(x)
	return s.p[i] + part*(s.p[i+1]-s.p[i])
}

// integral returns the integral of below from 0 to x.
func (s *sums) integral(x float64) float64 {
	i, part := s.point(x)
	return s.area[i] + part*s.step*(s.p[i]+part/2*(s.p[i+1]-s.p[i]))
}

// point returns the last point of the grid before x, and how far x is on the way from
// there to the next.
func (s *sums) point(x float64) (i int, part float64) {
	at := min(max(x/s.step, 0), float64(len(s.p)-1))
	i = min(int(at), len(s.p)-2)
	return i, at - float64(i)
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// lastDelay is the distribution of the last delay of decorrelated jitter.
type lastDelay struct {
	base, limit float64
	edges       []float64 // of intervals from base to limit, of equal ratios
	parts       []uniform
}

// newLastDelay returns the distribution before the first delay. It is used for up to
// the given number of delays.
func newLastDelay(p Policy, delays int) *lastDelay {
	d := &lastDelay{
		base:  float64(p.Base),
		limit: float64(p.limit()),
		parts: []uniform{{low: float64(p.Base), weight: 1}},
	}

	// No delay exceeds three times the one before.
	top := min(d.limit, d.base*math.Pow(3, float64(delays)))
	for i := range delayCells + 1 {
		d.edges = append(d.edges, d.base*math.Pow(top/d.base, float64(i)/delayCells))
	}

	return d
}

// next draws the next delay, and returns its distribution.
func (d *lastDelay) next() []uniform {
	cells := make([]uniform, delayCells)
	for i := range cells {
		cells[i].low = d.edges[i]
		cells[i].high = d.edges[i+1]
	}
	capped := uniform{low: d.limit}

	for _, last := range d.parts {
		top := 3 * last.middle()
		width := top - d.base
		for i := range cells {
			covered := min(cells[i].high, top) - cells[i].low
			if covered <= 0 {
				break
			}
			cells[i].weight += last.weight * covered / width
		}

		if top > d.limit {
			capped.weight += last.weight * (top - d.limit) / width
		}
	}

	d.parts = append(cells, capped)
	return d.parts
}

// middle returns the number that stands for all of a part: the geometric mean.
func (u uniform) middle() float64 {
	if u.high <= u.low {
		return u.low
	}
	return math.Sqrt(u.low * u.high)
}
