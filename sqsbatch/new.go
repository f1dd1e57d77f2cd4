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
// to the idempotency store are left out, and so is, in a FIFO queue, what
// follows in its group one that cannot be tried. Those of a group that follow a
// failed one are reported as failed, whatever their error.
// WithConcurrency, WithMessageTimeout, WithBreaker and WithTrace are refused:
// there is nothing that they could act on.
func NewBulk[T any](handle func(ctx context.Context, ms []Message[T]) []error, options ...Option) (Handler, error) {
	cfg, err := configure(options)
	if err != nil {
		return nil, err
	}
	if handle == nil {
		return nil, errors.New("sqsbatch: no handler")
	}
	if cfg.concurrency > 1 || cfg.timeout > 0 || cfg.trace != nil || cfg.breaker.share > 0 {
		return nil, errors.New("sqsbatch: NewBulk takes no WithConcurrency, WithMessageTimeout, WithBreaker or WithTrace")
	}
	decode, err := decoderOf[T](cfg)
	if err != nil {
		return nil, err
	}
	e := &engine{config: cfg}
	e.bulk = func(ctx context.Context, raw []*events.SQSMessage) []error {
		messages, places, errs := decodeAll(decode, raw)
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

// decodeAll decodes what can be decoded. It answers those messages, their places
// among all, and an error for each other: its own, or ErrGroup for what follows
// it in its group.
func decodeAll[T any](decode func(string) (T, error), raw []*events.SQSMessage) (messages []Message[T], places []int, errs []error) {
	errs = make([]error, len(raw))
	messages, places = make([]Message[T], 0, len(raw)), make([]int, 0, len(raw))
	broken := map[lane]bool{}
	for i, m := range raw {
		in := laneOf(m)
		if broken[in] {
			errs[i] = ErrGroup
			continue
		}
		body, err := decodeOne(decode, m.Body)
		if err != nil {
			errs[i], broken[in] = err, in != lane{}
			continue
		}
		messages, places = append(messages, Message[T]{Body: body, Raw: m}), append(places, i)
	}
	return messages, places, errs
}

// decodeOne decodes a body. One at which the decoder panics fails by itself, too.
func decodeOne[T any](decode func(string) (T, error), text string) (body T, err error) {
	defer recovered(&err)
	if body, err = decode(text); err != nil {
		err = Permanent(&DecodeError{Err: err})
	}
	return body, err
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
