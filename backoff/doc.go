// Package backoff computes how long to wait before the next attempt.
//
// A [Policy] has a base, a factor, a cap and a kind of jitter. Use [Policy.Delay] if
// the attempts are counted elsewhere, as SQS does with the receive count:
//
//	policy := backoff.Policy{Base: time.Second, Cap: 15 * time.Minute}
//	wait := policy.Delay(receiveCount - 1)
//
// Use [Policy.Delays] in your own loop. It ends when the attempts or the budget are
// used up:
//
//	for attempt, wait := range policy.Delays() { ... }
//
// Use [Retry] for the whole loop:
//
//	err := backoff.Retry(ctx, policy, send)
//
// # Why jitter
//
// Clients that failed at the same time and wait equally long retry at the same time,
// and fail again. Jitter spreads the retries. With a base of 1 s and a cap of 1 min,
// the delays are:
//
//	attempt       0       1       2       3       4       5       6 and later
//	None          1 s     2 s     4 s     8 s     16 s    32 s    1 min
//	Full          0-1 s   0-2 s   0-4 s   0-8 s   0-16 s  0-32 s  0-1 min
//	Equal         0.5-1 s 1-2 s   2-4 s   4-8 s   8-16 s  16-32 s 30 s-1 min
//	Decorrelated  1-3 s   1-9 s   1-27 s  1 s-1 min, and on from there
//
// Full leads to the fewest attempts under contention and is the default. Equal never
// waits almost nothing. Decorrelated depends on the last delay and not on the number
// of attempts, so that clients with the same number of attempts wait differently.
package backoff
