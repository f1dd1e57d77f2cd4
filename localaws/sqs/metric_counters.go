package sqs

// traffic counts what has happened since the last sample (SQS P3). It is guarded
// by the queue's lock.
type metricCounters struct {
	sent          int
	received      int
	deleted       int
	emptyReceives int
	deduplicated  int
	bytes         int // of the messages sent
	smallest      int
	largest       int
	lastActive    int64 // when anything happened last, for the rule of six hours (SQS P1)
}

// sent counts a message of n bytes.
func (tr *metricCounters) countSend(n int) {
	if tr.sent == 0 || n < tr.smallest {
		tr.smallest = n
	}
	tr.largest = max(tr.largest, n)
	tr.sent++
	tr.bytes += n
}
