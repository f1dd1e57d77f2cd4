// Package backoff computes how long to wait before the next attempt.
//
// A [Policy] has a base, a factor, a cap and a kind of jitter. Use [Policy.Delay] if
// the attempts are counted elsewhere, as SQS does with the receive count:
//
//	policy := backoff.Policy{Base: time.Second, Cap: 15 * time.Minute}
//	wait := policy.Delay(receiveCount - 1)
//
// Use [Retry] for a whole loop, which calls send up to three times, or MaxAttempts
// times if the policy sets it:
//
//	err := backoff.Retry(ctx, policy, send)
//
// Use [Policy.Delays] in your own loop. It ends when the attempts or the budget are
// used up:
//
//	for attempt, wait := range policy.Delays() { ... }
//
// # Why jitter
//
// Clients that failed at the same time and wait equally long retry at the same time,
// and fail again. Jitter spreads the retries. With a base of 1 s and a cap of 1 min,
// the delays are:
//
//	attempt       0       1       2       3       4       5       6 and later
//	Equal         0.5-1 s 1-2 s   2-4 s   4-8 s   8-16 s  16-32 s 30 s-1 min
//	Full          0-1 s   0-2 s   0-4 s   0-8 s   0-16 s  0-32 s  0-1 min
//	Decorrelated  1-3 s   1-9 s   1-27 s  1 s-1 min, and on from there
//	None          1 s     2 s     4 s     8 s     16 s    32 s    1 min
//
// Equal is the default. It never waits almost nothing, so that it wastes no attempt
// where attempts are few and counted, as the receives of a message are. Choose Full
// where many clients compete for one resource and may retry often: it leads to the
// least work there. Decorrelated depends on the last delay and not on the number of
// attempts, so that clients with the same number of attempts wait differently. The
// formulas, and where they come from, are those of [Jitter].
//
// # How many attempts
//
// [Policy.Survives] returns how long an outage is that no message is lost in, given the
// number of receives after which SQS dead-letters a message. [Policy.SurvivalRate]
// returns the share of messages that survive a longer one.
package backoff
