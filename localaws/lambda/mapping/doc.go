// Package mapping is Lambda's event source mappings for SQS: their API, and the
// pollers that take messages from a queue, invoke a function with them, and
// delete what was processed (LAM part B).
//
// # The poller
//
// Each enabled mapping has a poller: a state machine under one lock, without a
// goroutine and without polling. It is moved on by three things: the queue's
// signal that a message may be had, an event of the clock, and the end of an
// invocation. Each lets it run until nothing is left to do now:
//
//	queue's signal ─▶ receive ≤ 10 ─▶ filter ─▶ gather ─▶ invoke ─▶ outcome ─▶ delete
//	                     ▲                                  ▲            │
//	                     │                                  └─ backoff ◀─┤ throttled
//	                     └── a place is free ◀───────────────────────────┘ or left to its visibility timeout
//
// It receives only while a place is free among its concurrent batches, so that
// no message waits, its visibility timeout running, for a function that cannot
// take it (LAM B24, B28). With a batching window it holds messages by design;
// the batch being gathered has its place already.
//
// # Smaller than AWS
//
// AWS lets a mapping have 1,250 batches at a time. Here [Options.MaxBatches]
// bounds it, because each may be a child process: 50 unless somebody says
// otherwise. The way there is AWS's: five at first, 300 more a minute while
// there is a backlog, five again when the queue is empty. An invocation that
// fails or is throttled takes one place away, down to two; backlog gives it back.
package mapping
