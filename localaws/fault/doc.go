// Package fault holds the rules by which the embedded AWS goes wrong on demand:
// what is to fail, where, how often and when. It decides; whoever carries out a
// call, a receive or an invocation asks it and does the failing.
//
//	faults.Add(fault.Rule{Kind: fault.Unavailable, Service: "sqs", Operation: "SendMessageBatch", Probability: 0.1})
//
// Draws come from a source of chance of the set's own, so that with a seed the
// same calls fail in each run, and ids do not change when a rule is added.
package fault
