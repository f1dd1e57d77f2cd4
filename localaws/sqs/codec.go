package sqs

import (
	"encoding/binary"
	"errors"
	"strings"
)

// codecVersion begins every record of a message. A store that holds another was
// written by a version of this program that came later.
const codecVersion = 1

var errCorruptRecord = errors.New("the record is torn or of an unknown version")

// appendMessage writes all of a message, for when it comes into a queue. Its
// number stands in the key.
func appendMessage(b []byte, m *message) []byte {
	b = append(b, codecVersion)
	b = append(b, m.id[:]...)
	b = append(b, m.md5[:]...)
	b = binary.AppendVarint(b, m.sent)
	b = binary.AppendVarint(b, m.retainedFrom)
	b = binary.AppendVarint(b, m.arrived)
	b = appendString(b, m.body)
	b = appendString(b, m.sender)
	for _, s := range []string{m.optional.traceHeader, m.optional.groupID, m.optional.dedupID, m.optional.deadLetterSource} {
		b = appendString(b, s)
	}
	b = binary.AppendUvarint(b, uint64(len(m.attrs)))
	for i := range m.attrs {
		b = appendString(b, m.attrs[i].name)
		b = appendString(b, m.attrs[i].dataType)
		b = appendString(b, m.attrs[i].value)
	}
	return appendState(b, m)
}

// appendState writes what changes while a message is in its queue.
func appendState(b []byte, m *message) []byte {
	b = append(b, codecVersion, byte(m.state))
	b = binary.AppendVarint(b, m.deadline)
	b = binary.AppendVarint(b, m.firstReceived)
	b = binary.AppendVarint(b, m.received)
	b = binary.AppendUvarint(b, uint64(m.receives))
	return binary.AppendUvarint(b, uint64(m.receivesHere))
}

func appendString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// decodeMessage reads what appendMessage wrote.
func decodeMessage(b []byte) (*message, error) {
	r := recordReader{rest: b}
	r.version()
	m := &message{optional: noOptionalFields}
	copy(m.id[:], r.bytes(len(m.id)))
	copy(m.md5[:], r.bytes(len(m.md5)))
	m.sent, m.retainedFrom, m.arrived = r.varint(), r.varint(), r.varint()
	m.body, m.sender = r.string(), r.string()
	t := optionalFields{
		traceHeader:      r.string(),
		groupID:          r.string(),
		dedupID:          r.string(),
		deadLetterSource: r.string(),
	}
	if t != *noOptionalFields {
		m.optional = &t
	}
	n := r.uvarint(maxAttributes)
	for range n {
		a := messageAttribute{
			name:     r.string(),
			dataType: r.string(),
			value:    r.string(),
		}
		a.binary = strings.HasPrefix(a.dataType, "Binary")
		m.attrs = append(m.attrs, a)
	}
	r.state(m)
	return m, r.end()
}

// decodeState reads what appendState wrote into m.
func decodeState(b []byte, m *message) error {
	r := recordReader{rest: b}
	r.state(m)
	return r.end()
}

// record reads a record from its beginning. After a fault it yields zeros.
type recordReader struct {
	rest   []byte
	failed bool
}

func (r *recordReader) fail() { r.rest, r.failed = nil, true }

func (r *recordReader) end() error {
	if r.failed || len(r.rest) > 0 {
		return errCorruptRecord
	}
	return nil
}

func (r *recordReader) version() {
	if v := r.bytes(1); v == nil || v[0] != codecVersion {
		r.fail()
	}
}

func (r *recordReader) state(m *message) {
	r.version()
	s := r.bytes(1)
	if s == nil || state(s[0]) > inFlight {
		r.fail()
		return
	}
	m.state = state(s[0])
	m.deadline, m.firstReceived, m.received = r.varint(), r.varint(), r.varint()
	m.receives, m.receivesHere = uint32(r.uvarint(1<<32-1)), uint32(r.uvarint(1<<32-1))
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
	return string(r.bytes(int(r.uvarint(uint64(len(r.rest))))))
}
