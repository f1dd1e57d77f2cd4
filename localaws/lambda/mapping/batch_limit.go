package mapping

import "time"

// batchLimit is how many active batches a mapping may have, and how that number changes
// with backlog and failures (LAM B24, B27 to B29).
type batchLimit struct {
	current      int           // the limit now
	idle         int           // the limit of an idle mapping
	min          int           // failures lower the limit to this at most
	max          int           // backlog raises the limit to this at most
	growInterval time.Duration // time of backlog after which the limit is raised by one
}

// AWS adds 300 batches a minute, and 1,000 in provisioned mode.
const (
	growInterval            = time.Minute / 300
	provisionedGrowInterval = time.Minute / 1000
)

// Numbers of batches on AWS.
const (
	idleBatches      = 5    // LAM B24
	awsMaxBatches    = 1250 // LAM B24
	batchesPerPoller = 10   // LAM B29
)

// batchLimit returns the limit of r: AWS's, but at most bound. With a FIFO queue it does
// not start low, because message groups limit concurrency (LAM B27).
func (r *storedConfiguration) batchLimit(bound int) batchLimit {
	s := batchLimit{
		idle:         idleBatches,
		max:          awsMaxBatches,
		growInterval: growInterval,
	}

	// Provisioned mode has its own numbers.
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

	// This server may allow less than AWS.
	s.max = min(s.max, bound)
	if r.FIFO {
		s.idle = s.max
	}

	s.idle = min(s.idle, s.max)
	s.min = min(2, s.max)
	s.current = s.idle
	return s
}

// grow raises the limit by one, after backlog.
func (s *batchLimit) grow() { s.current = min(s.current+1, s.max) }

// shrink lowers the limit by one, after a failure.
func (s *batchLimit) shrink() { s.current = max(s.current-1, s.min) }

// resetToIdle lowers the limit to that of an idle mapping.
func (s *batchLimit) resetToIdle() { s.current = min(s.current, s.idle) }

// reconfigure takes the bounds of o and keeps the limit within them.
func (s *batchLimit) reconfigure(o batchLimit) {
	current := s.current
	*s = o
	s.current = max(min(current, o.max), o.min)
}
