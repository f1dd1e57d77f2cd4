package sqs

import (
	"encoding/hex"
	"strconv"
	"time"

	"github.com/reliableq/reliableq/localaws/chance"
)

// messageID is a UUID in its 16 bytes.
type messageID [16]byte

// newMessageID returns a random version 4 UUID.
func newMessageID(source *chance.Source) (id messageID) {
	source.Bytes(id[:])
	id[6] = id[6]&0x0f | 0x40 // version 4
	id[8] = id[8]&0x3f | 0x80 // RFC 9562 variant
	return id
}

// String returns the id as AWS writes it: 36 characters in lower case.
func (id messageID) String() string {
	var out [36]byte
	hex.Encode(out[0:8], id[0:4])
	hex.Encode(out[9:13], id[4:6])
	hex.Encode(out[14:18], id[6:8])
	hex.Encode(out[19:23], id[8:10])
	hex.Encode(out[24:36], id[10:16])
	for _, i := range [...]int{8, 13, 18, 23} {
		out[i] = '-'
	}
	return string(out[:])
}

// state is the state of a message.
type state uint8

const (
	visible state = iota
	delayed
	inFlight
	moving // being moved to the dead-letter queue: can no longer be received
	gone   // deleted, expired or moved: no longer in its queue
	states = int(gone)
)

// String returns the name that Peek reports.
func (s state) String() string {
	return [...]string{"visible", "delayed", "inFlight", "moving", "gone"}[s]
}

// message is one message in one queue. The first block never changes, so it may be
// read without the queue's lock.
type message struct {
	id         messageID
	md5        [16]byte // of body
	body       string
	attributes []messageAttribute // sorted by name
	sender     string
	sent       int64 // UnixNano of service time, as are all times here

	optional      *optionalFields // replaced, never changed
	number        uint64          // in this queue, increasing
	position      uint64          // in a standard queue's ready list: number or greater (SQS I14)
	retainedFrom  int64           // start of the retention period (SQS K6)
	arrived       int64           // when it was added to this queue
	firstReceived int64           // 0 before the first receive
	received      int64           // when the latest receipt handle was issued
	deadline      int64           // end of the delay or visibility timeout; 0 otherwise
	receives      uint32          // in all queues (SQS L4)
	receivesHere  uint32          // in this queue (SQS L5)
	state         state
	inReceived    bool // is in queue.received

	links     [2]listLink    // by list: readyLinks, ageLinks
	heapIndex [heapCount]int // index plus one in each heap; 0 if not in it
	group     *messageGroup  // FIFO queues only
}

// optionalFields are what few messages have, outside of message to save memory.
type optionalFields struct {
	traceHeader      string // AWSTraceHeader
	groupID          string // MessageGroupId
	dedupID          string // MessageDeduplicationId
	deadLetterSource string // DeadLetterQueueSourceArn
}

// noOptionalFields is shared by the messages without optional fields.
var noOptionalFields = &optionalFields{}

// messageAttribute is a message attribute.
type messageAttribute struct {
	name, dataType, value string
	binary                bool
}

// size returns the bytes that count towards limits: body and attributes (SQS F4).
func (m *message) size() int {
	n := len(m.body)
	for i := range m.attributes {
		a := &m.attributes[i]
		n += len(a.name) + len(a.dataType) + len(a.value)
	}
	return n
}

// sequenceNumber returns 20 digits that increase with a message's number, but not
// by one (SQS N11).
func sequenceNumber(number uint64) string {
	const digits = 17
	n := strconv.FormatUint(number<<8, 10)
	var out [3 + digits]byte
	copy(out[:], "18800000000000000000")
	copy(out[len(out)-len(n):], n)
	return string(out[:])
}

// millis formats a time as epoch milliseconds.
func millis(nano int64) string { return strconv.FormatInt(nano/int64(time.Millisecond), 10) }

// unixTime converts a time in nanoseconds since 1970.
func unixTime(nano int64) time.Time { return time.Unix(0, nano).UTC() }
