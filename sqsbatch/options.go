package sqsbatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/reliableq/reliableq/backoff"
)

// Option changes how batches are handled.
type Option func(*config)

type config struct {
	errs        []error
	decoder     any // a func(string) (T, error)
	concurrency int
	reserve     time.Duration
	answerTime  time.Duration
	timeout     time.Duration
	failures    FailurePolicy
	breaker     breaker
	key         func(*events.SQSMessage) string
	store       IdempotencyStore
	visibility  VisibilityChanger
	backoff     backoff.Policy
	deadLetter  DeadLetterSender
	trace       TraceFunc
	check       MappingCheck
	logger      *slog.Logger
	metrics     *metrics
	observers   []func(context.Context, Report)
}

// defaultAnswerTime is kept for postponing, reporting and the way back.
const defaultAnswerTime = 300 * time.Millisecond

func configure(options []Option) (config, error) {
	cfg := config{concurrency: 1, answerTime: defaultAnswerTime}
	for _, option := range options {
		option(&cfg)
	}
	if err := errors.Join(cfg.errs...); err != nil {
		return config{}, fmt.Errorf("sqsbatch: %w", err)
	}
	if cfg.logger != nil {
		cfg.observers = append(cfg.observers, logReport(cfg.logger))
	}
	if cfg.metrics != nil {
		cfg.observers = append(cfg.observers, cfg.metrics.report)
	}
	return cfg, nil
}

func (c *config) refuse(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(format, args...))
}

// WithDecoder reads bodies by decode. Its error is permanent and fails the
// message alone. By default a T of string is the body as it is, and any other
// is read as JSON.
func WithDecoder[T any](decode func(body string) (T, error)) Option {
	return func(c *config) {
		if decode == nil {
			c.refuse("WithDecoder: no decoder")
			return
		}
		c.decoder = decode
	}
}

// WithConcurrency handles up to n messages of a batch at once; n is 1 or more,
// and 1 by default. In a FIFO queue, messages of one group still follow each
// other.
func WithConcurrency(n int) Option {
	return func(c *config) {
		if n < 1 {
			c.refuse("WithConcurrency: %d is less than 1", n)
		}
		c.concurrency = n
	}
}

// WithReserve starts no message when less than d is left for the work. By
// default d is what the slowest of the latest messages took, and the first
// message of a batch is always started. An invocation that has less than d for
// all of its work fails: it could start none, ever.
func WithReserve(d time.Duration) Option {
	return func(c *config) {
		if d <= 0 {
			c.refuse("WithReserve: %v is not above zero", d)
		}
		c.reserve = d
	}
}

// WithAnswerTime ends the contexts of messages d before the function's
// deadline, or a quarter of the time that there is if that is less. By default
// d is 300 ms. It is the time in which failed messages are postponed and the
// answer goes out.
func WithAnswerTime(d time.Duration) Option {
	return func(c *config) {
		if d < 0 {
			c.refuse("WithAnswerTime: %v is negative", d)
		}
		c.answerTime = d
	}
}

// WithMessageTimeout gives each message a context that ends after d.
func WithMessageTimeout(d time.Duration) Option {
	return func(c *config) {
		if d <= 0 {
			c.refuse("WithMessageTimeout: %v is not above zero", d)
		}
		c.timeout = d
	}
}

// FailurePolicy is how a batch with failed messages is answered.
type FailurePolicy int

const (
	// ReportEach reports the failed messages, whether some or all failed. It is
	// the default.
	ReportEach FailurePolicy = iota
	// FailIfAll fails the invocation if every message failed. Lambda then counts
	// an error and reads the queue more slowly, which is right when what all of
	// them need is down.
	FailIfAll
	// FailIfAny fails the invocation if one message failed, as a function does
	// that knows nothing of partial failures: SQS delivers the whole batch
	// again, messages that were processed too.
	FailIfAny
)

// WithFailures sets how a batch with failed messages is answered.
func WithFailures(policy FailurePolicy) Option {
	return func(c *config) {
		if policy < ReportEach || policy > FailIfAny {
			c.refuse("WithFailures: unknown policy %d", policy)
		}
		c.failures = policy
	}
}

// WithBreaker starts no further message of a batch once at least least of them
// have finished and at least share of those failed; share is above 0 and up to
// 1. The rest is returned untouched.
func WithBreaker(share float64, least int) Option {
	return func(c *config) {
		if !(share > 0 && share <= 1) || least < 1 {
			c.refuse("WithBreaker: want a share above 0 and up to 1 of 1 or more, got %v of %d", share, least)
		}
		c.breaker = breaker{share: share, least: least}
	}
}

type breaker struct {
	share float64 // 0 for none
	least int
}

func (b breaker) open(failed, finished int) bool {
	return b.share > 0 && finished >= b.least && float64(failed) >= b.share*float64(finished)
}

// WithReport calls observe with what became of each batch, before the answer
// goes out. It may be given several times. A panic in it fails the invocation.
func WithReport(observe func(ctx context.Context, r Report)) Option {
	return func(c *config) {
		if observe == nil {
			c.refuse("WithReport: no function")
			return
		}
		c.observers = append(c.observers, observe)
	}
}
