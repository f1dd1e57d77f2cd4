// Package clock is service time: the time by which delays and visibility
// timeouts end, long polls give up, batch windows close, retries fall due and
// messages are stamped. Machine time (function timeouts, signatures, credential
// expiry) is not its business.
//
// A [Clock] is an event heap. A service asks for the time with [Clock.Now],
// books what is to happen later with [Clock.Schedule], and says with
// [Clock.Begin] and [Clock.End] that work is under way. Nothing else keeps
// time: no service sleeps, polls or starts a timer of its own.
//
// # Modes
//
// [Real] runs with the machine's clock. [Skip] does too, and jumps to the next
// event whenever no work is under way. [Manual] stands still until [Clock.Advance]
// moves it. [Simulated] stands still while there is work and jumps when there is
// none, so that a run is a pure function of its inputs.
//
// # What a jump may reach
//
// Events are of two kinds. [Moves] is what moves messages or mappings: a clock
// that skips goes there. [Upkeep] is the rest: retention, expiry of memories,
// sampling. A jump never aims at upkeep, but on its way to an event that moves
// something it runs each piece of upkeep at its own instant, so that the order is
// the one that real time would have given.
//
// # Locks
//
// Callbacks run one at a time, without any lock of the clock, and may schedule,
// stop and begin as they like. A service may call any method but Advance, Settle
// and Close while it holds a lock of its own.
package clock
