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
// Each timeline runs in a bubble of testing/synctest, so that waiting takes no time.
// Its steps are invocations: with messages in any order, some of them repeated or even
// done before, together with a message that panics, in a new environment or a warm one,
// or two at the same time in two environments. Messages of a FIFO queue keep the order
// of their groups, are not in two invocations at the same time, and are not delivered
// again once they are done. At the end, everything that is left is delivered without
// faults, until it is done or has no receives left. Then the invariant is checked.
//
// An invocation may crash or time out at each fault point that it reaches: before a
// message, after it, and wherever a fake calls [Call]:
//
//	func (b *fakeBank) charge(ctx context.Context, key string, o Order) error {
//		if err := sqsbatchtest.Call(ctx, "charge"); err != nil {
//			return err
//		}
//		...
//	}
//
// A Call may also fail, or hang. A handler that marks a message as done before it
// processes it is detected only if both are such calls. A Call at the end of a request
// loses the response of a request that had its effect.
//
// Goroutines that run at the same time, in two environments or with WithConcurrency,
// run one at a time between fault points, in a sequence that a seed determines. So an update that
// is lost because another one came between its read and its write is found if both are
// calls.
//
// # Regression tests
//
// A report ends with the timeline as a Go expression. [Play] plays it:
//
//	sqsbatchtest.Play(t, messages, world, sqsbatchtest.Timeline{{Batch: []int{0}, Fault: sqsbatchtest.Crash, At: 1}})
//
// # The message that panics
//
// It shows whether other messages of its batch suffer. Its id is [PoisonID], its body
// null or that of [PoisonBody]. Your handler does not get it, but your decoder, your key
// function and your store do. With [sqsbatch.GiveUpAt], or if your decoder refuses its
// body, your dead-letter queue gets it too. [WithoutPoison] switches it off.
//
// # Settings
//
// The function's timeout is 3 s, the queue's visibility timeout 30 s, and a message is
// dead-lettered after 5 receives without a fault. [FunctionTimeout],
// [VisibilityTimeout] and [MaxReceives] change that.
//
// # Limits
//
// The handler must not wait for anything outside of the bubble, such as a real network:
// give it fakes. Do not reach a fault point while holding a lock that another goroutine
// needs: a crash never releases it, and the others wait for it in real time. A timeline
// that does not end is reported after 20 s.
//
// What is left blocked at the end, such as a handler that blocks for ever or the
// background goroutine of a client, stays in memory until the test binary ends. After a
// crash, goroutines of the environment continue to their next fault point. A seed
// repeats a run under the conditions of [Seed]. Handlers for [sqsbatch.NewBulk] go into
// StartBulk; their fault points are before and after the batch, and calls.
package sqsbatchtest
