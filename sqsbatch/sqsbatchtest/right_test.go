package sqsbatchtest_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/reliableq/reliableq/backoff"
	"github.com/reliableq/reliableq/sqsbatch"
	"github.com/reliableq/reliableq/sqsbatch/sqsbatchtest"
)

// handles returns a right handler with the options that with returns for a new shop.
func handles(handle func(ctx context.Context, s *shop, m message) error, with func(s *shop) []option) planted {
	return planted{
		start: func(s *shop) func() (process, []option) {
			options := with(s) // what they hold outlives environments
			return func() (process, []option) {
				return func(ctx context.Context, m message) error { return handle(ctx, s, m) }, options
			}
		},
		check: (*shop).onceAndNoneLost,
	}
}

// all returns options that do not depend on the shop.
func all(options ...option) func(*shop) []option { return func(*shop) []option { return options } }

func logger() *slog.Logger { return slog.New(slog.NewJSONHandler(io.Discard, nil)) }

func span(ctx context.Context, _ sqsbatch.Trace, _ *events.SQSMessage) (context.Context, func(error)) {
	return ctx, func(error) {}
}

// counts is a middleware that does something before and after the handler.
func counts(next sqsbatch.HandlerFunc[string]) sqsbatch.HandlerFunc[string] {
	return func(ctx context.Context, m message) error {
		if err := sqsbatchtest.Call(ctx, "before", m.ID()); err != nil {
			return err
		}
		return next(ctx, m)
	}
}

// decodes is a decoder that asks another service.
func decodes(ctx context.Context, m *events.SQSMessage) (string, error) {
	return m.Body, sqsbatch.RetryAfter(time.Minute, sqsbatchtest.Call(ctx, "schema", m.MessageId))
}

// classify takes the errors of calls for throttling.
func classify(err error) sqsbatch.Class {
	if errors.Is(err, sqsbatchtest.ErrCall) {
		return sqsbatch.Class{RetryAfter: time.Second}
	}
	return sqsbatch.Class{}
}

func reportsFailures(ctx context.Context, _, _ string) (bool, error) {
	return true, sqsbatchtest.Call(ctx, "mapping")
}

// everyOption returns each option that does not change what the invariant is.
func everyOption(s *shop) []option {
	return []option{
		sqsbatch.WithIdempotency(sqsbatch.NewMemory(time.Hour), byBody), sqsbatch.WithPayloadCheck(nil), sqsbatch.WithConcurrency(3),
		sqsbatch.WithBackoff(s, backoff.Policy{Base: time.Second, Cap: time.Minute}), sqsbatch.WithMaxReceives(100),
		sqsbatch.WithDeadLetter(s), sqsbatch.GiveUpAt(100), sqsbatch.WithTrace(span), sqsbatch.WithLogger(logger()),
		sqsbatch.WithMetrics(io.Discard, "shop"), sqsbatch.WithReport(func(context.Context, sqsbatch.Report) {}),
		sqsbatch.WithMappingCheck(reportsFailures), sqsbatch.WithMessageTimeout(500 * time.Millisecond),
		sqsbatch.WithReserve(100 * time.Millisecond), sqsbatch.WithResponseTime(200 * time.Millisecond),
		sqsbatch.WithFailures(sqsbatch.FailIfAll), sqsbatch.WithBreaker(1, 10), sqsbatch.WithDecoder(decodes),
		sqsbatch.WithMiddleware(counts), sqsbatch.WithClassify(classify),
	}
}

// rightWithOneOption has the right handler with each option.
func rightWithOneOption() map[string]planted {
	row := func(options ...option) planted { return handles(keyed, all(options...)) }
	withoutPoison := row(sqsbatch.WithFailures(sqsbatch.FailIfAny))
	withoutPoison.options = []sqsbatchtest.Option{sqsbatchtest.WithoutPoison()}
	return map[string]planted{
		"NoOption": row(),
		"Idempotency": handles(keyed, func(*shop) []option {
			return []option{sqsbatch.WithIdempotency(sqsbatch.NewMemory(time.Hour), nil)}
		}),
		"KeyFromBody": handles(keyed, func(*shop) []option {
			return []option{sqsbatch.WithIdempotency(sqsbatch.NewMemory(time.Hour), byBody)}
		}),
		"PayloadCheck": handles(keyed, func(*shop) []option {
			return []option{sqsbatch.WithIdempotency(sqsbatch.NewMemory(time.Hour), nil), sqsbatch.WithPayloadCheck(nil)}
		}),
		"Concurrency": row(sqsbatch.WithConcurrency(3)),
		"Backoff": handles(keyed, func(s *shop) []option {
			return []option{sqsbatch.WithBackoff(s, backoff.Policy{Base: time.Second, Cap: time.Minute})}
		}),
		"BackoffAndMaxReceives": handles(keyed, func(s *shop) []option {
			return []option{sqsbatch.WithBackoff(s, backoff.Policy{Base: time.Second}), sqsbatch.WithMaxReceives(5)}
		}),
		"DeadLetter": handles(keyed, func(s *shop) []option { return []option{sqsbatch.WithDeadLetter(s)} }),
		"GiveUpAt": handles(keyed, func(s *shop) []option {
			return []option{sqsbatch.WithDeadLetter(s), sqsbatch.GiveUpAt(30)}
		}),
		"Trace":           row(sqsbatch.WithTrace(span)),
		"LoggerAndMetric": row(sqsbatch.WithLogger(logger()), sqsbatch.WithMetrics(io.Discard, "shop")),
		"MappingCheck":    row(sqsbatch.WithMappingCheck(reportsFailures)),
		"MessageTimeout":  row(sqsbatch.WithMessageTimeout(500 * time.Millisecond)),
		"Times":           row(sqsbatch.WithReserve(100*time.Millisecond), sqsbatch.WithResponseTime(time.Second)),
		"FailIfAll":       row(sqsbatch.WithFailures(sqsbatch.FailIfAll)),
		"FailIfAny":       withoutPoison,
		"Breaker":         row(sqsbatch.WithBreaker(1, 3)),
		"Decoder":         row(sqsbatch.WithDecoder(decodes)),
		"Middleware":      row(sqsbatch.WithMiddleware(counts)),
		"Classify":        row(sqsbatch.WithClassify(classify)),
		"EveryOption":     handles(keyed, everyOption),
	}
}

