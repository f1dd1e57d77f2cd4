// Package demo produces orders into a deployed flow, follows them until all is at
// rest, and collects the facts for a verdict: the producer's and consumer's own
// log lines and the messages in the dead-letter queue.
package demo
