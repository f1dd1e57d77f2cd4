package sqsbatch

import (
	"context"
	"errors"
	"fmt"
	"reflect"
)

// HandlerFunc processes one message. It is the type of the handler that [New] takes.
type HandlerFunc[T any] func(ctx context.Context, m Message[T]) error

// Middleware returns a handler that calls next, or does not, and may do something
// before and after it.
type Middleware[T any] func(next HandlerFunc[T]) HandlerFunc[T]

// WithMiddleware wraps the handler of [New] in middlewares. The first one is the
// outermost: it is called first and returns last. If the option is given several
// times, earlier middlewares are outside of later ones. T is the type of the handler's
// bodies.
//
// Each middleware is applied once, by New, so that what it returns must be safe for
// concurrent use with [WithConcurrency]. It runs after the body is decoded, within the
// message's time limit and its span ([WithTrace]), and not for messages that are not
// started. Its error is that of the message, and a panic in it fails only the message.
func WithMiddleware[T any](middlewares ...Middleware[T]) Option {
	return func(c *config) {
		for i, m := range middlewares {
			if m == nil {
				c.refuse("WithMiddleware: middleware %d of %d is nil", i+1, len(middlewares))
				continue
			}
			c.middlewares = append(c.middlewares, m)
		}
	}
}

var errNoMiddlewareResult = errors.New("sqsbatch: a middleware returned no handler")

// wrap returns handle with the middlewares of the options around it.
func wrap[T any](cfg config, handle HandlerFunc[T]) (HandlerFunc[T], error) {
	for i := len(cfg.middlewares) - 1; i >= 0; i-- {
		m, ok := cfg.middlewares[i].(Middleware[T])
		if !ok {
			return nil, fmt.Errorf("sqsbatch: middleware %d is a %T and the handler takes %v", i+1, cfg.middlewares[i], reflect.TypeFor[T]())
		}
		if handle = m(handle); handle == nil {
			return nil, errNoMiddlewareResult
		}
	}
	return handle, nil
}
