package sqsbatchtest

import (
	"context"
	"errors"
	"fmt"

	"github.com/reliableq/reliableq/sqsbatch"
)

var errStart = errors.New("a World has one of Start and StartBulk")

// start makes a new environment.
func (p *player[T]) start() error {
	var handler sqsbatch.Handler
	err := errStart
	switch {
	case (p.world.Start == nil) == (p.world.StartBulk == nil):
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

// faulty is the user's handler with places around it.
func faulty[T any](process Process[T]) Process[T] {
	return func(ctx context.Context, m sqsbatch.Message[T]) error {
		if m.ID() == poisonID {
			panic("a poisonous neighbour")
		}
		ctx, at := of(ctx, m.ID())
		at.in.reach(ctx, "before "+m.ID())
		err := process(ctx, m)
		at.in.reach(ctx, "after "+m.ID())
		return err
	}
}

var errPoison = errors.New("a poisonous neighbour")

// faultyBulk is the user's handler with places around it. It gets no poisonous
// message: what it would make of that, nobody has told.
func faultyBulk[T any](process BulkProcess[T]) BulkProcess[T] {
	return func(ctx context.Context, ms []sqsbatch.Message[T]) []error {
		poisonous := len(ms) > 0 && ms[0].ID() == poisonID
		if poisonous {
			ms = ms[1:]
		}
		ctx, at := of(ctx, "the batch")
		at.in.reach(ctx, "before the batch")
		errs := process(ctx, ms)
		at.in.reach(ctx, "after the batch")
		if poisonous {
			errs = append([]error{errPoison}, errs...)
		}
		return errs
	}
}
