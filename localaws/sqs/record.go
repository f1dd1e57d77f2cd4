package sqs

import (
	"encoding/binary"
	"errors"
	"strings"
)

// recordVersion is the first byte of every record of a message. A record with
// another version was written by a newer version of this program.
const recordVersion = 1

var errCorruptRecord = errors.New("record is corrupt or of an unknown version")

// appendMessage appends the record of a message that was added to a queue. Its number
// is in the key.
func appendMessage(b []byte, m *message) []byte {
	b = append(b, recordVersion)
	b = append(b, m.id[:]...)
	b = append(b, m.md5[:]...)
	b = binary.AppendVarint(b, m.sent)
	b = binary.AppendVarint(b, m.retainedFrom)
	b = binary.AppendVarint(b, m.arrived)
	b = appendString(b, m.body)
	b = appendString(b, m.sender)
	b = appendString(b, m.optional.traceHeader)
	b = appendString(b, m.optional.groupID)
	b = appendString(b, m.optional.dedupID)
	b = appendString(b, m.optional.deadLetterSource)

	// Whether an attribute is binary follows from its type.
	b = binary.AppendUvarint(b, uint64(len(m.attributes)))
	for i := range m.attributes {
		a := &m.attributes[i]
		b = appendString(b, a.name)
		b = appendString(b, a.dataType)
		b = appendString(b, a.value)
	}
	return appendState(b, m)
}

// appendState appends the record of the fields that change while a message is in its
// queue.
func appendState(b []byte, m *message) []byte {
	b = append(b, recordVersion, byte(m.state))
	b = binary.AppendVarint(b, m.deadline)
	b = binary.AppendVarint(b, m.firstReceived)
	b = binary.AppendVarint(b, m.received)
	b = binary.AppendUvarint(b, uint64(m.receives))
	return binary.AppendUvarint(b, uint64(m.receivesHere))
}

// appendDedup appends the record of a deduplication id.
func appendDedup(b []byte, result sendResult, expiresAt int64) []byte {
	b = append(b, recordVersion)
	b = append(b, result.id[:]...)
	b = binary.AppendUvarint(b, result.number)
	return binary.AppendVarint(b, expiresAt)
}

func appendString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// decodeMessage decodes a record of appendMessage.
func decodeMessage(b []byte) (*message, error) {
	r := recordReader{rest: b}
	r.version()

	m := &message{optional: noOptionalFields}
	copy(m.id[:], r.bytes(len(m.id)))
	copy(m.md5[:], r.bytes(len(m.md5)))
	m.sent = r.varint()
	m.retainedFrom = r.varint()
	m.arrived = r.varint()
	m.body = r.string()
	m.sender = r.string()

	// Messages without optional fields share one value.
	var optional optionalFields
	optional.traceHeader = r.string()
	optional.groupID = r.string()
	optional.dedupID = r.string()
	optional.deadLetterSource = r.string()
	if optional != *noOptionalFields {
		m.optional = &optional
	}

	n := r.uvarint(maxAttributes)
	for range n {
		var a messageAttribute
		a.name = r.string()
		a.dataType = r.string()
		a.value = r.string()
		a.binary = strings.HasPrefix(a.dataType, "Binary")
		m.attributes = append(m.attributes, a)
	}

	r.state(m)
	return m, r.end()
}

// decodeState decodes a record of appendState into m.
func decodeState(b []byte, m *message) error {
	r := recordReader{rest: b}
	r.state(m)
	return r.end()
}

// decodeDedup decodes a record of appendDedup.
func decodeDedup(b []byte) (result sendResult, expiresAt int64, err error) {
	r := recordReader{rest: b}
	r.version()
	copy(result.id[:], r.bytes(len(result.id)))
	result.number = r.uvarint(1<<64 - 1)
	expiresAt = r.varint()
	return result, expiresAt, r.end()
}

// recordReader reads the fields of a record in order. After an error it returns
// zeros; end reports the error.
type recordReader struct {
	rest   []byte
	failed bool
}

func (r *recordReader) fail() {
	r.rest = nil
	r.failed = true
}

func (r *recordReader) end() error {
	if r.failed || len(r.rest) > 0 {
		return errCorruptRecord
	}
	return nil
}

func (r *recordReader) version() {
	if v := r.bytes(1); v == nil || v[0] != recordVersion {
		r.fail()
	}
}

func (r *recordReader) state(m *message) {
	r.version()

	// Only states that survive a restart are stored.
	s := r.bytes(1)
	if s == nil || state(s[0]) > inFlight {
		r.fail()
		return
	}

	m.state = state(s[0])
	m.deadline = r.varint()
	m.firstReceived = r.varint()
	m.received = r.varint()
	m.receives = uint32(r.uvarint(1<<32 - 1))
	m.receivesHere = uint32(r.uvarint(1<<32 - 1))
}

func (r *recordReader) bytes(n int) []byte {
	if n > len(r.rest) {
		r.fail()
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *recordReader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// uvarint fails on a value above most.
func (r *recordReader) uvarint(most uint64) uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || v > most {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *recordReader) string() string {
	n := r.uvarint(uint64(len(r.rest)))
	return string(r.bytes(int(n)))
}
