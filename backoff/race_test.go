package backoff_test

import (
	"context"
	"testing"
	"time"

	"github.com/reliableq/reliableq/backoff"
)

// endsLater ends between two calls of Err.
type endsLater struct {
	context.Context
	calls int
}

func (c *endsLater) Err() error {
	if c.calls++; c.calls == 1 {
		return nil
	}
	return context.Canceled
}

// A context that ends while Retry asks for its error has not ended yet.
func TestContextMayEndBetweenItsErrorAndItsCause(t *testing.T) {
	t.Parallel()
	called := false
	err := backoff.Retry(&endsLater{Context: context.Background()}, backoff.Policy{Base: time.Second}, func(context.Context) error {
		called = true
		return nil
	})
	if err != nil || !called {
		t.Errorf("error %v, called %v", err, called)
	}
}
