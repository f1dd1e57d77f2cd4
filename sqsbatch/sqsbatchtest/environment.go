package sqsbatchtest

import (
	"context"
	"errors"
	"fmt"

	"github.com/reliableq/reliableq/sqsbatch"
)

var errStart = errors.New("a World needs exactly one of Start and StartBulk")

// start starts a new execution environment.
func (p *player[T]) start() error {
	var handler sqsbatch.Handler
	err := errStart
	switch {
	case (p.world.Start == nil) == (p.world.StartBulk == nil):
		// errStart
	case p.world.Start != nil:
		process, options := p.world.Start()
		handler, err = sqsbatch.New(faulty(process), options...)
	default:
		process, options := p.world.StartBulk()
		handler, err = sqsbatch.NewBulk(faultyBulk(process), options...)
	}

	if err != nil {
		return fmt.Errorf("start: %w", err)
	}

	p.handler = handler
	p.log.WriteString("cold start, ")
	return nil
}

// faulty returns the user's handler with fault points before and after it.
func faulty[T any](process Process[T]) Process[T] {
	return func(ctx context.Context, m sqsbatch.Message[T]) error {
		if m.ID() == poisonID {
			panic(errPoison.Error())
		}
		ctx, point := withPoint(ctx, m.ID())
		point.in.reach(ctx, "before "+m.ID())
		err := process(ctx, m)
		point.in.reach(ctx, "after "+m.ID())
		return err
	}
}

// errPoison is the error of the message that panics.
var errPoison = errors.New("a message that always panics")

// faultyBulk returns the user's handler with fault points before and after it. The
// handler does not get the message that panics: only Explore knows that it must fail.
func faultyBulk[T any](process BulkProcess[T]) BulkProcess[T] {
	return func(ctx context.Context, ms []sqsbatch.Message[T]) []error {
		poisonous := len(ms) > 0 && ms[0].ID() == poisonID
		if poisonous {
			ms = ms[1:]
		}

		ctx, point := withPoint(ctx, "the batch")
		point.in.reach(ctx, "before the batch")
		errs := process(ctx, ms)
		point.in.reach(ctx, "after the batch")
		// Its error comes first, as the message does.
		if poisonous {
			errs = append([]error{errPoison}, errs...)
		}

		return errs
	}
}
