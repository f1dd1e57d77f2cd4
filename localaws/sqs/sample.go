package sqs

import "time"

// Sample is one datum of namespace AWS/SQS, of the dimension QueueName (SQS P1).
type Sample struct {
	// Account and Region are the queue's.
	Account, Region string
	// Queue is the queue's name.
	Queue string
	// Metric is the metric's name.
	Metric string
	// Unit is Count, Seconds or Bytes.
	Unit string
	// Value is what was measured.
	Value float64
	// Count is how often Value came: 1, but for the sizes of messages.
	Count float64
	// Gauge marks a level as of now, as against a count since the last sample.
	Gauge bool
}

// activeFor is how long after its last call or message a queue has metrics (SQS
// P1).
const activeFor = 6 * time.Hour

// Sample tells the metrics of every queue that is active: counts since it was
// last called, where there are any, and levels as of now (SQS P2, P3). emit is
// called without any lock.
func (s *Service) Sample(emit func(Sample)) {
	for _, q := range s.queues.all() {
		for _, one := range q.sample() {
			one.Account, one.Region, one.Queue, one.Count = q.account, q.region, q.name, max(one.Count, 1)
			emit(one)
		}
	}
}

func (q *queue) sample() []Sample {
	tx := q.begin()
	defer tx.end()
	held := q.counts[visible]+q.counts[delayed]+q.counts[inFlight] > 0
	if held || q.counters.any() {
		q.counters.lastActive = tx.now
	} else if q.deleted || tx.now >= q.counters.lastActive+int64(activeFor) {
		return nil
	}
	out := q.counters.samples()
	q.counters = metricCounters{lastActive: q.counters.lastActive}
	level := func(metric, unit string, n float64) {
		out = append(out, Sample{
			Metric: metric,
			Unit:   unit,
			Value:  n,
			Gauge:  true,
		})
	}
	level("ApproximateNumberOfMessagesVisible", "Count", float64(q.counts[visible]))
	level("ApproximateNumberOfMessagesNotVisible", "Count", float64(q.counts[inFlight]))
	level("ApproximateNumberOfMessagesDelayed", "Count", float64(q.counts[delayed]))
	if age, some := q.oldestAge(tx.now); some {
		level("ApproximateAgeOfOldestMessage", "Seconds", age.Seconds())
	}
	if q.fifo {
		level("ApproximateNumberOfGroupsWithInflightMessages", "Count", float64(q.busyGroups()))
	}
	return out
}

// oldestAge is the age of the oldest message, and false without any. In a standard
// queue those received three times or more do not count, and in a dead-letter
// queue the age runs from the move (SQS P4). It looks at so many of the oldest and
// no more.
func (q *queue) oldestAge(now int64) (time.Duration, bool) {
	const look = 1000
	oldest, n := int64(0), 0
	for m := range q.ages.all {
		if n++; n > look {
			break
		}
		if !q.fifo && m.receivesHere >= 3 {
			continue
		}
		if oldest == 0 || m.arrived < oldest {
			oldest = m.arrived
		}
		if m.links[ageLinks].linked && m.optional.deadLetterSource == "" {
			break // the list is in order of age: nothing older follows in it
		}
	}
	return time.Duration(now - oldest), oldest != 0
}

// busyGroups is the number of groups with a message in flight.
func (q *queue) busyGroups() int {
	busy := map[*messageGroup]bool{}
	for _, m := range q.messagesInState(inFlight) {
		busy[m.group] = true
	}
	return len(busy)
}

// busy reports whether anything was counted.
func (tr *metricCounters) any() bool {
	return tr.sent+tr.received+tr.deleted+tr.emptyReceives+tr.deduplicated > 0
}

// samples are the counts that are not zero.
func (tr *metricCounters) samples() []Sample {
	var out []Sample
	count := func(metric string, n int) {
		if n > 0 {
			out = append(out, Sample{
				Metric: metric,
				Unit:   "Count",
				Value:  float64(n),
			})
		}
	}
	count("NumberOfMessagesSent", tr.sent)
	count("NumberOfMessagesReceived", tr.received)
	count("NumberOfMessagesDeleted", tr.deleted)
	count("NumberOfEmptyReceives", tr.emptyReceives)
	count("NumberOfDeduplicatedSentMessages", tr.deduplicated)
	return append(out, tr.sizeSamples()...)
}

// sizes tells the sizes of the messages sent so that sum, count, least and most
// are exact: the least, the most, and the mean of the others.
func (tr *metricCounters) sizeSamples() []Sample {
	if tr.sent == 0 {
		return nil
	}
	size := func(v, n float64) Sample {
		return Sample{
			Metric: "SentMessageSize",
			Unit:   "Bytes",
			Value:  v,
			Count:  n,
		}
	}
	out := []Sample{size(float64(tr.smallest), 1)}
	if tr.sent > 1 {
		out = append(out, size(float64(tr.largest), 1))
	}
	if others := tr.sent - 2; others > 0 {
		out = append(out, size(float64(tr.bytes-tr.smallest-tr.largest)/float64(others), float64(others)))
	}
	return out
}
