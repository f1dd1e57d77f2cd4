// Package sqsbatchtest looks for the schedule that breaks a handler.
//
// SQS delivers at least once and in no order; Lambda runs out of time, crashes
// between a message's effect and the answer, and uses an environment again. A
// handler that is right under all of that keeps an invariant, such as "each
// order is charged exactly once". One call explores many schedules and, when
// one breaks the invariant, shrinks it to a timeline that a person can read:
//
//	func TestEachOrderIsChargedOnce(t *testing.T) {
//		messages := sqsbatchtest.Messages(`{"id":"o-1"}`, `{"id":"o-2"}`)
//		sqsbatchtest.Explore(t, messages, func() sqsbatchtest.World[Order] {
//			bank := newFakeBank()             // outlives environments, as a bank does
//			done := sqsbatch.NewMemory(time.Hour) // in place of a table
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
// Without a key by which the bank knows a charge again, this test fails with
//
//  1. cold start, delivers [m1]: crash after m1
//  2. cold start, delivers [m1 m2]: all done
//     o-1 was charged 2 times
//
// for between the charge and the store's mark is a place to crash, whatever the
// store.
//
// # What is simulated
//
// Each timeline is played in a bubble of testing/synctest, so that time costs
// nothing and a seed is enough to repeat it. Its steps are invocations: with
// messages in any order, some of them for the second time or even after they
// were done, next to a message that panics, in a new environment or a warm one.
// Messages of a FIFO queue keep the order of their groups and do not come back
// once they are done. In the end everything that is left is delivered without
// faults, until it is done or out of receives; then the invariant is checked.
//
// An invocation may crash, or its time run out, at each place that it reaches:
// before a message and after it, and wherever a fake says [Call]. So:
//
//	func (b *fakeBank) charge(ctx context.Context, key string, o Order) error {
//		if err := sqsbatchtest.Call(ctx); err != nil {
//			return err
//		}
//		...
//	}
//
// A handler that marks a message as done before it does it is found only where
// both are such calls.
//
// # What to know
//
// Invocations do not overlap. The handler must not wait for what lies outside
// the bubble, such as a real network: give it fakes. A place must not be reached
// with a lock held that another invocation takes, for a crash never gives it
// back. With WithConcurrency, what runs beside a crash goes on to its own next
// place. Handlers of whole batches, as sqsbatch.NewBulk takes them, go into
// StartBulk; their places are before and after the batch, and calls.
package sqsbatchtest
