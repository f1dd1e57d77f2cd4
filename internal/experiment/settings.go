package experiment

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reliableq/reliableq/functions/consumer/consume"
)

// Settings are one point of a grid: the configuration of a deployment and its
// load.
type Settings struct {
	// BatchSize is the batch size of the consumer's mapping, 1 to 10,000 (LAM B7).
	BatchSize int `json:"batch_size"`
	// BadShare is the share of orders that can never be processed, 0 to 1.
	BadShare float64 `json:"bad_share"`
	// Mode is how the consumer reports failures: per_message or whole_batch.
	Mode string `json:"mode"`
	// MaxReceives is the source queue's maxReceiveCount, 1 to 1,000.
	MaxReceives int `json:"max_receive_count"`
	// Visibility is the source queue's visibility timeout in seconds, 1 to 43,200.
	Visibility int `json:"visibility_timeout_seconds"`
	// Work is the mean time that the consumer takes for a message, in seconds, 0
	// or more. Each message takes 0.5 to 1.5 times that, one after the other.
	Work float64 `json:"work_seconds"`
	// Reserved is the consumer's reserved concurrency, 1 to 900; 0 reserves none.
	Reserved int `json:"reserved_concurrency"`
	// MaxConcurrency is the maximum concurrency of the consumer's mapping, 2 to
	// 1,000 (LAM B28); 0 sets no maximum.
	MaxConcurrency int `json:"maximum_concurrency"`
	// Window is the batching window of the consumer's mapping in seconds, 0 to 300.
	Window int `json:"batch_window_seconds"`
	// Levels is the number of retry levels, 0 to 4.
	Levels int `json:"retry_levels"`
	// MaxReorder is the largest number of positions behind its send position at
	// which a message is received, 0 to 1,000,000. SQS guarantees no order (SQS I13).
	// 0 keeps the send order exactly, so that a failed batch is received again
	// unchanged.
	MaxReorder int `json:"order_stray"`
	// Rate is the number of messages sent per second, above 0. They are sent in
	// batches of ten.
	Rate float64 `json:"rate"`
}

// Timeout returns the functions' timeout in whole seconds. It is long enough for
// the slowest batch and at least the design's 3 s, so that no invocation times
// out.
func (s Settings) Timeout() int {
	slowest := time.Duration(1.5 * s.Work * float64(s.BatchSize) * float64(time.Second))
	return max(3, 1+int((slowest+time.Second-1)/time.Second))
}

// Check returns an error that names every setting that AWS or this project's
// Terraform would refuse. A visibility timeout shorter than the work is allowed:
// experiments study it.
func (s Settings) Check() error {
	var errs []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}

	refuse(s.BatchSize < 1 || s.BatchSize > 10_000, "batch size %d: want 1 to 10000", s.BatchSize)
	refuse(s.BatchSize > 10 && s.Window < 1, "batch size %d: above 10 a batching window of a second or more is needed", s.BatchSize)
	refuse(s.Window < 0 || s.Window > 300, "batching window %d s: want 0 to 300", s.Window)
	refuse(!(s.BadShare >= 0 && s.BadShare <= 1), "share of bad messages %v: want 0 to 1", s.BadShare)
	refuse(!slices.Contains(Modes(), s.Mode), "mode %q: want one of %s", s.Mode, strings.Join(Modes(), ", "))
	refuse(s.MaxReceives < 1 || s.MaxReceives > 1000, "maxReceiveCount %d: want 1 to 1000", s.MaxReceives)
	refuse(s.Visibility < 1 || s.Visibility > 43_200, "visibility timeout %d s: want 1 to 43200", s.Visibility)
	refuse(!(s.Work >= 0 && s.Work <= 900), "work of %v s a message: want 0 to 900", s.Work)
	refuse(s.Timeout() > 900, "a batch of %d at %v s a message may take longer than the 900 s that Lambda allows", s.BatchSize, s.Work)
	refuse(s.Reserved < 0 || s.Reserved > 900, "reserved concurrency %d: want 1 to 900, or 0 for none", s.Reserved)
	refuse(s.MaxConcurrency != 0 && (s.MaxConcurrency < 2 || s.MaxConcurrency > 1000), "maximum concurrency %d: want 2 to 1000, or 0 for none", s.MaxConcurrency)
	refuse(s.Levels < 0 || s.Levels > maxLevels, "retry levels %d: want 0 to %d, because Lambda stops longer loops", s.Levels, maxLevels)
	refuse(s.MaxReorder < 0 || s.MaxReorder > 1_000_000, "reordering by %d positions: want 0 to 1000000", s.MaxReorder)
	refuse(!(s.Rate > 0 && s.Rate <= 100_000), "rate of %v messages a second: want above 0 and up to 100000", s.Rate)
	return errors.Join(errs...)
}

// maxLevels keeps the replays of all levels, three each, below the limit of
// Lambda's recursive loop detection (docs/terraform.md).
const maxLevels = 4

// Modes returns the ways in which a consumer reports failures.
func Modes() []string { return []string{consume.PerMessage, consume.WholeBatch} }
