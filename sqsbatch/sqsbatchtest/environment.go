package sqsbatchtest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/reliableq/reliableq/sqsbatch"
)

var errStart = errors.New("a World needs exactly one of Start and StartBulk")

// environment is an execution environment.
type environment struct {
	handler sqsbatch.Handler

	// The scheduler's mutex guards what follows.
	invoked bool // whether an invocation is in progress; otherwise it is frozen
	dead    bool
}

// start starts a new execution environment.
func (p *player[T]) start() (*environment, error) {
	var handler sqsbatch.Handler
	err := errStart
	switch {
	case (p.world.Start == nil) == (p.world.StartBulk == nil):
		// errStart
	case p.world.Start != nil:
		process, options := p.world.Start()
		handler, err = sqsbatch.New(faulty(process), observed(options)...)
	default:
		process, options := p.world.StartBulk()
		handler, err = sqsbatch.NewBulk(faultyBulk(process), observed(options)...)
	}

	if err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	return &environment{handler: handler}, nil
}

// observed adds the report of failures to the options.
func observed(options []sqsbatch.Option) []sqsbatch.Option {
	return append(slices.Clone(options), sqsbatch.WithReport(report))
}

// faulty returns the user's handler with fault points before and after it.
func faulty[T any](process Process[T]) Process[T] {
	if process == nil {
		return nil // refused by sqsbatch.New
	}
	return func(ctx context.Context, m sqsbatch.Message[T]) error {
		if m.ID() == PoisonID {
			panic(errPoison.Error())
		}
		ctx, point := withPoint(ctx, m.ID())
		point.in.enter(m.ID())
		defer point.in.leave(m.ID())
		_ = point.in.reach(ctx, m.ID(), "before "+m.ID(), false)
		err := process(ctx, m)
		_ = point.in.reach(ctx, m.ID(), "after "+m.ID(), false)
		return err
	}
}

// errPoison is the error of the message that panics.
var errPoison = errors.New("a message that always panics")

// faultyBulk returns the user's handler with fault points before and after it. The
// handler does not get the message that panics: only Explore knows that it must fail.
func faultyBulk[T any](process BulkProcess[T]) BulkProcess[T] {
	if process == nil {
		return nil // refused by sqsbatch.NewBulk
	}
	return func(ctx context.Context, ms []sqsbatch.Message[T]) []error {
		poison := slices.IndexFunc(ms, func(m sqsbatch.Message[T]) bool { return m.ID() == PoisonID })
		if poison >= 0 {
			ms = slices.Delete(slices.Clone(ms), poison, poison+1)
		}

		const name = "the batch"
		ctx, point := withPoint(ctx, name)
		point.in.enter(name)
		defer point.in.leave(name)
		_ = point.in.reach(ctx, name, "before the batch", false)
		errs := process(ctx, ms)
		_ = point.in.reach(ctx, name, "after the batch", false)
		// Its error comes where the message was. A wrong number of errors stays wrong.
		if poison >= 0 {
			errs = slices.Insert(slices.Clone(errs), min(poison, len(errs)), errPoison)
		}

		return errs
	}
}
