package sqs

// metricCounters count the events of a queue since the last sample (SQS P3). The
// queue's lock guards them.
type metricCounters struct {
	sent          int
	received      int
	deleted       int
	emptyReceives int
	deduplicated  int

	// Of the messages sent, in bytes.
	bytes    int
	smallest int
	largest  int

	lastActive int64 // time of the last activity, for the rule of six hours (SQS P1)
}

// countSend counts a sent message of n bytes.
func (c *metricCounters) countSend(n int) {
	if c.sent == 0 || n < c.smallest {
		c.smallest = n
	}
	c.largest = max(c.largest, n)
	c.sent++
	c.bytes += n
}

// any reports whether anything was counted.
func (c *metricCounters) any() bool {
	return c.sent+c.received+c.deleted+c.emptyReceives+c.deduplicated > 0
}

// samples returns the counters that are not zero.
func (c *metricCounters) samples() []Sample {
	var out []Sample
	add := func(metric string, n int) {
		if n > 0 {
			out = append(out, Sample{Metric: metric, Unit: "Count", Value: float64(n)})
		}
	}
	add("NumberOfMessagesSent", c.sent)
	add("NumberOfMessagesReceived", c.received)
	add("NumberOfMessagesDeleted", c.deleted)
	add("NumberOfEmptyReceives", c.emptyReceives)
	add("NumberOfDeduplicatedSentMessages", c.deduplicated)
	return append(out, c.sizeSamples()...)
}

// sizeSamples returns the sizes of the sent messages as at most three values: the
// smallest, the largest and the mean of the others. Sum, count, minimum and maximum
// are exact.
func (c *metricCounters) sizeSamples() []Sample {
	if c.sent == 0 {
		return nil
	}

	// Smallest and largest are samples of their own, so that CloudWatch sees them.
	size := func(value, count float64) Sample {
		return Sample{
			Metric: "SentMessageSize",
			Unit:   "Bytes",
			Value:  value,
			Count:  count,
		}
	}
	out := []Sample{size(float64(c.smallest), 1)}
	if c.sent > 1 {
		out = append(out, size(float64(c.largest), 1))
	}
	if others := c.sent - 2; others > 0 {
		mean := float64(c.bytes-c.smallest-c.largest) / float64(others)
		out = append(out, size(mean, float64(others)))
	}
	return out
}
