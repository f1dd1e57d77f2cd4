package sqsbatch

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Class is how a failed message is retried. The zero value is an ordinary failure: the
// message is received again after the delay of [WithBackoff].
type Class struct {
	// Permanent treats the error as one from the function [Permanent].
	Permanent bool
	// RetryAfter, if above zero, treats the error as one from the function [RetryAfter].
	// It is ignored if Permanent is set.
	RetryAfter time.Duration
}

// WithClassify calls classify for the errors of the handler, so that the handler can
// return those of its clients as they are. The class has the effect of wrapping the
// error in [Permanent] or [RetryAfter], also in a [Report].
//
// An error that has been wrapped in one of them keeps that class, and classify is not
// called. Nor is it called after a time limit or the end of the work, because the
// error then says nothing about the message, for errors of the decoder
// ([WithDecoder]), or for messages that were not started. A panic of the handler is a
// [PanicError]. A panic in classify is logged, and the failure is an ordinary one.
//
// classify must be safe for concurrent use with [WithConcurrency].
func WithClassify(classify func(err error) Class) Option {
	return func(c *config) {
		if classify == nil {
			c.refuse("WithClassify: no function")
		}
		c.classify = classify
	}
}

// classified returns the error of a message, wrapped as its class says.
func (r *run) classified(ctx context.Context, m *events.SQSMessage, err error) error {
	_, throttled := RetryAfterOf(err)
	if r.classify == nil || throttled || IsPermanent(err) {
		return err
	}

	// These errors are not those of the handler, or not about the message.
	var decode *DecodeError
	if ctx.Err() != nil || errors.Is(err, ErrTimeLimit) || errors.Is(err, errCount) || errors.As(err, &decode) {
		return err
	}

	switch class := r.callClassify(ctx, m, err); {
	case class.Permanent:
		return Permanent(err)
	case class.RetryAfter > 0:
		return RetryAfter(class.RetryAfter, err)
	}
	return err
}

// callClassify calls the user's function. A panic in it does not change the outcome.
func (r *run) callClassify(ctx context.Context, m *events.SQSMessage, err error) Class {
	defer func() {
		if v := recover(); v != nil {
			r.warn(ctx, "panic in WithClassify", &Result{Message: m}, panicked(v))
		}
	}()
	return r.classify(err)
}
