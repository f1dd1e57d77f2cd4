package sqsbatch

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/aws/aws-lambda-go/events"
)

var errNoHandler = errors.New("sqsbatch: the handler is nil")

// New returns a Lambda handler that calls handle for each message of a batch. The
// context of a message ends early enough to process the rest of the batch and return
// the response, and when handle returns. With
// [WithConcurrency] above 1, handle must be safe for concurrent use.
//
// New returns an error if handle is nil or an option is invalid.
func New[T any](handle func(ctx context.Context, m Message[T]) error, options ...Option) (Handler, error) {
	cfg, err := configure(options)
	if err != nil {
		return nil, err
	}
	if handle == nil {
		return nil, errNoHandler
	}

	decode, err := decoderOf[T](cfg)
	if err != nil {
		return nil, err
	}
	handle, err = wrap(cfg, handle)
	if err != nil {
		return nil, err
	}

	e := newEngine(cfg)
	e.handleOne = func(ctx context.Context, m *events.SQSMessage) error {
		body, err := decode(ctx, m)
		if err != nil {
			return decodeError(ctx, err)
		}
		return handle(ctx, Message[T]{Body: body, Raw: m})
	}

	return e.handle, nil
}

// NewBulk returns a Lambda handler that calls handle once for all messages of a
// batch, for work that is cheaper together, such as a bulk insert. handle returns
// one error, or nil, for each message, in the same order.
//
// handle does not get messages that cannot be decoded, that repeat one of the same
// batch, or that the idempotency store reports as done; nor, in a FIFO queue, those
// that follow such a failure in their group. Messages that follow a failed one in
// their group are reported as failed even if they succeeded, and are not dead-lettered.
//
// NewBulk returns an error for WithConcurrency, WithMessageTimeout, WithBreaker,
// WithTrace and WithMiddleware, which act on single messages.
func NewBulk[T any](handle func(ctx context.Context, ms []Message[T]) []error, options ...Option) (Handler, error) {
	cfg, err := configure(options)
	if err != nil {
		return nil, err
	}
	if handle == nil {
		return nil, errNoHandler
	}

	// These options act on the call of a handler for a single message.
	if cfg.concurrency > 1 || cfg.timeout > 0 || cfg.trace != nil || cfg.breaker.share > 0 || len(cfg.middlewares) > 0 {
		return nil, errors.New("sqsbatch: NewBulk takes no WithConcurrency, WithMessageTimeout, WithBreaker, WithTrace or WithMiddleware")
	}

	decode, err := decoderOf[T](cfg)
	if err != nil {
		return nil, err
	}

	e := newEngine(cfg)
	e.handleBulk = func(ctx context.Context, raw []*events.SQSMessage) []error {
		messages, indices, errs := decodeAll(ctx, decode, raw)
		if len(messages) == 0 {
			return errs
		}

		// With a wrong number of errors, none of them can be assigned to a message.
		handled := handle(ctx, messages)
		for i, index := range indices {
			if len(handled) != len(messages) {
				errs[index] = fmt.Errorf("%w: %d errors for %d messages", errCount, len(handled), len(messages))
			} else {
				errs[index] = handled[i]
			}
		}

		return errs
	}

	return e.handle, nil
}

// newEngine returns an engine without a handler.
func newEngine(cfg config) *engine {
	return &engine{
		config:  cfg,
		redrive: redrive{fixed: cfg.maxReceives},
	}
}

// decodeAll decodes the messages of a batch. It returns those that can be decoded and
// their indices, and in errs an error for each of the others: its own, or ErrGroup
// if it follows such a message in its group.
func decodeAll[T any](
	ctx context.Context, decode Decoder[T], raw []*events.SQSMessage,
) (messages []Message[T], indices []int, errs []error) {
	errs = make([]error, len(raw))
	messages = make([]Message[T], 0, len(raw))
	indices = make([]int, 0, len(raw))
	failed := map[fifoGroup]bool{} // groups with a message that cannot be decoded
	for i, m := range raw {
		in := groupOf(m)
		if failed[in] {
			errs[i] = ErrGroup
			continue
		}

		// In a standard queue, a message that cannot be decoded does not affect others.
		body, err := decodeOne(ctx, decode, m)
		if err != nil {
			errs[i] = err
			failed[in] = in != fifoGroup{}
			continue
		}

		messages = append(messages, Message[T]{Body: body, Raw: m})
		indices = append(indices, i)
	}
	return messages, indices, errs
}

// decodeOne decodes a message. It returns a panic of the decoder as an error.
func decodeOne[T any](ctx context.Context, decode Decoder[T], m *events.SQSMessage) (body T, err error) {
	defer recovered(&err)
	if body, err = decode(ctx, m); err != nil {
		err = decodeError(ctx, err)
	}
	return body, err
}

// decoderOf returns the decoder for T: that of the options, or one for JSON, or one
// that returns the body unchanged if T is string.
func decoderOf[T any](cfg config) (Decoder[T], error) {
	if cfg.decoder != nil {
		decode, ok := cfg.decoder.(Decoder[T])
		if !ok {
			return nil, fmt.Errorf("sqsbatch: the decoder is a %T and the handler takes %v", cfg.decoder, reflect.TypeFor[T]())
		}
		return decode, nil
	}
	return defaultDecoder[T](), nil
}

// defaultDecoder returns the decoder without WithDecoder.
func defaultDecoder[T any]() Decoder[T] {
	if decode, ok := any(Decoder[string](DecodeText)).(Decoder[T]); ok {
		return decode
	}
	return DecodeJSON[T]
}
