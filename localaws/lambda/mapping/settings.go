package mapping

import (
	"time"

	"github.com/reliableq/reliableq/localaws/lambda/mapping/filter"
)

// settings is what a poller reads of its mapping's record.
type settings struct {
	function       string // ARN, as it is invoked
	batchSize      int
	window         time.Duration
	filters        filter.Set
	reportFailures bool
	eventCount     bool
	fifo           bool
}

// settings derives the poller's view of r, whose filters are known to compile.
func (r *record) settings() settings {
	filters, err := r.compileFilters()
	if err != nil {
		panic("mapping: filters of " + r.UUID + " were stored without a check: " + err.Error())
	}
	return settings{
		function:       r.FunctionARN,
		batchSize:      r.BatchSize,
		window:         time.Duration(r.Window) * time.Second,
		filters:        filters,
		reportFailures: r.ReportFailures,
		eventCount:     r.EventCount,
		fifo:           r.FIFO,
	}
}
