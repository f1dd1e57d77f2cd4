package fault

import (
	"slices"
	"strings"
)

// Kind is a kind of fault.
type Kind string

const (
	// Throttle refuses a call as the service does under too much load. On
	// operation Invoke of lambda it is a throttled function, for mappings too.
	Throttle Kind = "throttle"
	// Unavailable fails a call with status 503.
	Unavailable Kind = "unavailable"
	// LoseReply lets a call take effect and closes the connection before the
	// response.
	LoseReply Kind = "lose-reply"
	// Slow delays the response to a call that came over HTTP by Delay, in machine
	// time.
	Slow Kind = "slow"
	// ExpiredCredential refuses a call as if its access key had expired.
	ExpiredCredential Kind = "expired-credential"
	// Kill ends the whole embedded AWS at a call, as kill -9 does: before the call
	// takes effect, or after it did and before the response, as When says. The
	// server starts again with what its data directory holds, and with its rules.
	// Without a Count such a rule applies once.
	Kill Kind = "kill"
	// ShortReceive has a receive return fewer messages than there are, perhaps
	// none, as receives of standard queues may.
	ShortReceive Kind = "short-receive"
	// Reorder has a receive return its messages in another sequence. It does not
	// apply to FIFO queues.
	Reorder Kind = "reorder"
	// DeliverTwice has a mapping invoke the function twice with the same batch.
	DeliverTwice Kind = "deliver-twice"
	// CrashBefore ends a function before it begins its work.
	CrashBefore Kind = "crash-before"
	// CrashDuring ends a function in the middle of its work: a Go handler at one of
	// its calls to the embedded AWS, a program after Delay.
	CrashDuring Kind = "crash-during"
	// CrashAfter ends a function when its work is done and before it responds.
	CrashAfter Kind = "crash-after"
	// TimeOut has a function do its work and respond too late.
	TimeOut Kind = "timeout"
	// OutOfMemory is CrashAfter with the error of a function that used too much
	// memory.
	OutOfMemory Kind = "out-of-memory"
	// LeakMemory has an invocation leave MB of memory allocated, for as long as its
	// environment is warm. The invocation that exceeds the function's memory size
	// ends as with OutOfMemory, and its environment with it.
	LeakMemory Kind = "leak-memory"
)

// stage is the step in processing at which a kind of fault is injected.
type stage uint8

const (
	atCall       stage = iota // any call of an operation
	atReceive                 // ReceiveMessage, for its result
	atDelivery                // a mapping invokes a function
	atInvocation              // a function runs
)

// row describes a kind: where it applies, and which fields of a rule it uses.
type row struct {
	kind  Kind
	at    stage
	delay use
	mb    use
	when  use
	once  bool // Count is 1 by default: the fault ends the server
}

// use says whether a kind uses a field of a rule.
type use uint8

const (
	unused use = iota
	optional
	required
)

// kinds is the table of all kinds, in the sequence in which users see them.
var kinds = []row{
	{kind: Throttle, at: atCall},
	{kind: Unavailable, at: atCall},
	{kind: LoseReply, at: atCall},
	{kind: Slow, at: atCall, delay: required},
	{kind: ExpiredCredential, at: atCall},
	{kind: Kill, at: atCall, when: optional, once: true},
	{kind: ShortReceive, at: atReceive},
	{kind: Reorder, at: atReceive},
	{kind: DeliverTwice, at: atDelivery},
	{kind: CrashBefore, at: atInvocation},
	{kind: CrashDuring, at: atInvocation, delay: optional},
	{kind: CrashAfter, at: atInvocation},
	{kind: TimeOut, at: atInvocation},
	{kind: OutOfMemory, at: atInvocation},
	{kind: LeakMemory, at: atInvocation, mb: required},
}

// Kinds returns every kind.
func Kinds() []Kind {
	return kindsOfStages(atCall, atReceive, atDelivery, atInvocation)
}

// AppliesToAnyCall reports whether a kind applies to calls of any operation. The others
// apply to one operation only.
func (k Kind) AppliesToAnyCall() bool { return slices.Contains(callKinds, k) }

var (
	callKinds       = kindsOfStages(atCall)
	invocationKinds = kindsOfStages(atInvocation)
)

// kindsOfStages returns the kinds that are injected at one of the stages.
func kindsOfStages(stages ...stage) []Kind {
	var names []Kind
	for _, r := range kinds {
		if slices.Contains(stages, r.at) {
			names = append(names, r.kind)
		}
	}
	return names
}

// rowOf returns the row of a kind, or false where there is none.
func rowOf(k Kind) (row, bool) {
	i := slices.IndexFunc(kinds, func(r row) bool { return r.kind == k })
	if i < 0 {
		return row{}, false
	}
	return kinds[i], true
}

// operation returns the service and the operation to which a kind is restricted;
// both are empty for kinds that apply to any call.
func (r row) operation() (service, operation string) {
	switch r.at {
	case atReceive:
		return "sqs", "ReceiveMessage"
	case atDelivery, atInvocation:
		return "lambda", "Invoke"
	}
	return "", ""
}

// list joins names for a message.
func list[S ~string](names []S) string {
	texts := make([]string, len(names))
	for i, n := range names {
		texts[i] = string(n)
	}
	return strings.Join(texts, ", ")
}
