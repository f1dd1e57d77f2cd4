// Package sqs is the embedded Amazon SQS: standard and FIFO queues with the
// responses and error texts of the real service, on a clock that can be moved.
//
// [New] returns a [Service]. [Service.API] is its table of operations for the
// gateway; each operation is also a method for callers in the same process.
// Comments cite facts about the real service as "SQS L4"; docs/aws/sqs.md lists
// them. The tables in docs/sqs.md state for each operation and attribute how
// close this implementation is.
//
// # States of a message
//
//	             send                 receive
//	(delayed) ─────────▶ visible ──────────────▶ in flight
//	                        ▲                     │  │  │
//	                        └── timeout, change ──┘  │  └── delete ──▶ gone
//	                                                 │
//	  at the receive that would exceed the limit ────┘ (it is visible again by then)
//	                        └──────────▶ dead-letter queue, as visible
//
// A message has two receive counters (SQS L4, L5): one over all queues, which
// ApproximateReceiveCount reports, and one for its current queue, which decides
// when it moves to the dead-letter queue.
//
// # Structure
//
// A queue has one lock, which guards four indexes of its messages:
//
//   - a heap by deadline (end of the delay or of the visibility timeout),
//   - a ready list of visible messages (by age in a standard queue, by message
//     group in a FIFO queue),
//   - a list by age, for retention,
//   - a map by id of the messages that were received at least once.
//
// The root of the heap sets the queue's one timer on the clock. The cost of an
// operation does not depend on the number of messages in the queue.
//
// A [transaction] is one critical section under that lock. When it ends, it
// serves waiting long polls in the order of their arrival, sets the timers and
// hands its effects to the store. After the lock is released it notifies
// watchers and moves messages to the dead-letter queue.
//
// # Lost responses
//
// A receive whose client disconnected counts, as on AWS: its messages become
// visible again when their visibility timeout ends. A long poll that is
// canceled before it was served takes no messages.
package sqs
