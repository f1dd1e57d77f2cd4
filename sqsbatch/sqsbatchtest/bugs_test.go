package sqsbatchtest_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/reliableq/reliableq/sqsbatch"
	"github.com/reliableq/reliableq/sqsbatch/sqsbatchtest"
)

func bugsOfIdempotency() map[string]planted {
	keyedBy := func(key func(m message) string) planted {
		return planted{
			start: stateless(func(ctx context.Context, s *shop, m message) error { return s.chargeOnce(ctx, key(m), m.Body) }),
			check: (*shop).once,
		}
	}
	marked := func(before bool) planted {
		return planted{
			start: stateless(func(ctx context.Context, s *shop, m message) error {
				if done, err := s.isMarked(ctx, m.Body); done || err != nil {
					return err
				}
				if before {
					return errors.Join(s.mark(ctx, m.Body), s.charge(ctx, m.Body))
				}
				if err := s.charge(ctx, m.Body); err != nil {
					return err
				}
				return s.mark(ctx, m.Body)
			}),
			check: (*shop).once,
		}
	}
	return map[string]planted{
		"NoKey":                {start: stateless(func(ctx context.Context, s *shop, m message) error { return s.charge(ctx, m.Body) }), check: (*shop).once},
		"KeyWithReceiveCount":  keyedBy(func(m message) string { return m.ID() + strconv.Itoa(m.ReceiveCount()) }),
		"KeyIsReceiptHandle":   keyedBy(func(m message) string { return m.Raw.ReceiptHandle }),
		"KeyWithTime":          keyedBy(func(m message) string { return m.ID() + time.Now().String() }),
		"KeyIsConstant":        keyedBy(func(message) string { return "order" }),
		"KeyIsTooShort":        keyedBy(func(m message) string { return m.ID()[:1] }),
		"MarkedBeforeTheWork":  marked(true),
		"MarkedAfterTheWork":   marked(false),
		"StoreOfOneProcess":    {start: func(s *shop) func() (process, []option) { return forgetful(&s.charged) }, check: (*shop).once},
		"SecondEffectHasNoKey": {start: stateless(chargeAndMail), check: func(s *shop, _ history) error { return s.mailed.once("a", "b") }},
		// A FIFO queue repeats messages only if an invocation does not end well.
		"NoKeyInFIFO": {start: stateless(func(ctx context.Context, s *shop, m message) error {
			return s.mail(ctx, m.Body)
		}), check: func(s *shop, _ history) error { return s.mailed.once("a", "b") }, fifo: true},
		"RedeliveryIsTakenForDone": {start: stateless(func(ctx context.Context, s *shop, m message) error {
			if m.ReceiveCount() > 1 {
				return nil
			}
			return keyed(ctx, s, m)
		}), check: (*shop).everyMessage},
	}
}

func chargeAndMail(ctx context.Context, s *shop, m message) error {
	if err := keyed(ctx, s, m); err != nil {
		return err
	}
	return s.mail(ctx, m.Body)
}

