package sqsbatchtest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/reliableq/reliableq/sqsbatch"
	"github.com/reliableq/reliableq/sqsbatch/sqsbatchtest"
)

// bank is a fake service. It outlives environments, and recognizes a repeated charge
// by its key.
type bank struct {
	charges map[string]int
	keys    map[string]bool
}

func (b *bank) charge(ctx context.Context, key, order string) error {
	if err := sqsbatchtest.Call(ctx); err != nil { // here the function may crash
		return err
	}
	if !b.keys[key] {
		b.keys[key] = true
		b.charges[order]++
	}
	return nil
}

// explore is the body of a user's test.
func explore(t *testing.T, key func(m sqsbatch.Message[string]) string) *sqsbatchtest.Failure {
	return sqsbatchtest.Find(t, sqsbatchtest.Messages("order 1", "order 2"), func() sqsbatchtest.World[string] {
		fake := &bank{charges: map[string]int{}, keys: map[string]bool{}}
		done := sqsbatch.NewMemory(24 * time.Hour) // in place of a table
		return sqsbatchtest.World[string]{
			Start: func() (sqsbatchtest.Process[string], []sqsbatch.Option) {
				return func(ctx context.Context, m sqsbatch.Message[string]) error {
					return fake.charge(ctx, key(m), m.Body)
				}, []sqsbatch.Option{sqsbatch.WithIdempotency(done, nil)}
			},
			Check: func(sqsbatchtest.History) error {
				for _, order := range []string{"order 1", "order 2"} {
					if n := fake.charges[order]; n != 1 {
						return fmt.Errorf("%s was charged %d times", order, n)
					}
				}
				return nil
			},
		}
	})
}

func TestTheExamplePasses(t *testing.T) {
	t.Parallel()
	if f := explore(t, sqsbatch.Message[string].OriginID); f != nil {
		t.Errorf("%s%v", f.Log, f.Err)
	}
}

// An idempotency store alone is not enough: the function may crash between the effect
// and its record.
func TestTheExampleNeedsItsKey(t *testing.T) {
	t.Parallel()
	charges := 0
	f := explore(t, func(sqsbatch.Message[string]) string { charges++; return fmt.Sprint(charges) })
	if f == nil || f.Log != "1. cold start, delivers [m1]: crash after m1\n2. cold start, delivers [m1 m2]: all done\n" {
		t.Errorf("found %+v", f)
	}
}

func ExampleMessages() {
	for _, m := range sqsbatchtest.Messages("order 1", "order 2") {
		fmt.Println(m.MessageId, m.Body)
	}
	// Output:
	// m1 order 1
	// m2 order 2
}
