package mapping

import (
	"time"

	"github.com/reliableq/reliableq/localaws/lambda/mapping/filter"
)

// pollerConfig is the part of a mapping's configuration that its poller uses.
type pollerConfig struct {
	function       string // ARN, as it is invoked
	batchSize      int
	window         time.Duration
	filters        filter.Set
	reportFailures bool
	eventCount     bool
	fifo           bool
}

// pollerConfig returns the part of r that its poller uses. The filters must compile.
func (r *storedConfiguration) pollerConfig() pollerConfig {
	filters, err := r.compileFilters()
	if err != nil {
		panic("mapping: filters of " + r.UUID + " were stored without a check: " + err.Error())
	}

	return pollerConfig{
		function:       r.FunctionARN,
		batchSize:      r.BatchSize,
		window:         time.Duration(r.Window) * time.Second,
		filters:        filters,
		reportFailures: r.ReportFailures,
		eventCount:     r.EventCount,
		fifo:           r.FIFO,
	}
}
