// Package backoff says how long to wait before trying again.
//
// A [Policy] is a value: a base, a factor, a cap and a kind of jitter. Ask it
// for one delay when something else counts the attempts, as SQS does with its
// receive count:
//
//	policy := backoff.Policy{Base: time.Second, Cap: 15 * time.Minute}
//	wait := policy.Delay(receiveCount - 1)
//
// Walk its delays when the loop is yours; the walk ends when attempts or budget
// are spent:
//
//	for attempt, wait := range policy.Delays() { ... }
//
// Or hand over the whole loop:
//
//	err := backoff.Retry(ctx, policy, send)
//
// # Why jitter
//
// Clients that failed together and wait equally long come back together and
// fail again. Jitter spreads them. With a base of 1 s and a cap of 1 min, waits
// lie between:
//
//	attempt       0       1       2       3       4       5       6 and later
//	None          1 s     2 s     4 s     8 s     16 s    32 s    1 min
//	Full          0-1 s   0-2 s   0-4 s   0-8 s   0-16 s  0-32 s  0-1 min
//	Equal         0.5-1 s 1-2 s   2-4 s   4-8 s   8-16 s  16-32 s 30 s-1 min
//	Decorrelated  1-3 s   1-9 s   1-27 s  1 s-1 min, and on from there
//
// Full does the least work under contention and is the default. Equal never
// waits next to nothing. Decorrelated grows from the last wait and not from the
// count, so that two clients with the same count drift apart.
package backoff
