// Package sandbox holds execution environments: what runs one version of a
// function, one invocation at a time, and writes the log that Lambda would
// (LAM C53 to C75).
//
// There are two kinds under one contract, [Environment]. [NewProcess] makes one
// that runs the program bootstrap as a child process over the Runtime API.
// [NewInProcess] makes one that calls a Go value, without sockets or children, so
// that it works inside a testing/synctest bubble.
//
// # A process's life
//
//	       first invocation                    /next
//	empty ------------------> init (10 s) -------------> ready <--------------.
//	  ^                        |  overrun, crash          | invocation        | /next
//	  |                        v                          v                   |
//	  |   init again, inside the invocation           running -- answer --> answered
//	  |                        |                          |                   |
//	  '------ reset <----------'------ exit, timeout, out of memory ----------'
//
// A reset kills the process and keeps the environment: its folder for temporary
// files, its log stream and its credentials stay, and the next invocation starts
// a new process in it (LAM C67, C68). Between invocations a process is stopped on
// Linux, so that work left behind stands still until the next one, as on Lambda.
//
// # Time
//
// Functions live in machine time: timeouts, deadlines and the durations in REPORT
// lines are measured on the computer's clock. Log lines bear service time, so
// that they agree with what queues and alarms say.
package sandbox
