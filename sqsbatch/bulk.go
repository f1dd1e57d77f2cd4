package sqsbatch

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

var errCount = errors.New("the handler returned a wrong number of errors")

// processBulk calls the handler once, with all messages that start accepts. Of messages
// that repeat each other, the handler gets only the first.
func (r *run) processBulk(ctx context.Context) {
	started := make([]*Result, 0, len(r.results))
	messages := make([]*events.SQSMessage, 0, len(r.results))
	for i := range r.results {
		result := &r.results[i]
		begun := result.duplicateOf == 0 && r.start(ctx, time.Now(), result)
		if begun {
			started = append(started, result)
			messages = append(messages, result.Message)
		}

		// The handler gets whole groups: what follows a message that was not started
		// must not overtake it. The rest of the group is blocked here, before the call.
		if result.next > 0 && !begun && (result.duplicateOf == 0 || result.blocked != nil) {
			r.blockNext(result)
		}
	}

	if len(messages) > 0 {
		r.finishBulk(ctx, started, r.callBulk(ctx, messages))
	}

	r.failAfterFailures()
}

// finishBulk records the outcomes of the messages that the handler got, in order, and
// marks those that follow a failed one in their group.
func (r *run) finishBulk(ctx context.Context, started []*Result, errs []error) {
	for i := range r.results {
		result := &r.results[i]
		if len(started) > 0 && started[0] == result {
			r.finish(ctx, result, errs[0])
			started = started[1:]
			errs = errs[1:]
		}

		// A duplicate has the outcome of a message before it, which marked it.
		failed := result.duplicateOf == 0 && !result.Outcome.Done()
		if result.next > 0 && (result.behind || failed) {
			r.results[result.next-1].behind = true
		}
	}
}

// callBulk calls the handler and returns a panic as the error of each message.
func (r *run) callBulk(ctx context.Context, messages []*events.SQSMessage) (errs []error) {
	defer func() {
		if v := recover(); v != nil {
			errs = make([]error, len(messages))
			for i := range errs {
				errs[i] = panicked(v)
			}
		}
	}()
	return r.handleBulk(ctx, messages)
}

// failAfterFailures fails the messages that follow a failed one in their FIFO group. If they
// were deleted, the group would be delivered out of order.
func (r *run) failAfterFailures() {
	for i := range r.results {
		if !r.results[i].head {
			continue
		}

		failed := false
		for at := i; ; at = r.results[at].next - 1 {
			result := &r.results[at]
			// A duplicate takes the outcome of its message, which may be a failure.
			switch {
			case result.duplicateOf > 0 && !result.head:
				r.settleDuplicate(result)
			case failed && result.Outcome == Succeeded:
				result.Outcome = Failed
				result.Err = ErrGroup
			}

			failed = failed || !result.Outcome.Done()
			if result.next == 0 {
				break
			}
		}
	}
}
