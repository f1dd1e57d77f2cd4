package mapping

import "time"

// scale is how many batches a mapping may have with its function at a time, and
// how that number grows (LAM B24, B27 to B29).
type scale struct {
	level int           // batches allowed now
	start int           // level at rest
	floor int           // level that failures do not go below
	top   int           // level that backlog does not go above
	step  time.Duration // time in which backlog adds one
}

// The pace of AWS: 300 more a minute, and 1,000 in provisioned mode.
const (
	pace            = time.Minute / 300
	paceProvisioned = time.Minute / 1000
)

// The sizes of AWS.
const (
	batchesAtRest    = 5    // LAM B24
	mostBatches      = 1250 // LAM B24
	batchesPerPoller = 10   // LAM B29
)

// scale derives r's from AWS's sizes and this server's bound. A FIFO queue has no
// ramp: its message groups are the bound (LAM B27).
func (r *record) scale(bound int) scale {
	s := scale{start: batchesAtRest, top: mostBatches, step: pace}
	if r.MinPollers > 0 {
		s = scale{start: r.MinPollers * batchesPerPoller, top: r.MaxPollers * batchesPerPoller, step: paceProvisioned}
	}
	if r.MaxConcurrency > 0 {
		s.top = r.MaxConcurrency
	}
	s.top = min(s.top, bound)
	if r.FIFO {
		s.start = s.top
	}
	s.start = min(s.start, s.top)
	s.floor = min(2, s.top)
	s.level = s.start
	return s
}

// grow allows one batch more.
func (s *scale) grow() { s.level = min(s.level+1, s.top) }

// shrink allows one batch less, after a failure.
func (s *scale) shrink() { s.level = max(s.level-1, s.floor) }

// rest goes back to where an idle mapping is.
func (s *scale) rest() { s.level = min(s.level, s.start) }

// adopt takes the sizes of o over and keeps the level, within them.
func (s *scale) adopt(o scale) {
	level := s.level
	*s = o
	s.level = max(min(level, o.top), o.floor)
}
