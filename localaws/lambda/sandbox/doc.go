// Package sandbox provides execution environments. An environment runs one version of a
// function, one invocation at a time, and writes the same log as Lambda (LAM C53 to
// C75).
//
// There are two kinds with one interface, [Environment]. [NewProcess] makes one that
// runs the program bootstrap as a child process with the Runtime API. [NewInProcess]
// makes one that calls a Go function, without sockets or child processes, so that it
// works in a testing/synctest bubble.
//
// # States of a process
//
//	       first invocation                    /next
//	empty ------------------> init (10 s) -------------> ready <--------------.
//	  ^                        |  timeout, crash          | invocation        | /next
//	  |                        v                          v                   |
//	  |   init again, in the invocation                running -response-> responded
//	  |                        |                          |                   |
//	  '------ reset <----------'------ exit, timeout, out of memory ----------'
//
// A reset kills the process and preserves the environment: its directory for temporary
// files, its log stream and its credentials. The next invocation starts a new process in
// it (LAM C67, C68). Between invocations a process is stopped on Linux, so that work it
// left unfinished waits for the next invocation, as on Lambda.
//
// # Time
//
// Functions use machine time: timeouts, deadlines and the durations in REPORT lines are
// measured by the computer's clock. Log lines have service time, so that they agree
// with queues and alarms.
package sandbox
