package sqs

import (
	"encoding/hex"
	"strconv"
	"time"

	"github.com/reliableq/reliableq/localaws/chance"
)

// messageID is a UUID in its 16 bytes.
type messageID [16]byte

// newMessageID draws a version 4 UUID.
func newMessageID(source *chance.Source) (id messageID) {
	source.Bytes(id[:])
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

// String writes the id as AWS does: 36 characters in lower case.
func (id messageID) String() string {
	var out [36]byte
	hex.Encode(out[0:8], id[0:4])
	hex.Encode(out[9:13], id[4:6])
	hex.Encode(out[14:18], id[6:8])
	hex.Encode(out[19:23], id[8:10])
	hex.Encode(out[24:36], id[10:16])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}

// state is where in its life a message is.
type state uint8

const (
	visible state = iota
	delayed
	inFlight
	moving // taken out of the line on its way to the dead-letter queue
	gone   // deleted, expired or moved: no part of its queue any more
	states = int(gone)
)

// String names the state as Peek does.
func (s state) String() string {
	return [...]string{"visible", "delayed", "inFlight", "moving", "gone"}[s]
}

// message is one message in one queue. The first block never changes, so that it
// may be read without the queue's lock.
type message struct {
	id     messageID
	md5    [16]byte // of body
	body   string
	attrs  []messageAttribute // in order of name
	sender string
	sent   int64 // UnixNano of service time, as are all times here

	optional      *optionalFields // what few messages have; replaced, never changed
	number        uint64          // its number in this queue, rising
	position      uint64          // its place in a standard queue's line: seq, or later (SQS I14)
	retainedFrom  int64           // start of retention (SQS K6)
	arrived       int64           // when it came to this queue
	firstReceived int64           // zero before
	received      int64           // when the latest receipt handle was given
	deadline      int64           // end of delay or visibility timeout, in those states
	receives      uint32          // receives in all queues (SQS L4)
	receivesHere  uint32          // receives in this queue (SQS L5)
	state         state
	inReceived    bool // is in the queue's map by id

	links     [2]listLink    // in the order of the line, and of age
	heapIndex [heapCount]int // its index in each heap, plus one; zero when in none
	group     *messageGroup  // in a FIFO queue
}

// traits are what only some messages have.
type optionalFields struct {
	traceHeader      string // AWSTraceHeader
	groupID          string // MessageGroupId
	dedupID          string // MessageDeduplicationId
	deadLetterSource string // DeadLetterQueueSourceArn
}

// none is what most messages have.
var noOptionalFields = &optionalFields{}

// attribute is a message attribute.
type messageAttribute struct {
	name, dataType, value string
	binary                bool
}

// size is what counts towards limits: body and attributes in bytes (SQS F4).
func (m *message) size() int {
	n := len(m.body)
	for i := range m.attrs {
		a := &m.attrs[i]
		n += len(a.name) + len(a.dataType) + len(a.value)
	}
	return n
}

// sequenceNumber is 20 digits that rise with the number in the queue, and not by
// one (SQS N11).
func sequenceNumber(seq uint64) string {
	const digits = 17
	n := strconv.FormatUint(seq<<8, 10)
	var out [3 + digits]byte
	copy(out[:], "18800000000000000000")
	copy(out[len(out)-len(n):], n)
	return string(out[:])
}

// millis writes a time as epoch milliseconds.
func millis(nano int64) string { return strconv.FormatInt(nano/int64(time.Millisecond), 10) }
