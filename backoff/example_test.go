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

// The longest waits of a policy, attempt for attempt.
func ExamplePolicy_Ceiling() {
	policy := backoff.Policy{Base: 10 * time.Second, Cap: 15 * time.Minute}
	for _, attempt := range []int{0, 1, 2, 3, 4, 5, 6, 7, 1_000_000_000} {
		fmt.Println(attempt, policy.Ceiling(attempt))
	}
	// Output:
	// 0 10s
	// 1 20s
	// 2 40s
	// 3 1m20s
	// 4 2m40s
	// 5 5m20s
	// 6 10m40s
	// 7 15m0s
	// 1000000000 15m0s
}

func ExamplePolicy_Delays() {
	policy := backoff.Policy{Base: time.Second, Jitter: backoff.None, MaxAttempts: 4}
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

func ExamplePolicy_Survives() {
	policy := backoff.Policy{Base: 10 * time.Second, Cap: time.Hour}
	for _, maxReceiveCount := range []int{3, 5, 10} {
		fmt.Println(maxReceiveCount, policy.Survives(maxReceiveCount))
	}

	// With full jitter, some messages are lost in an outage of half an hour.
	policy.Jitter = backoff.Full
	fmt.Printf("%.0f %% survive\n", 100*policy.SurvivalRate(10, 30*time.Minute))
	// Output:
	// 3 15s
	// 5 1m15s
	// 10 42m35s
	// 79 % survive
}
