// Package sqsbatchtest looks for the schedule that breaks a handler.
//
// SQS delivers at least once and in no order; Lambda runs out of time, crashes
// after the work and before the answer, and uses an environment again. A
// handler that is right under all of that keeps an invariant, such as "each
// order is charged exactly once". One call explores many schedules and, when
// one breaks the invariant, shrinks it to a timeline that a person can read:
//
//	func TestEachOrderIsChargedOnce(t *testing.T) {
//		sqsbatchtest.Explore(t, sqsbatchtest.Messages(`{"id":"o-1"}`, `{"id":"o-2"}`),
//			func() sqsbatchtest.World[Order] {
//				bank := newFakeBank()
//				return sqsbatchtest.World[Order]{
//					Start: func() (sqsbatchtest.Process[Order], []sqsbatch.Option) {
//						return charge(bank), options(bank)
//					},
//					Check: func(sqsbatchtest.History) error { return bank.chargedOnce("o-1", "o-2") },
//				}
//			})
//	}
//
// A broken one is told as
//
//  1. cold start, delivers [m1]: crash after the work, before the answer
//  2. cold start, delivers [m1]: all done
//     o-1 was charged 2 times
//
// # What is simulated
//
// Each timeline is played in a bubble of testing/synctest, so that time costs
// nothing and a seed is enough to repeat it. Its steps are invocations: with
// messages in any order, some of them for the second time or even after they
// were done, next to a message that panics, in a new environment or a warm one;
// some crash before their answer arrives, in some the time runs out in the
// middle. Messages of a FIFO queue keep the order of their groups and do not
// come back once they are done. In the end everything that is left is delivered
// without faults, until it is done or out of receives; then the invariant is
// checked.
//
// Invocations do not overlap, and the handler must not wait for what lies
// outside the bubble, such as a real network: give it fakes.
package sqsbatchtest
