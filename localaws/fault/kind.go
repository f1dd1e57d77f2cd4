package fault

import "slices"

// Kind is a way to go wrong.
type Kind string

const (
	// Throttle refuses a call as the service does under too much load. On
	// operation Invoke of lambda it is a throttled function, for mappings too.
	Throttle Kind = "throttle"
	// Unavailable answers a call with status 503.
	Unavailable Kind = "unavailable"
	// LoseReply lets a call take effect and cuts the connection in place of the
	// answer.
	LoseReply Kind = "lose-reply"
	// Slow answers a call that came over HTTP after Delay, in machine time.
	Slow Kind = "slow"
	// ExpiredCredential refuses a call as if its key had ended.
	ExpiredCredential Kind = "expired-credential"
	// Kill ends the whole embedded AWS at a call, as kill -9 does, before the call
	// takes effect or when it has and is not answered, as When says. The server
	// comes back with what its data directory holds, and with its rules. Without a
	// Count such a rule strikes once.
	Kill Kind = "kill"
	// ShortReceive has a receive return fewer messages than there are, perhaps
	// none, as receives of standard queues may.
	ShortReceive Kind = "short-receive"
	// Reorder has a receive return its messages in another order. It leaves FIFO
	// queues alone.
	Reorder Kind = "reorder"
	// DeliverTwice has a mapping invoke the function twice with the same batch.
	DeliverTwice Kind = "deliver-twice"
	// CrashBefore ends a function before it begins its work.
	CrashBefore Kind = "crash-before"
	// CrashDuring ends a function in the middle of its work: one in process at
	// its call of the embedded AWS, a program after Delay.
	CrashDuring Kind = "crash-during"
	// CrashAfter ends a function when its work is done and before it answers.
	CrashAfter Kind = "crash-after"
	// TimeOut has a function do its work and answer too late.
	TimeOut Kind = "timeout"
	// OutOfMemory is CrashAfter with the words of a function that used too much
	// memory.
	OutOfMemory Kind = "out-of-memory"
	// LeakMemory has an invocation leave MB of memory behind, which its environment
	// keeps for as long as it is warm. The invocation with which that is more than
	// the function may use ends as OutOfMemory does, and its environment with it.
	LeakMemory Kind = "leak-memory"
)

// calls are the kinds that befall any call.
var calls = []Kind{Throttle, Unavailable, LoseReply, Slow, ExpiredCredential, Kill}

// receives are those that befall ReceiveMessage.
var receives = []Kind{ShortReceive, Reorder}

// invocations are those that befall a function.
var invocations = []Kind{DeliverTwice, CrashBefore, CrashDuring, CrashAfter, TimeOut, OutOfMemory, LeakMemory}

// Kinds lists every kind.
func Kinds() []Kind { return slices.Concat(calls, receives, invocations) }

// home is the service and operation that a kind belongs to; empty for any.
func (k Kind) home() (service, operation string) {
	switch {
	case slices.Contains(receives, k):
		return "sqs", "ReceiveMessage"
	case slices.Contains(invocations, k):
		return "lambda", "Invoke"
	}
	return "", ""
}
