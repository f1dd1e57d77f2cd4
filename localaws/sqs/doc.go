// Package sqs is the embedded Amazon SQS: standard and FIFO queues that answer as
// the real service does, down to error texts, under a clock that can be moved.
//
// [New] makes a [Service]; [Service.API] is its table of operations for the edge,
// and each operation is also a plain method for callers in the same process. The
// facts that tests and comments cite as "SQS L4" are about the real service; the
// table in docs/sqs.md says for each operation and attribute how near this one is.
//
// # How a message lives
//
//	             send                 receive
//	(delayed) ─────────▶ visible ──────────────▶ in flight
//	                        ▲                     │  │  │
//	                        └── timeout, change ──┘  │  └── delete ──▶ gone
//	                                                 │
//	  at the receive that would be one too many ─────┘ (it is visible again by then)
//	                        └──────────▶ dead-letter queue, as visible
//
// A message has two receive counters (SQS L4, L5): one over all queues, which
// ApproximateReceiveCount shows, and one for the queue it is in, which decides
// when it is moved to the dead-letter queue.
//
// # Structure
//
// A queue has one lock. Under it lie a heap of messages by deadline (end of delay
// or visibility timeout), a line of visible ones (by age in a standard queue, by
// group in a FIFO), a list by age for retention, and a map by id of those that
// were ever received. The heap's root is the queue's one event on the clock. No
// operation's cost depends on how many messages a queue holds.
//
// Work under the lock is a turn (turn.go): at its end waiting long polls are
// served first come first served, the clock is set, effects go to the store, and
// once the lock is gone watchers are told and dead letters move on.
//
// # Lost answers
//
// A receive whose client went away counts, as on AWS: the messages handed to it
// come back when their visibility timeout ends. A long poll that is given up
// before it was served takes nothing.
package sqs
