// Package fault holds the rules by which the embedded AWS injects faults on demand:
// what fails, where, how often and when. A [Set] decides whether a rule applies to a
// call, a receive or an invocation; the code that carries it out asks the set and
// makes it fail.
//
//	faults.Add(fault.Rule{Kind: fault.Unavailable, Service: "sqs", Operation: "SendMessageBatch", Probability: 0.1})
//
// A set has a random source of its own, so that with a seed the same calls fail in
// each run, and ids do not change when a rule is added.
//
// A new kind of fault is a constant and a row of the table in kind.go, its effect (for
// calls and receives in injection.go of package localaws, for invocations in
// injected_fault.go of package lambda), a test, and a line in docs/control-api.md. The
// command and the simulation read the table.
package fault
