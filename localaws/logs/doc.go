// Package logs is the embedded CloudWatch Logs: groups, streams, events, filter
// patterns, metric filters, retention and tags, as part E.1 of the fact sheet
// (LAM E1 to E13) has them.
//
// # State
//
// A stream is a slice of events in order of time; equals keep the order in which
// they came. Readers take a snapshot of that slice under the lock and work on it
// without: writers only append behind it, or replace it.
//
// # Bounds
//
// A group keeps at most Options.MaxGroupBytes of events, as PutLogEvents counts
// them. Beyond that the group's oldest events give way, whichever stream they
// are in, and the logger gets a warning with their number: AWS has no such bound,
// a laptop has. Retention removes events within a minute of their expiry, where
// AWS takes up to three days.
//
// # Time
//
// Every time stamp is service time. A storedBytes of a group says what the group
// holds now, where AWS is hours behind; a stream's is always 0 (LAM E4).
//
// # What is durable
//
// Groups, streams, events, metric filters and tags. PutLogEvents answers once its
// events are on disk; [Service.Write], which functions' output goes through, puts
// them in line and does not wait.
package logs
