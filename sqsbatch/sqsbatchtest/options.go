package sqsbatchtest

import (
	"errors"
	"fmt"
	"time"
)

// PoisonID is the id of the message that panics. Its body is null, or that of
// PoisonBody, and its FIFO group is its own.
const PoisonID = "poison"

// Option configures Explore, Find and Play.
type Option func(*config)

// config is how timelines are explored.
type config struct {
	timelines         int
	steps             int
	maxReceives       int
	seed              uint64
	functionTimeout   time.Duration
	visibilityTimeout time.Duration
	poison            *string // the body; nil if there is no such message
	realTimeLimit     time.Duration
}

// Timelines plays n timelines; 500 by default.
func Timelines(n int) Option { return func(c *config) { c.timelines = n } }

// Seed determines the timelines; 1 by default, so that a test is repeatable.
//
// A seed repeats a run, also of handlers with concurrency, if what runs at the same
// time differs in its message or the name of its [Call], and if the handler does not
// depend on the order of maps, on which of several ready cases a select takes, on the
// global random source or on real time.
func Seed(seed uint64) Option { return func(c *config) { c.seed = seed } }

// MaxReceives dead-letters a message after n deliveries without a fault, as the
// redrive policy of the queue would; 5 by default. Deliveries with faults come in
// addition: they count in ApproximateReceiveCount only.
func MaxReceives(n int) Option { return func(c *config) { c.maxReceives = n } }

// FunctionTimeout sets the timeout of the function; 3 s by default, as Lambda's.
func FunctionTimeout(d time.Duration) Option { return func(c *config) { c.functionTimeout = d } }

// VisibilityTimeout sets the visibility timeout of the queue, after which messages that
// are not done are delivered again; 30 s by default, as SQS's. Like Lambda, Explore
// refuses one below the function's timeout: give both options.
func VisibilityTimeout(d time.Duration) Option { return func(c *config) { c.visibilityTimeout = d } }

// PoisonBody sets the body of the message that panics. By default it is null, which the
// default decoder turns into the zero value. A decoder that refuses the body makes the
// message fail for another reason.
func PoisonBody(body string) Option { return func(c *config) { c.poison = &body } }

// WithoutPoison delivers no message that panics, for a handler that must not get one.
func WithoutPoison() Option { return func(c *config) { c.poison = nil } }

// configure applies options. The error names all that are invalid.
func configure(options []Option) (config, error) {
	null := "null"
	c := config{
		timelines:         500,
		steps:             5,
		maxReceives:       5,
		seed:              1,
		functionTimeout:   3 * time.Second,
		visibilityTimeout: 30 * time.Second,
		poison:            &null,
		realTimeLimit:     realTimeLimit,
	}
	for _, option := range options {
		option(&c)
	}

	var errs []error
	refuse := func(invalid bool, format string, args ...any) {
		if invalid {
			errs = append(errs, fmt.Errorf("sqsbatchtest: "+format, args...))
		}
	}
	refuse(c.timelines < 0, "Timelines: %d is negative", c.timelines)
	refuse(c.maxReceives < 1, "MaxReceives: %d is less than 1", c.maxReceives)
	refuse(c.functionTimeout <= 0, "FunctionTimeout: %v is not above zero", c.functionTimeout)
	refuse(c.visibilityTimeout < c.functionTimeout, "VisibilityTimeout: %v is less than the function's timeout, %v", c.visibilityTimeout, c.functionTimeout)
	return c, errors.Join(errs...)
}
