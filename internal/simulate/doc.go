// Package simulate runs the whole flow from a seed: producer, source queue,
// consumer, retry levels and dead-letter queue. The project's own functions run
// on the embedded AWS, in simulated time, with injected faults. A run is a pure
// function of its scenario: the same scenario gives the same event log, byte for
// byte.
//
// [Draw] returns a scenario drawn from a seed, [Run] runs it and checks the
// invariants, and [Many] makes many runs, each with its own seed.
//
// # What is real and what is simulated
//
// SQS, Lambda, the event source mappings, the clock and the functions are the
// ones that the product consists of. The functions run in this process, one after
// another as events of the clock, and call SQS without a network. The scenario
// decides how much service time each invocation takes.
package simulate
