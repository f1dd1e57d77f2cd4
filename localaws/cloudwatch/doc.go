// Package cloudwatch is the embedded CloudWatch: metrics, alarms that are
// evaluated on service time, and dashboards. It follows the facts E14 to E34 of
// docs/aws/lambda.md (cited as LAM E14).
//
// # Metrics
//
// A metric stores its data in buckets of one minute, or of one second for
// high-resolution data. A bucket has the count, sum, minimum and maximum of its
// values, and the single values for percentiles. Older buckets are merged as on
// AWS: seconds into minutes after 3 hours, minutes into five minutes after 15
// days, five minutes into hours after 63 days. After 455 days they are deleted.
// A percentile is the lowest value that at least this share of the values does
// not exceed. A bucket with more than 300 different values stores them rounded to
// within one percent.
//
// New data can be read immediately; on AWS this takes minutes. Other services
// push counts with [Service.Record]. A sampler ([Service.AddSampler]) is called
// every minute and before every read.
//
// # Alarms
//
// An alarm is evaluated every minute, or every ten seconds if its period is
// shorter than a minute. Its evaluation range is two periods longer than its
// evaluation periods. While there is no data in the range, the state cannot
// change and the alarm is not evaluated.
//
// A clock that skips waiting time stops at an evaluation (clock.Transition) only if
// the evaluation can change a state. That is the case if
//
//   - a level has changed, as reported by [Service.NotifyActivity], and leads to another
//     state than the alarm is in, or
//   - something was counted within the alarm's evaluation range.
//
// A level that stays, such as messages in a dead-letter queue, still has its
// alarm evaluated, but the clock does not skip ahead for it. The system therefore
// settles, and the alarms are up to date when it does. The age of the oldest
// message grows all the time: its alarms follow in each minute that passes, but
// the clock does not skip for them, because it would skip up to the end of
// the retention period.
//
// Alarm actions are stored and listed, and each change of state records them in
// the alarm's history. They are not delivered, since there is no SNS, and the
// history says so.
//
// # Durability
//
// Alarms with their state and tags, and dashboards, are stored. Metrics and alarm
// histories are in memory only.
package cloudwatch