func bugsOfErrors() map[string]planted {
	return map[string]planted{
		"ErrorSwallowed": {start: stateless(func(ctx context.Context, s *shop, m message) error {
			_ = keyed(ctx, s, m)
			return nil
		}), check: (*shop).everyMessage},
		"ErrorOfLastStepSwallowed": {start: stateless(func(ctx context.Context, s *shop, m message) error {
			if err := keyed(ctx, s, m); err != nil {
				return err
			}
			_ = s.mail(ctx, m.Body)
			return nil
		}), check: (*shop).mailedAll},
		"RetriedWithoutKey": {start: stateless(func(ctx context.Context, s *shop, m message) (err error) {
			for range 3 {
				if err = s.charge(ctx, m.Body); err == nil {
					break
				}
			}
			return err
		}), check: (*shop).once},
		"EndOfContextIsSuccess": {start: stateless(func(ctx context.Context, s *shop, m message) error {
			if ctx.Err() != nil {
				return nil
			}
			return keyed(ctx, s, m)
		}), check: (*shop).everyMessage},
		"TooSlow": {start: stateless(func(context.Context, *shop, message) error {
			<-time.After(time.Minute)
			return nil
		}), check: (*shop).everyMessage},
		"BlocksForEver": {start: stateless(func(context.Context, *shop, message) error {
			<-make(chan int)
			return nil
		}), check: (*shop).everyMessage},
		"HangIsTakenForSuccess": {start: stateless(func(ctx context.Context, s *shop, m message) error {
			result := make(chan error, 1)
			go func() { result <- keyed(ctx, s, m) }()
			select {
			case err := <-result:
				return err
			case <-time.After(2800 * time.Millisecond):
				return nil
			}
		}), check: (*shop).everyMessage},
		"FireAndForget": {start: stateless(func(ctx context.Context, s *shop, m message) error {
			go func() { _ = keyed(ctx, s, m) }()
			return nil
		}), check: (*shop).everyMessage},
		"PassingErrorIsPermanent": {start: withDeadLetters(stateless(func(ctx context.Context, s *shop, m message) error {
			return sqsbatch.Permanent(keyed(ctx, s, m))
		})), check: (*shop).noLetters},
	}
}

// warm is a handler with state in its environment.
func warm(start func(s *shop) process, options ...option) func(*shop) func() (process, []option) {
	return func(s *shop) func() (process, []option) {
		return func() (process, []option) { return start(s), options }
	}
}

func bugsOfState() map[string]planted {
	return map[string]planted{
		"ConnectionUsedOnce": {start: warm(func(s *shop) process {
			used := false
			return func(ctx context.Context, m message) error {
				if used {
					return errors.New("connection closed")
				}
				used = true
				return keyed(ctx, s, m)
			}
		}), check: (*shop).everyMessage},
		"ErrorIsStored": {start: warm(func(s *shop) process {
			var failed error
			return func(ctx context.Context, m message) error {
				if failed == nil {
					failed = keyed(ctx, s, m)
				}
				return failed
			}
		}), check: (*shop).everyMessage},
		"ContextIsStored": {start: warm(func(s *shop) process {
			var first context.Context
			return func(ctx context.Context, m message) error {
				if first == nil {
					first = ctx
				}
				return keyed(first, s, m)
			}
		}), check: (*shop).everyMessage},
		"PoolIsNotRefilledAfterAnError": {start: warm(func(s *shop) process {
			pool := make(chan int, 1)
			pool <- 1
			return func(ctx context.Context, m message) error {
				if err := ctx.Err(); err != nil { // select would choose one of two ready cases at random
					return err
				}
				select {
				case <-pool:
				case <-ctx.Done():
					return ctx.Err()
				}
				if err := keyed(ctx, s, m); err != nil {
					return err
				}
				pool <- 1
				return nil
			}
		}), check: (*shop).everyMessage},
		"NumbersOfOneProcess": {start: warm(func(s *shop) process {
			last := 0
			return func(context.Context, message) error {
				last++
				s.numbers[last]++
				return nil
			}
		}), check: (*shop).numbersAreUnique},
		"SeenBeforeItIsDone": {start: warm(func(s *shop) process {
			seen := map[string]bool{}
			return func(ctx context.Context, m message) error {
				if seen[m.ID()] {
					return nil
				}
				seen[m.ID()] = true
				return keyed(ctx, s, m)
			}
		}), check: (*shop).everyMessage},
	}
}

