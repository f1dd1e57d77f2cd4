// Package demo sends orders through a deployed flow, follows them until no message
// is in the queues, and collects the facts for a verdict: the log lines of the
// functions, and the messages in the dead-letter queue.
package demo
