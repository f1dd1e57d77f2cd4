// Package sqsbatch turns a function for one message into a Lambda handler for
// batches of SQS messages, in which a failed message never costs a good one
// anything.
//
//	handler, err := sqsbatch.New(func(ctx context.Context, m sqsbatch.Message[Order]) error {
//		return ship(ctx, m.Body)
//	})
//	...
//	lambda.Start(handler)
//
// Each message's fate is reported by itself, as batchItemFailures; the event
// source mapping must have ReportBatchItemFailures among its function response
// types. [WithMappingCheck] and [WithBackoff] notice when it has not.
//
// # What happens to a message
//
// A message that cannot be decoded, or whose handler panics or returns an
// error, fails; its neighbours do not. An error may say more:
//
//   - [Permanent]: another try would fail as well. With [WithDeadLetter] the
//     message goes to the dead-letter queue at once, with the reason beside it.
//   - [RetryAfter]: not before so long.
//   - any other: try again; with [WithBackoff] later each time.
//
// # Time
//
// No message is started that cannot finish before the function's deadline: the
// rest of the batch is returned as failed, for another invocation. How long one
// takes is learned from those before it, or told by [WithReserve]. The context
// of a message ends early enough to report the others.
//
// # Order
//
// Messages of a FIFO queue run in order within their group, groups beside each
// other up to [WithConcurrency]. After a failure the rest of the group is
// returned unprocessed.
//
// # What it does not do
//
// It does not stop a handler that ignores its context. If the function runs
// into its timeout nothing is reported and SQS delivers the whole batch again.
// So it does if a goroutine that a handler started panics, for that ends the
// process. And SQS may deliver any message twice: [WithIdempotency] is for that.
package sqsbatch