func bugsOfConcurrency() map[string]planted {
	increment := func(ctx context.Context, s *shop, _ message) error {
		total, err := s.read(ctx)
		if err != nil {
			return err
		}
		return s.write(ctx, total+1)
	}
	return map[string]planted{
		"LostUpdate":                {start: stateless(increment), check: (*shop).counted},
		"LostUpdateWithConcurrency": {start: stateless(increment, sqsbatch.WithConcurrency(2)), check: (*shop).counted},
		"SharedScratch": {start: warm(func(s *shop) process {
			scratch := ""
			return func(ctx context.Context, m message) error {
				scratch = m.Body
				if _, err := s.isMarked(ctx, m.Body); err != nil {
					return err
				}
				return s.chargeOnce(ctx, m.ID(), scratch)
			}
		}, sqsbatch.WithConcurrency(2)), check: (*shop).once},
		"CheckThenAct": {start: stateless(func(ctx context.Context, s *shop, m message) error {
			if done, err := s.isMarked(ctx, m.Body); done || err != nil {
				return err
			}
			if err := sqsbatchtest.Call(ctx, "transaction"); err != nil {
				return err
			}
			s.charged = append(s.charged, m.Body)
			s.marks[m.Body] = true
			return nil
		}), check: (*shop).once},
	}
}

func bugsOfOptions() map[string]planted {
	bulk := func(handle func(ctx context.Context, s *shop, ms []message) []error) func(*shop) func() (sqsbatchtest.BulkProcess[string], []option) {
		return func(s *shop) func() (sqsbatchtest.BulkProcess[string], []option) {
			return func() (sqsbatchtest.BulkProcess[string], []option) {
				return func(ctx context.Context, ms []message) []error { return handle(ctx, s, ms) }, nil
			}
		}
	}
	each := func(ctx context.Context, s *shop, ms []message) []error {
		errs := make([]error, len(ms))
		for i, m := range ms {
			errs[i] = keyed(ctx, s, m)
		}
		return errs
	}
	store := func(s sqsbatch.IdempotencyStore, key func(*events.SQSMessage) string) option {
		return sqsbatch.WithIdempotency(s, key)
	}
	return map[string]planted{
		"BatchFailsAsAWhole": {start: stateless(keyed, sqsbatch.WithFailures(sqsbatch.FailIfAny)), check: (*shop).onceAndNoneLost},
		"BreakerOpensAtOnce": {start: stateless(keyed, sqsbatch.WithBreaker(0.1, 1)), check: (*shop).onceAndNoneLost},
		"KeyOfAllMessages": {start: func(s *shop) func() (process, []option) {
			done := sqsbatch.NewMemory(time.Hour)
			return stateless(keyed, store(done, func(*events.SQSMessage) string { return "k" }))(s)
		}, check: (*shop).everyMessage},
		"ClaimsNeverEnd": {start: func(s *shop) func() (process, []option) {
			return stateless(keyed, store(neverExpiring{sqsbatch.NewMemory(time.Hour)}, nil))(s)
		}, check: (*shop).everyMessage},
		"ClaimIsCompletion": {start: func(s *shop) func() (process, []option) {
			return stateless(keyed, store(completeAtClaim{map[string]bool{}}, nil))(s)
		}, check: (*shop).everyMessage},
		"DecoderTakesPassingErrorsForInvalidBodies": {start: withDeadLetters(stateless(keyed, sqsbatch.WithDecoder(func(ctx context.Context, m *events.SQSMessage) (string, error) {
			return m.Body, sqsbatchtest.Call(ctx, "schema", m.MessageId)
		}))), check: (*shop).noLetters},
		"BulkErrorsReversed": {bulk: bulk(func(ctx context.Context, s *shop, ms []message) []error {
			errs := each(ctx, s, ms)
			slices.Reverse(errs)
			return errs
		}), check: (*shop).everyMessage},
		"BulkReturnsFailuresOnly": {bulk: bulk(func(ctx context.Context, s *shop, ms []message) []error {
			return slices.DeleteFunc(each(ctx, s, ms), func(err error) bool { return err == nil })
		}), check: (*shop).everyMessage},
		"BulkIgnoresTheOrder": {bulk: bulk(each), check: (*shop).inOrder, fifo: true},
	}
}
