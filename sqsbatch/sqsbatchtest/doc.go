// Package sqsbatchtest searches for a sequence of invocations that breaks a handler.
//
// SQS delivers messages at least once and in any order. Lambda functions time out,
// crash between the effect of a message and the response, and reuse execution
// environments. A correct handler keeps an invariant under all of that, such as
// "each order is charged exactly once". [Explore] plays many sequences of
// invocations, called timelines. If one breaks the invariant, it is shrunk to a
// short timeline that is easy to read:
//
//	func TestEachOrderIsChargedOnce(t *testing.T) {
//		messages := sqsbatchtest.Messages(`{"id":"o-1"}`, `{"id":"o-2"}`)
//		sqsbatchtest.Explore(t, messages, func() sqsbatchtest.World[Order] {
//			bank := newFakeBank()             // outlives environments, as a bank does
//			done := sqsbatch.NewMemory(time.Hour) // instead of a table
//			return sqsbatchtest.World[Order]{
//				Start: func() (sqsbatchtest.Process[Order], []sqsbatch.Option) {
//					charge := func(ctx context.Context, m sqsbatch.Message[Order]) error {
//						return bank.charge(ctx, m.OriginID(), m.Body)
//					}
//					return charge, []sqsbatch.Option{sqsbatch.WithIdempotency(done, nil)}
//				},
//				Check: func(sqsbatchtest.History) error { return bank.chargedOnce("o-1", "o-2") },
//			}
//		})
//	}
//
// If the bank does not recognize a repeated charge by its key, this test fails with
//
//  1. cold start, delivers [m1]: crash after m1
//  2. cold start, delivers [m1 m2]: all done
//     o-1 was charged 2 times
//
// because the function may crash between the charge and the store's mark, with any
// store.
//
// # What is simulated
//
// Each timeline runs in a bubble of testing/synctest, so that waiting takes no time
// and a seed repeats it. Its steps are invocations: with messages in any order, some
// of them repeated or even done before, next to a message that panics, in a new
// environment or a warm one. Messages of a FIFO queue keep the order of their
// groups, and are not delivered again once they are done. At the end, everything
// that is left is delivered without faults, until it is done or has no receives
// left. Then the invariant is checked.
//
// An invocation may crash or time out at each fault point that it reaches: before a
// message, after it, and wherever a fake calls [Call]:
//
//	func (b *fakeBank) charge(ctx context.Context, key string, o Order) error {
//		if err := sqsbatchtest.Call(ctx); err != nil {
//			return err
//		}
//		...
//	}
//
// A handler that marks a message as done before it processes it is detected only if
// both are such calls.
//
// # Limits
//
// Invocations do not overlap. The handler must not wait for anything outside of the
// bubble, such as a real network: give it fakes. Do not reach a fault point while
// holding a lock that another invocation needs, because a crash never releases it.
// With WithConcurrency, goroutines beside a crashed one continue to their next fault
// point. Handlers for [sqsbatch.NewBulk] go into StartBulk; their fault points are
// before and after the batch, and calls.
package sqsbatchtest
