package sqsbatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-lambda-go/events"
)

// New makes a Lambda handler that gives each message of a batch to handle. The
// context of a message ends in time to report the others. With [WithConcurrency]
// above 1, handle is called from several goroutines at once.
//
// It is an error if handle is nil or if options contradict each other.
func New[T any](handle func(ctx context.Context, m Message[T]) error, options ...Option) (Handler, error) {
	cfg, err := configure(options)
	if err != nil {
		return nil, err
	}
	if handle == nil {
		return nil, errors.New("sqsbatch: no handler")
	}
	decode, err := decoderOf[T](cfg)
	if err != nil {
		return nil, err
	}
	e := &engine{config: cfg}
	e.one = func(ctx context.Context, m *events.SQSMessage) error {
		body, err := decode(m.Body)
		if err != nil {
			return Permanent(&DecodeError{Err: err})
		}
		return handle(ctx, Message[T]{Body: body, Raw: m})
	}
	return e.handle, nil
}

// NewBulk makes a Lambda handler that gives all messages of a batch to handle
// at once, for work that is cheaper together, such as a bulk insert. It answers
// one error, or nil, for each message, in their order.
//
// Messages that do not decode, repeat one of the batch, or are done according
// to the idempotency store are left out. In a FIFO queue the messages of a group
// that follow a failed one are reported as failed, whatever their error.
// WithConcurrency, WithMessageTimeout and WithTrace are refused: there is
// nothing that they could act on.
func NewBulk[T any](handle func(ctx context.Context, ms []Message[T]) []error, options ...Option) (Handler, error) {
	cfg, err := configure(options)
	if err != nil {
		return nil, err
	}
	if handle == nil {
		return nil, errors.New("sqsbatch: no handler")
	}
	if cfg.concurrency > 1 || cfg.timeout > 0 || cfg.trace != nil {
		return nil, errors.New("sqsbatch: NewBulk takes no WithConcurrency, WithMessageTimeout or WithTrace")
	}
	decode, err := decoderOf[T](cfg)
	if err != nil {
		return nil, err
	}
	e := &engine{config: cfg}
	e.bulk = func(ctx context.Context, raw []*events.SQSMessage) []error {
		errs := make([]error, len(raw))
		messages := make([]Message[T], 0, len(raw))
		places := make([]int, 0, len(raw))
		for i, m := range raw {
			body, err := decode(m.Body)
			if err != nil {
				errs[i] = Permanent(&DecodeError{Err: err})
				continue
			}
			messages, places = append(messages, Message[T]{Body: body, Raw: m}), append(places, i)
		}
		if len(messages) == 0 {
			return errs
		}
		answers := handle(ctx, messages)
		for i, place := range places {
			if len(answers) != len(messages) {
				errs[place] = fmt.Errorf("%w: %d for %d", errCount, len(answers), len(messages))
			} else {
				errs[place] = answers[i]
			}
		}
		return errs
	}
	return e.handle, nil
}

// decoderOf is the decoder that the options give for T. Without one a string
// is the body as it is, and anything else is read as JSON.
func decoderOf[T any](cfg config) (func(string) (T, error), error) {
	if cfg.decoder != nil {
		decode, ok := cfg.decoder.(func(string) (T, error))
		if !ok {
			return nil, fmt.Errorf("sqsbatch: the decoder is a %T and the handler takes %T", cfg.decoder, *new(T))
		}
		return decode, nil
	}
	if decode, ok := any(plain).(func(string) (T, error)); ok {
		return decode, nil
	}
	return fromJSON[T], nil
}

func plain(body string) (string, error) { return body, nil }

func fromJSON[T any](body string) (T, error) {
	var v T
	err := json.Unmarshal([]byte(body), &v)
	return v, err
}
