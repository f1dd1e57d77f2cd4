// Package lambda is the embedded AWS Lambda: functions with versions, aliases,
// permissions and concurrency, their invocation, synchronous or not, and the
// execution environments that run them (LAM parts A and C).
//
// A [Service] holds functions per account and region. What a caller decides about
// one is a version: $LATEST, which updates replace as a whole, and the numbered
// copies of it that PublishVersion makes. Each version has a pool of warm
// environments of its own, so that an update never meets an old process and a
// running invocation ends on the code that it began with (LAM C68).
//
// # Running functions
//
// The program bootstrap of a function's zip runs as a child process on this
// machine (package sandbox). [Service.RegisterHandler] replaces it by a Go value
// for every function of a name. Runtimes other than provided.al2023 and
// provided.al2 are refused by name: there is no interpreter here to pin.
//
// # Where a laptop is smaller
//
// Reserved and account concurrency throttle exactly as on AWS, but at most
// [Options].MaxEnvironments child processes live at once. Beyond that, an
// invocation that concurrency lets in waits for a process to become free; its
// timeout has not begun by then.
//
// Functions share the machine: a process may read its files, its /tmp is the
// machine's (TMPDIR names a folder that goes with the environment), and the size
// of EphemeralStorage is kept and not enforced. MemorySize is: a process that has
// held more is killed.
//
// # What is refused
//
// Parameters that would change what a function does and are not embedded are
// refused by name, here or at the edge: VpcConfig, Layers, images, code from S3,
// file systems, SnapStart, active tracing, KMS keys, code signing. So are dead
// letters and destinations other than SQS queues and, for the latter, functions.
//
// # Time
//
// Retries of asynchronous invocations, the age of events and the times in logs
// are service time. Timeouts, deadlines, idle environments and the durations in
// REPORT lines are machine time: real processes live in it.
package lambda
