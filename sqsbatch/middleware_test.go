package sqsbatch_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/sqsbatch"
)

// naming returns a middleware that appends its name to calls before and after the
// handler.
func naming(calls *[]string, name string) sqsbatch.Middleware[string] {
	return func(next sqsbatch.HandlerFunc[string]) sqsbatch.HandlerFunc[string] {
		return func(ctx context.Context, m sqsbatch.Message[string]) error {
			*calls = append(*calls, name+" before "+m.Body)
			defer func() { *calls = append(*calls, name+" after "+m.Body) }()
			return next(ctx, m)
		}
	}
}

func TestFirstMiddlewareIsOutermost(t *testing.T) {
	t.Parallel()
	var calls []string
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
		calls = append(calls, "handler "+m.Body)
		return nil
	}, sqsbatch.WithMiddleware(naming(&calls, "1"), naming(&calls, "2")), sqsbatch.WithMiddleware(naming(&calls, "3"))))
	if got := handle(t, h, ids("a")); len(got) != 0 {
		t.Errorf("reported %v", got)
	}
	want := []string{"1 before a", "2 before a", "3 before a", "handler a", "3 after a", "2 after a", "1 after a"}
	if diff := cmp.Diff(want, calls); diff != "" {
		t.Error(diff)
	}
}

// withoutHandler is a generic middleware, as a library of middlewares has them.
func withoutHandler[T any](sqsbatch.HandlerFunc[T]) sqsbatch.HandlerFunc[T] {
	return func(_ context.Context, m sqsbatch.Message[T]) error {
		switch m.ID() {
		case "panics":
			panic("in the middleware")
		case "fails":
			return errDown
		}
		return nil
	}
}

func TestMiddlewareDecidesTheOutcome(t *testing.T) {
	t.Parallel()
	var report sqsbatch.Report
	h := must(t)(sqsbatch.New(func(_ context.Context, m sqsbatch.Message[string]) error {
		t.Errorf("the handler was called for %s", m.Body)
		return nil
	}, sqsbatch.WithMiddleware[string](withoutHandler), sqsbatch.WithReport(func(_ context.Context, r sqsbatch.Report) { report = r })))
	if diff := cmp.Diff([]string{"panics", "fails"}, handle(t, h, ids("a", "panics", "fails", "b"))); diff != "" {
		t.Error(diff)
	}
	var panicked *sqsbatch.PanicError
	if !errors.As(report.Results[1].Err, &panicked) || !errors.Is(report.Results[2].Err, errDown) {
		t.Errorf("errors %v, %v", report.Results[1].Err, report.Results[2].Err)
	}
}

func TestMiddlewareIsAppliedOnce(t *testing.T) {
	t.Parallel()
	applied := 0
	h := must(t)(sqsbatch.New(failing(nil), sqsbatch.WithMiddleware(func(next sqsbatch.HandlerFunc[string]) sqsbatch.HandlerFunc[string] {
		applied++
		return next
	})))
	handle(t, h, ids("a", "b"))
	handle(t, h, ids("c"))
	if applied != 1 {
		t.Errorf("applied %d times", applied)
	}
}

// A body that cannot be decoded, and a message behind it in its group, have no
// Message[T] to give to a middleware.
func TestMiddlewareIsNotCalledWithoutABody(t *testing.T) {
	t.Parallel()
	var seen []string
	h := must(t)(sqsbatch.New(func(context.Context, sqsbatch.Message[int]) error { return nil },
		sqsbatch.WithMiddleware(func(next sqsbatch.HandlerFunc[int]) sqsbatch.HandlerFunc[int] {
			return func(ctx context.Context, m sqsbatch.Message[int]) error {
				seen = append(seen, m.ID())
				return next(ctx, m)
			}
		})))
	event := ids("a", "b")
	event.Records[1].Body = "7"
	if got := handle(t, h, event); !slices.Equal(got, []string{"a"}) || !slices.Equal(seen, []string{"b"}) {
		t.Errorf("reported %v, seen %v", got, seen)
	}
}

func TestInvalidMiddlewareIsRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		option sqsbatch.Option
		want   string
	}{
		"Nil":         {sqsbatch.WithMiddleware(naming(nil, ""), nil), "middleware 2 of 2 is nil"},
		"NilResult":   {sqsbatch.WithMiddleware(func(sqsbatch.HandlerFunc[string]) sqsbatch.HandlerFunc[string] { return nil }), "returned no handler"},
		"AnotherType": {sqsbatch.WithMiddleware[int](withoutHandler), "middleware 1 is a sqsbatch.Middleware[int] and the handler takes string"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := sqsbatch.New(failing(nil), tt.option); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
	t.Run("NewBulk", func(t *testing.T) {
		t.Parallel()
		_, err := sqsbatch.NewBulk(func(context.Context, []sqsbatch.Message[string]) []error { return nil }, sqsbatch.WithMiddleware[string](withoutHandler))
		if err == nil || !strings.Contains(err.Error(), "WithMiddleware") {
			t.Errorf("error %v", err)
		}
	})
}
