package sqsbatch_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/sqsbatch"
)

func TestBulkErrorsAreReportedByMessage(t *testing.T) {
	t.Parallel()
	var got []int
	h := must(t)(sqsbatch.NewBulk(func(_ context.Context, ms []sqsbatch.Message[int]) []error {
		errs := make([]error, len(ms))
		for i, m := range ms {
			if got = append(got, m.Body); m.Body == 2 {
				errs[i] = errDown
			}
		}
		return errs
	}))
	event := events.SQSEvent{Records: []events.SQSMessage{record("a", "1"), record("b", "no number"), record("c", "2"), record("a", "1"), record("d", "3")}}
	if diff := cmp.Diff([]string{"b", "c"}, handle(t, h, event)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{1, 2, 3}, got); diff != "" {
		t.Error(diff)
	}
}

func TestBulkPanicOrWrongNumberOfErrorsFailsAll(t *testing.T) {
	t.Parallel()
	for name, process := range map[string]func(context.Context, []sqsbatch.Message[string]) []error{
		"panic":   func(context.Context, []sqsbatch.Message[string]) []error { panic("boom") },
		"too few": func(context.Context, []sqsbatch.Message[string]) []error { return []error{nil} },
		"none":    func(context.Context, []sqsbatch.Message[string]) []error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			h := must(t)(sqsbatch.NewBulk(process))
			if got := handle(t, h, ids("a", "b")); len(got) != 2 {
				t.Errorf("reported %v", got)
			}
		})
	}
}

func TestBulkHandlerIsNotCalledWithoutMessages(t *testing.T) {
	t.Parallel()
	h := must(t)(sqsbatch.NewBulk(func(context.Context, []sqsbatch.Message[int]) []error {
		t.Error("called")
		return nil
	}))
	if got := handle(t, h, ids("a")); len(got) != 1 {
		t.Errorf("reported %v", got)
	}
}

func TestBulkPermanentErrorsAreDeadLettered(t *testing.T) {
	t.Parallel()
	queue := &deadLetterQueue{}
	h := must(t)(sqsbatch.NewBulk(func(_ context.Context, ms []sqsbatch.Message[string]) []error {
		return []error{nil, sqsbatch.Permanent(errors.New("gone"))}
	}, sqsbatch.WithDeadLetter(queue)))
	if got := handle(t, h, ids("a", "b")); len(got) != 0 || len(queue.letters) != 1 {
		t.Errorf("reported %v, letters %+v", got, queue.letters)
	}
}
