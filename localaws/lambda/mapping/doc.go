// Package mapping is Lambda's event source mappings for SQS: their API, and the pollers
// that receive messages from a queue, invoke a function with them, and delete those that
// were processed (LAM part B).
//
// # The poller
//
// Each enabled mapping has a poller: a state machine under one lock, without a goroutine
// and without polling. Three things make it run: a signal that the queue may have
// messages, an event of the clock, and the end of an invocation. It then runs until
// nothing can be done now:
//
//	signal ─▶ receive ≤ 10 ─▶ filter ─▶ gather ─▶ invoke ─▶ outcome ─▶ delete
//	             ▲                                  ▲          │
//	             │                                  └─ backoff ◀┤ throttled
//	             └── the batch is finished ◀────────────────────┘ or its messages become visible later
//
// It receives only while it has fewer active batches than its limit, so that no message's
// visibility timeout runs while the function cannot take it (LAM B24, B28). Messages wait
// in a batching window by design; the batch being gathered is an active one.
//
// # Differences from AWS
//
// AWS allows 1,250 concurrent batches for a mapping. Here [Options.MaxBatches] is the
// limit, 50 by default, because each may be a child process. As on AWS, a mapping starts
// with five, adds 300 a minute while there is a backlog, and returns to five when the queue
// is empty. An invocation that fails or is throttled lowers the number by one, down to two;
// backlog raises it again.
package mapping
