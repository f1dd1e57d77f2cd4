package sqsbatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/reliableq/reliableq/backoff"
)

// Option configures a handler.
type Option func(*config)

type config struct {
	errs         []error
	decoder      any   // a Decoder[T]
	middlewares  []any // each a Middleware[T]; the first is the outermost
	classify     func(error) Class
	concurrency  int
	reserve      time.Duration
	responseTime time.Duration
	timeout      time.Duration
	failures     FailurePolicy
	breaker      breaker
	key          func(*events.SQSMessage) string
	store        IdempotencyStore
	payload      func(*events.SQSMessage) string
	visibility   VisibilityChanger
	backoff      backoff.Policy
	maxReceives  int
	giveUpAt     int
	deadLetter   DeadLetterSender
	trace        TraceFunc
	check        MappingCheck
	logger       *slog.Logger
	metrics      *metrics
	observers    []func(context.Context, Report)
}

// defaultResponseTime is the time for postponing, reporting and returning the
// response.
const defaultResponseTime = 300 * time.Millisecond

// configure applies options. The error names all options that are invalid.
func configure(options []Option) (config, error) {
	cfg := config{concurrency: 1, responseTime: defaultResponseTime}
	for i, option := range options {
		if option == nil {
			cfg.refuse("option %d of %d is nil", i+1, len(options))
			continue
		}
		option(&cfg)
	}

	if cfg.giveUpAt > 0 && cfg.deadLetter == nil {
		cfg.refuse("GiveUpAt: needs WithDeadLetter")
	}
	cfg.checkPayloadStore()
	if err := errors.Join(cfg.errs...); err != nil {
		return config{}, fmt.Errorf("sqsbatch: %w", err)
	}
	// The library's own observers come after the user's.
	if cfg.logger != nil {
		cfg.observers = append(cfg.observers, logReport(cfg.logger))
	}
	if cfg.metrics != nil {
		cfg.observers = append(cfg.observers, cfg.metrics.report)
	}

	return cfg, nil
}

// isNil reports whether v is nil or a nil pointer or function. A constructor whose error was
// ignored returns a nil pointer, and each message would fail.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	value := reflect.ValueOf(v)
	return (value.Kind() == reflect.Pointer || value.Kind() == reflect.Func) && value.IsNil()
}

// refuse records an invalid option.
func (c *config) refuse(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(format, args...))
}

// Decoder decodes a message. The context is that of the message, or of the batch in
// [NewBulk]. m is shared: do not modify it.
type Decoder[T any] func(ctx context.Context, m *events.SQSMessage) (T, error)

// WithDecoder decodes messages with decode. By default the body is decoded as JSON, or
// taken unchanged if T is string.
//
// An error of decode fails only its message, with a [DecodeError]. It is permanent,
// unless it is from [RetryAfter], a timeout, or from a context that has ended: return
// RetryAfter if a service that decode needs is down.
func WithDecoder[T any](decode Decoder[T]) Option {
	return func(c *config) {
		if decode == nil {
			c.refuse("WithDecoder: no decoder")
			return
		}
		c.decoder = decode
	}
}

// WithConcurrency processes up to n messages of a batch concurrently; n is 1 or more,
// and 1 by default. Messages of one group of a FIFO queue are still processed in
// order.
func WithConcurrency(n int) Option {
	return func(c *config) {
		if n < 1 {
			c.refuse("WithConcurrency: %d is less than 1", n)
		}
		c.concurrency = n
	}
}

// WithReserve does not start a message if less than d is left before the deadline
// of the work, and lets each message that is started take d, even if that is more than
// its share of the time. By default d is the shorter of the times of the last two
// messages that succeeded, and a batch starts messages whatever it is, until one of
// them has succeeded. An invocation that has less than d in all fails, because it can
// never start a message.
func WithReserve(d time.Duration) Option {
	return func(c *config) {
		if d <= 0 {
			c.refuse("WithReserve: %v is not above zero", d)
		}
		c.reserve = d
	}
}

// WithResponseTime sets the time that is reserved for postponing failed messages and
// returning the response. The contexts of messages end d before the function's
// deadline, or a quarter of the invocation's time if that is less. The default is
// 300 ms.
func WithResponseTime(d time.Duration) Option {
	return func(c *config) {
		if d < 0 {
			c.refuse("WithResponseTime: %v is negative", d)
		}
		c.responseTime = d
	}
}

// WithMessageTimeout ends the context of each message after d, or earlier, when the
// message has used up its share of the invocation's time.
func WithMessageTimeout(d time.Duration) Option {
	return func(c *config) {
		if d <= 0 {
			c.refuse("WithMessageTimeout: %v is not above zero", d)
		}
		c.timeout = d
	}
}

// FailurePolicy decides the response to a batch with failed messages.
type FailurePolicy int

const (
	// ReportEach reports the failed messages, whether some or all of them failed.
	// It is the default.
	ReportEach FailurePolicy = iota
	// FailIfAll fails the invocation if every message failed. Lambda then counts
	// an error and polls the queue more slowly. Use it if all messages depend on
	// one service that may be down.
	FailIfAll
	// FailIfAny fails the invocation if one message failed, as a function without
	// partial batch responses does. SQS delivers the whole batch again, including
	// the messages that were processed.
	FailIfAny
)

// WithFailures sets the response to a batch with failed messages.
func WithFailures(policy FailurePolicy) Option {
	return func(c *config) {
		if policy < ReportEach || policy > FailIfAny {
			c.refuse("WithFailures: unknown policy %d", policy)
		}
		c.failures = policy
	}
}

// WithBreaker stops a batch once at least least of its messages have finished and at
// least the given share of those failed; share is above 0 and at most 1. The other
// messages are returned unprocessed.
func WithBreaker(share float64, least int) Option {
	return func(c *config) {
		if !(share > 0 && share <= 1) || least < 1 {
			c.refuse("WithBreaker: want a share above 0 and up to 1 of 1 or more, got %v of %d", share, least)
		}
		c.breaker = breaker{share: share, least: least}
	}
}

// breaker is the condition of WithBreaker.
type breaker struct {
	share float64 // 0 for none
	least int
}

// open reports whether no further message is started.
func (b breaker) open(failed, finished int) bool {
	return b.share > 0 && finished >= b.least && float64(failed) >= b.share*float64(finished)
}

// WithReport calls observe with the outcome of each batch, before the response is
// returned. It may be given several times. A panic in observe fails the invocation.
func WithReport(observe func(ctx context.Context, r Report)) Option {
	return func(c *config) {
		if observe == nil {
			c.refuse("WithReport: no function")
			return
		}
		c.observers = append(c.observers, observe)
	}
}
