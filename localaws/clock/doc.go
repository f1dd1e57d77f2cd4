// Package clock provides service time: the time of delays, visibility timeouts, long
// polls, batch windows, retries and timestamps. Machine time (function timeouts,
// signatures, expiry of credentials) does not use it.
//
// A [Clock] is a heap of events. A service reads the time with [Clock.Now], schedules
// callbacks with [Clock.Schedule], and marks work in progress with [Clock.Begin] and
// [Clock.End]. Services have no other source of time: they do not sleep, poll or start
// timers.
//
// # Modes
//
// A [Real] clock follows the machine's clock. A [Skip] clock does too, and jumps to the
// next event whenever no work is in progress. A [Manual] clock stands still except during
// [Clock.Advance]. A [Simulated] clock stands still while work is in progress and jumps
// when none is, so that a run is a pure function of its inputs.
//
// # Targets of a jump
//
// There are two kinds of events. [Transition] events change the state of messages,
// mappings, tasks or alarms, and are the targets of jumps. [Upkeep] events do the rest:
// retention, expiry of deduplication ids, sampling. A clock does not jump for upkeep
// alone. On the way to a transition it runs each upkeep event at that event's own time,
// so that the sequence is the same as in real time.
//
// # Locks
//
// Callbacks run one at a time, without any lock of the clock, and may call Schedule, Stop
// and Begin. A service may call any method except Advance, Settle and Close while it
// holds a lock of its own.
package clock
