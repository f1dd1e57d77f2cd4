package sqs

import (
	"encoding/binary"
	"errors"
	"strings"
)

// codecVersion begins every record of a message. A store that holds another was
// written by a version of this program that came later.
const codecVersion = 1

var errRecord = errors.New("the record is torn or of an unknown version")

// appendMessage writes all of a message, for when it comes into a queue. Its
// number stands in the key.
func appendMessage(b []byte, m *message) []byte {
	b = append(b, codecVersion)
	b = append(b, m.id[:]...)
	b = append(b, m.md5[:]...)
	b = binary.AppendVarint(b, m.sent)
	b = binary.AppendVarint(b, m.enqueued)
	b = binary.AppendVarint(b, m.arrived)
	b = appendString(b, m.body)
	b = appendString(b, m.sender)
	for _, s := range []string{m.traits.trace, m.traits.group, m.traits.dedup, m.traits.deadARN} {
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
	b = binary.AppendUvarint(b, uint64(m.total))
	return binary.AppendUvarint(b, uint64(m.here))
}

func appendString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// decodeMessage reads what appendMessage wrote.
func decodeMessage(b []byte) (*message, error) {
	r := record{rest: b}
	r.version()
	m := &message{traits: none}
	copy(m.id[:], r.bytes(len(m.id)))
	copy(m.md5[:], r.bytes(len(m.md5)))
	m.sent, m.enqueued, m.arrived = r.varint(), r.varint(), r.varint()
	m.body, m.sender = r.string(), r.string()
	t := traits{trace: r.string(), group: r.string(), dedup: r.string(), deadARN: r.string()}
	if t != *none {
		m.traits = &t
	}
	n := r.uvarint(maxAttributes)
	for range n {
		a := attribute{name: r.string(), dataType: r.string(), value: r.string()}
		a.binary = strings.HasPrefix(a.dataType, "Binary")
		m.attrs = append(m.attrs, a)
	}
	r.state(m)
	return m, r.end()
}

// decodeState reads what appendState wrote into m.
func decodeState(b []byte, m *message) error {
	r := record{rest: b}
	r.state(m)
	return r.end()
}

// record reads a record from its beginning. After a fault it yields zeros.
type record struct {
	rest []byte
	bad  bool
}

func (r *record) fail() { r.rest, r.bad = nil, true }

func (r *record) end() error {
	if r.bad || len(r.rest) > 0 {
		return errRecord
	}
	return nil
}

func (r *record) version() {
	if v := r.bytes(1); v == nil || v[0] != codecVersion {
		r.fail()
	}
}

func (r *record) state(m *message) {
	r.version()
	s := r.bytes(1)
	if s == nil || state(s[0]) > inFlight {
		r.fail()
		return
	}
	m.state = state(s[0])
	m.deadline, m.firstReceived, m.received = r.varint(), r.varint(), r.varint()
	m.total, m.here = uint32(r.uvarint(1<<32-1)), uint32(r.uvarint(1<<32-1))
}

func (r *record) bytes(n int) []byte {
	if n > len(r.rest) {
		r.fail()
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *record) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *record) uvarint(most uint64) uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || v > most {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *record) string() string {
	return string(r.bytes(int(r.uvarint(uint64(len(r.rest))))))
}
