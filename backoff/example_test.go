package backoff_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/reliableq/reliableq/backoff"
)

func ExamplePolicy_Delay() {
	// A seeded source makes it repeatable.
	policy := backoff.Policy{Base: time.Second, Cap: 15 * time.Minute, Rand: rand.New(rand.NewPCG(1, 1)).Float64}
	receiveCount := 4 // as SQS counts it, from 1
	fmt.Println(policy.Delay(receiveCount-1) <= 8*time.Second)
	// Output: true
}

func ExamplePolicy_Delays() {
	policy := backoff.Policy{Base: time.Second, Jitter: backoff.None, Budget: 10 * time.Second}
	for attempt, delay := range policy.Delays() {
		fmt.Println(attempt, delay)
	}
	// Output:
	// 0 1s
	// 1 2s
	// 2 4s
}

func ExampleRetry() {
	policy := backoff.Policy{Base: time.Millisecond, MaxAttempts: 5}
	calls := 0
	err := backoff.Retry(context.Background(), policy, func(context.Context) error {
		if calls++; calls < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	fmt.Println(calls, err)
	// Output: 3 <nil>
}
