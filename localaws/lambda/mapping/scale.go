package mapping

import "time"

// batchLimit is how many batches a mapping may have with its function at a time, and
// how that number grows (LAM B24, B27 to B29).
type batchLimit struct {
	current      int           // batches allowed now
	idle         int           // level at rest
	min          int           // level that failures do not go below
	max          int           // level that backlog does not go above
	growInterval time.Duration // time in which backlog adds one
}

// The pace of AWS: 300 more a minute, and 1,000 in provisioned mode.
const (
	growInterval            = time.Minute / 300
	provisionedGrowInterval = time.Minute / 1000
)

// The sizes of AWS.
const (
	idleBatches      = 5    // LAM B24
	awsMaxBatches    = 1250 // LAM B24
	batchesPerPoller = 10   // LAM B29
)

// batchLimit derives r's from AWS's sizes and this server's bound. A FIFO queue has no
// ramp: its message groups are the bound (LAM B27).
func (r *record) batchLimit(bound int) batchLimit {
	s := batchLimit{
		idle:         idleBatches,
		max:          awsMaxBatches,
		growInterval: growInterval,
	}

	if r.MinPollers > 0 {
		s = batchLimit{
			idle:         r.MinPollers * batchesPerPoller,
			max:          r.MaxPollers * batchesPerPoller,
			growInterval: provisionedGrowInterval,
		}
	}

	if r.MaxConcurrency > 0 {
		s.max = r.MaxConcurrency
	}

	s.max = min(s.max, bound)
	if r.FIFO {
		s.idle = s.max
	}

	s.idle = min(s.idle, s.max)
	s.min = min(2, s.max)
	s.current = s.idle
	return s
}

// grow allows one batch more.
func (s *batchLimit) grow() { s.current = min(s.current+1, s.max) }

// shrink allows one batch less, after a failure.
func (s *batchLimit) shrink() { s.current = max(s.current-1, s.min) }

// resetToIdle goes back to where an idle mapping is.
func (s *batchLimit) resetToIdle() { s.current = min(s.current, s.idle) }

// reconfigure takes the sizes of o over and keeps the level, within them.
func (s *batchLimit) reconfigure(o batchLimit) {
	level := s.current
	*s = o
	s.current = max(min(level, o.max), o.min)
}