// rightInOtherWays has right handlers of other kinds.
func rightInOtherWays() map[string]planted {
	inOrder := func(p planted) planted {
		p.fifo = true
		p.check = func(s *shop, h history) error { return errors.Join(s.inOrder(h), s.onceAndNoneLost(h)) }
		return p
	}
	bulk := planted{bulk: func(s *shop) func() (sqsbatchtest.BulkProcess[string], []option) {
		return func() (sqsbatchtest.BulkProcess[string], []option) {
			return func(ctx context.Context, ms []message) []error {
				errs := make([]error, len(ms))
				broken := false
				for i, m := range ms {
					if broken {
						errs[i] = errors.New("after a failure")
						continue
					}
					errs[i] = keyed(ctx, s, m)
					broken = errs[i] != nil
				}
				return errs
			}, nil
		}
	}, check: (*shop).onceAndNoneLost}
	return map[string]planted{
		"FIFO":                inOrder(handles(keyed, all())),
		"FIFOWithEveryOption": inOrder(handles(keyed, everyOption)),
		"Bulk":                bulk,
		"BulkOfAGroup":        inOrder(bulk),
		"BackgroundGoroutine": {start: warm(func(s *shop) process {
			go func() {
				for range time.Tick(time.Minute) {
				}
			}()
			return func(ctx context.Context, m message) error { return keyed(ctx, s, m) }
		}), check: (*shop).onceAndNoneLost},
		"CompareAndSwap": handles(func(ctx context.Context, s *shop, _ message) error {
			for {
				before, err := s.read(ctx)
				if err != nil {
					return err
				}
				if err := sqsbatchtest.Call(ctx, "swap"); err != nil {
					return err
				}
				if s.total == before {
					s.total++
					return nil
				}
			}
		}, all(sqsbatch.WithConcurrency(2))).with((*shop).counted),
		"RetriesInTheHandler": handles(func(ctx context.Context, s *shop, m message) (err error) {
			for range 3 {
				if err = keyed(ctx, s, m); err == nil {
					break
				}
			}
			return err
		}, all()),
		"PermanentAfterDeadLettering": handles(func(ctx context.Context, s *shop, m message) error {
			if m.Body == "b" {
				return sqsbatch.Permanent(errors.New("no such order"))
			}
			return keyed(ctx, s, m)
		}, func(s *shop) []option { return []option{sqsbatch.WithDeadLetter(s)} }).with(func(s *shop, h history) error {
			if len(s.letters) == 0 || strings.Contains(strings.Join(s.letters, ""), "a") {
				return errors.New("b alone belongs to the dead-letter queue")
			}
			return errors.Join(s.charged.once("a"), noneDeadLettered(h))
		}),
	}
}

// with returns the handler with another invariant.
func (p planted) with(check func(s *shop, h history) error) planted {
	p.check = check
	return p
}

// No right handler is reported.
func TestRightHandlersPass(t *testing.T) {
	t.Parallel()
	for _, part := range []map[string]planted{rightWithOneOption(), rightInOtherWays()} {
		for name, p := range part {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for seed := range uint64(2) {
					p.options = append(p.options, sqsbatchtest.Seed(seed))
					if f := p.find(t); f != nil {
						t.Errorf("reported with seed %d, timeline %d:\n%s%v\n%v", seed, f.Tried, f.Log, f.Err, f.Timeline)
					}
				}
			})
		}
	}
}

// The right handlers use every option that sqsbatch has.
func TestRightHandlersHaveEveryOption(t *testing.T) {
	t.Parallel()
	used, err := os.ReadFile("right_test.go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(`(?m)^func ([A-Z]\w*)[\[(].*\) Option \{`).FindAllSubmatch(source, -1) {
			found++
			if !strings.Contains(string(used), "sqsbatch."+string(match[1])+"(") {
				t.Errorf("no right handler has the option %s: add it to rightWithOneOption and everyOption", match[1])
			}
		}
	}
	if found < 15 {
		t.Errorf("only %d options found", found)
	}
}
