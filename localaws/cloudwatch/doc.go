// Package cloudwatch is the embedded CloudWatch: metrics, alarms that change
// state on the service clock, and dashboards, as parts E.2 and E.3 of the fact
// sheet (LAM E14 to E34) have them.
//
// # Metrics
//
// A metric holds buckets of a minute, or of a second for data of high
// resolution, each with count, sum, least, greatest and the single values, so
// that percentiles can be told. Older buckets are merged as on AWS: seconds after
// 3 hours, minutes after 15 days, five minutes after 63 days; after 455 days they
// go. A percentile is the least value that at least that share of values does
// not exceed; a bucket of more than 300 different values keeps them to within
// one percent.
//
// New metrics can be read at once, where AWS takes minutes. Services push counts
// with [Service.Record], or are asked by a sampler ([Service.AddSampler]) at every
// full minute and before every read.
//
// # Alarms
//
// An alarm is evaluated at every full minute (every ten seconds when its period
// is shorter than a minute), over its evaluation range of two periods more than
// its evaluation periods, as long as there is anything in that range; after that
// its state cannot change any more by itself.
//
// Evaluations belong to what a skipping clock aims at (clock.Moves) only as long
// as they will change an alarm's state: a level has changed, as [Service.Active]
// says, and leads to another state than the alarm is in; or something was counted
// within its evaluation range. A level that stays, such as messages lying in a
// dead-letter queue, keeps its alarm evaluated, but does not drive the clock; so a
// settled system comes to rest, and its alarms are right when it does. An age
// grows by itself: its alarms follow it in every minute that passes, and no clock
// skips for them, because it would end at the end of retention.
//
// Alarm actions are kept and listed, and every state change writes them into the
// alarm's history. They are not delivered: there is no SNS here, and the history
// says so.
//
// # What is durable
//
// Alarms with their state and tags, and dashboards. Metrics and alarm histories
// are kept in memory only.
package cloudwatch
