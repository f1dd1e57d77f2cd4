// Package sqsbatch turns a function for one message into a Lambda handler for
// batches of SQS messages. A message that fails does not fail the rest of its
// batch.
//
//	handler, err := sqsbatch.New(func(ctx context.Context, m sqsbatch.Message[Order]) error {
//		return ship(ctx, m.Body)
//	})
//	...
//	lambda.Start(handler)
//
// It is for Go what the batch processing utility of Powertools for AWS Lambda is
// for other languages: [New] is its batch processor, your function its record
// handler, and [WithIdempotency] its idempotency utility. In addition it keeps to
// the function's deadline, delays failed messages ([WithBackoff]), and
// dead-letters messages that can never succeed ([WithDeadLetter]).
//
// The handler returns a partial batch response: it lists failed messages in
// batchItemFailures. The event source mapping must have ReportBatchItemFailures
// among its function response types; without it, Lambda deletes failed messages.
// [WithMappingCheck] detects that, and [WithBackoff] warns of it.
//
// # Outcome of a message
//
// A message fails if it cannot be decoded, or if its handler returns an error or
// panics. The error decides what happens next:
//
//   - [Permanent]: the message will never succeed. With [WithDeadLetter] it is sent
//     to the dead-letter queue at once, with the reason in its attributes.
//   - [RetryAfter]: the message is received again after the given time.
//   - Any other error: the message is received again. With [WithBackoff] the delay
//     grows with each receive. [WithClassify] decides for such errors.
//
// # Deadline
//
// A message is started only if it can finish before the function's deadline. The
// others are returned as failed, and SQS delivers them to a later invocation. The
// time that a message needs is estimated from earlier messages, or given by
// [WithReserve].
//
// The context of each message has a time limit, so that a message that hangs leaves
// time for the rest of its batch and for the response. The limit is the time that is
// left, less a reserve for each message that waits for it; [WithMessageTimeout] lowers
// it. A message that is stopped fails with [ErrTimeLimit]. The context ends when the
// handler returns.
//
// # FIFO queues
//
// Messages of a group are processed in order. Several groups are processed
// concurrently, up to [WithConcurrency]. After a failure, the rest of the group is
// returned unprocessed, until the failed message succeeds or [GiveUpAt] dead-letters it.
//
// # Limits
//
// A handler that ignores its context is not stopped. If the function times out,
// nothing is reported, and SQS delivers the whole batch again. The same happens if
// a goroutine that a handler started panics, because that ends the process. SQS
// may deliver any message more than once; see [WithIdempotency].
package sqsbatch
