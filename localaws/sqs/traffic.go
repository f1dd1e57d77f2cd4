package sqs

// traffic counts what has happened since the last sample (SQS P3). It is guarded
// by the queue's lock.
type traffic struct {
	sends        int
	received     int
	deleted      int
	empty        int
	deduplicated int
	bytes        int // of the messages sent
	smallest     int
	largest      int
	last         int64 // when anything happened last, for the rule of six hours (SQS P1)
}

// sent counts a message of n bytes.
func (tr *traffic) sent(n int) {
	if tr.sends == 0 || n < tr.smallest {
		tr.smallest = n
	}
	tr.largest = max(tr.largest, n)
	tr.sends++
	tr.bytes += n
}
