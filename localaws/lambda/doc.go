// Package lambda is the embedded AWS Lambda: functions with versions, aliases,
// permissions and concurrency, their synchronous and asynchronous invocation, and the
// execution environments that run them (LAM parts A and C).
//
// A [Service] holds functions by account and region. The code and configuration of a
// function are a version: $LATEST, which updates replace as a whole, and the numbered
// copies that PublishVersion makes. Each version has its own pool of idle environments,
// so that an update never runs in an old process, and an invocation in progress ends on
// the code that it began with (LAM C68).
//
// # Running functions
//
// The program bootstrap of a function's zip file runs as a child process on this machine
// (package sandbox). [Service.RegisterHandler] replaces it by a Go function for every
// function of a name. Runtimes other than provided.al2023 and provided.al2 are refused by
// name, since they would need an interpreter.
//
// # Limits of one machine
//
// Reserved and account concurrency throttle as on AWS, but at most
// [Options].MaxEnvironments child processes live at once. Beyond that, an invocation that
// concurrency admits waits for an idle process; its timeout starts afterwards.
//
// Functions share the machine, isolated as far as the system allows (see
// [Service.Isolation]): without isolation a program can read this user's files, and /tmp
// is the machine's. The size of EphemeralStorage is stored and not enforced. MemorySize
// is: a process that uses more memory is killed.
//
// # What is refused
//
// Parameters that would change what a function does and are not embedded are refused by
// name, here or by the gateway: VpcConfig, Layers, images, code from S3, file systems,
// SnapStart, active tracing, KMS keys, code signing. So are dead-letter queues and
// destinations other than SQS queues; destinations may also be functions.
//
// # Time
//
// Retries of asynchronous invocations, the age of events and the times in logs are
// service time. Timeouts, deadlines, idle environments and the durations in REPORT lines
// are machine time, in which processes run. With [Options].SimulatedDuration, timeouts of
// registered handlers are service time as well.
package lambda
