// Package logs is the embedded CloudWatch Logs: groups, streams, events, filter
// patterns, metric filters, retention and tags. It follows the facts E1 to E13 of
// docs/aws/lambda.md (cited as LAM E1).
//
// # State
//
// The events of a stream are sorted by time; events with the same time are in the
// order of their arrival. They are encoded in blocks, which do not change once they
// are in a stream. A reader copies the list of blocks under the lock and decodes
// them without it.
//
// # Limits
//
// The events of all groups take at most Options.MaxBytes of memory. At the limit
// the largest groups lose their oldest events, whichever stream these are in. The
// number of dropped events is logged and reported as a measurement. AWS has no such
// limit. Retention removes events within a minute of their expiry; AWS takes up to
// three days.
//
// # Time
//
// All timestamps are service time. The storedBytes of a group are up to date, where
// AWS is hours behind; those of a stream are always 0 (LAM E4).
//
// # Durability
//
// Groups, streams, events, metric filters and tags are stored. PutLogEvents returns
// once its events are on disk. [Service.Write], which receives the output of
// functions, queues its events for the disk and does not wait.
package logs
