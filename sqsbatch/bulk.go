package sqsbatch

import (
	"context"
	"errors"

	"github.com/aws/aws-lambda-go/events"
)

var errCount = errors.New("the handler answered another number of errors than it was given messages")

// workInBulk gives the handler all messages at once: those that begin lets
// through, the first of each repeated one.
func (r *run) workInBulk(ctx context.Context) {
	started := make([]*Result, 0, len(r.results))
	messages := make([]*events.SQSMessage, 0, len(r.results))
	for i := range r.results {
		result := &r.results[i]
		begun := result.twin == 0 && r.begin(ctx, result)
		if begun {
			started, messages = append(started, result), append(messages, result.Message)
		}
		if result.next > 0 && !begun && (result.twin == 0 || result.held != nil) {
			r.passOn(result)
		}
	}
	if len(messages) > 0 {
		errs := r.callBulk(ctx, messages)
		for i, result := range started {
			r.finish(ctx, result, errs[i])
		}
	}
	r.breakChains()
}

// callBulk runs the handler and turns a panic into the error of each message.
func (r *run) callBulk(ctx context.Context, messages []*events.SQSMessage) (errs []error) {
	defer func() {
		if v := recover(); v != nil {
			errs = make([]error, len(messages))
			for i := range errs {
				errs[i] = panicked(v)
			}
		}
	}()
	return r.bulk(ctx, messages)
}

// breakChains fails what follows a failure in its group: were it deleted, the
// group would be delivered out of order.
func (r *run) breakChains() {
	for i := range r.results {
		if !r.results[i].head {
			continue
		}
		for broken, at := false, i; ; at = r.results[at].next - 1 {
			result := &r.results[at]
			switch {
			case result.twin > 0 && !result.head:
				r.settleTwin(result)
			case broken && result.Outcome == Succeeded:
				result.Outcome, result.Err = Failed, ErrGroup
			}
			broken = broken || !result.Outcome.Done()
			if result.next == 0 {
				break
			}
		}
	}
}
