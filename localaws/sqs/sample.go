package sqs

import "time"

// Sample is one data point of the namespace AWS/SQS with the dimension QueueName (SQS
// P1).
type Sample struct {
	// Account and Region are those of the queue.
	Account, Region string
	// Queue is the queue's name.
	Queue string
	// Metric is the metric's name.
	Metric string
	// Unit is Count, Seconds or Bytes.
	Unit string
	// Value is the measured value.
	Value float64
	// Count is how often Value was measured: 1, except for the sizes of messages.
	Count float64
	// Gauge marks a current level; the other samples count events since the last
	// sample.
	Gauge bool
}

// activeFor is how long a queue has metrics after its last call or message (SQS P1).
const activeFor = 6 * time.Hour

// oldestAgeScan limits how many messages the age of the oldest is computed from.
const oldestAgeScan = 1000

// Sample calls emit for the metrics of every active queue: the events since the last
// call of Sample, without zeros, and the current levels (SQS P2, P3). emit is called
// without a lock.
func (s *Service) Sample(emit func(Sample)) {
	for _, q := range s.queues.all() {
		for _, sample := range q.sample() {
			sample.Account = q.Account
			sample.Region = q.Region
			sample.Queue = q.name
			sample.Count = max(sample.Count, 1)
			emit(sample)
		}
	}
}

func (q *queue) sample() []Sample {
	tx := q.begin()
	defer tx.end()

	// An inactive queue has no metrics.
	hasMessages := q.counts[visible]+q.counts[delayed]+q.counts[inFlight] > 0
	if hasMessages || q.counters.any() {
		q.counters.lastActive = tx.now
	} else if q.deleted || tx.now >= q.counters.lastActive+int64(activeFor) {
		return nil
	}

	// Counters start again, levels do not.
	out := q.counters.samples()
	q.counters = metricCounters{lastActive: q.counters.lastActive}

	addLevel := func(metric, unit string, value float64) {
		out = append(out, Sample{
			Metric: metric,
			Unit:   unit,
			Value:  value,
			Gauge:  true,
		})
	}
	addLevel("ApproximateNumberOfMessagesVisible", "Count", float64(q.counts[visible]))
	addLevel("ApproximateNumberOfMessagesNotVisible", "Count", float64(q.counts[inFlight]))
	addLevel("ApproximateNumberOfMessagesDelayed", "Count", float64(q.counts[delayed]))
	if age, ok := q.oldestAge(tx.now); ok {
		addLevel("ApproximateAgeOfOldestMessage", "Seconds", age.Seconds())
	}
	if q.fifo {
		addLevel("ApproximateNumberOfGroupsWithInflightMessages", "Count", float64(q.groupsInFlight()))
	}
	return out
}

// oldestAge returns the age of the oldest message; ok is false if there is none. In a
// standard queue a message that was received three times or more does not count, and
// in a dead-letter queue the age starts at the move (SQS P4).
func (q *queue) oldestAge(now int64) (age time.Duration, ok bool) {
	oldest := int64(0)
	n := 0
	for m := range q.ages.all {
		if n++; n > oldestAgeScan {
			break
		}

		// Such a message went to the back of the queue (SQS I14).
		if !q.fifo && m.receivesHere >= 3 {
			continue
		}
		if oldest == 0 || m.arrived < oldest {
			oldest = m.arrived
		}
		if m.links[ageLinks].linked && m.optional.deadLetterSource == "" {
			break // the list is sorted by age: the rest of it is newer
		}
	}
	return time.Duration(now - oldest), oldest != 0
}

// groupsInFlight returns the number of message groups with a message in flight.
func (q *queue) groupsInFlight() int {
	groups := map[*messageGroup]bool{}
	for _, m := range q.messagesInState(inFlight) {
		groups[m.group] = true
	}
	return len(groups)
}
