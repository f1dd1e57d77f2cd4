// Package simulate plays the whole flow from a seed: producer, source queue,
// consumer, retry levels and dead-letter queue, with the project's own functions
// on the embedded AWS, in simulated time and under faults. One run is a pure
// function of its scenario: the same scenario gives the same event log, byte for
// byte.
//
// [Draw] makes a scenario of a seed, [Run] plays it and checks the invariants,
// and [Many] does so in bulk, each run with a seed of its own.
//
// # What is real, and what is not
//
// SQS, Lambda, its mappings, the clock and the functions are those that the
// product consists of. The functions run in this process, one at a time as events
// of the clock, and reach SQS without a wire. An invocation takes as much service
// time as the scenario draws for it.
package simulate
