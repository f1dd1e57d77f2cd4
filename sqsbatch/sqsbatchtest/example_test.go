package sqsbatchtest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/reliableq/reliableq/sqsbatch"
	"github.com/reliableq/reliableq/sqsbatch/sqsbatchtest"
)

// chargedOnce is the body of a user's test.
func chargedOnce(t *testing.T) {
	sqsbatchtest.Explore(t, sqsbatchtest.Messages("order 1", "order 2"), func() sqsbatchtest.World[string] {
		charges := map[string]int{} // the fake bank, which outlives environments
		done := sqsbatch.NewMemory(24 * time.Hour)
		return sqsbatchtest.World[string]{
			Start: func() (sqsbatchtest.Process[string], []sqsbatch.Option) {
				charge := func(ctx context.Context, m sqsbatch.Message[string]) error {
					if err := ctx.Err(); err != nil {
						return err
					}
					charges[m.Body]++
					return nil
				}
				return charge, []sqsbatch.Option{sqsbatch.WithIdempotency(done, nil)}
			},
			Check: func(sqsbatchtest.History) error {
				for order, n := range charges {
					if n != 1 {
						return fmt.Errorf("%s was charged %d times", order, n)
					}
				}
				return nil
			},
		}
	})
}

func TestTheExampleHolds(t *testing.T) {
	t.Parallel()
	chargedOnce(t)
}

func ExampleMessages() {
	for _, m := range sqsbatchtest.Messages("order 1", "order 2") {
		fmt.Println(m.MessageId, m.Body)
	}
	// Output:
	// m1 order 1
	// m2 order 2
}
