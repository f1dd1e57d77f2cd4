package sqs

import "time"

// window is how long a FIFO queue remembers deduplication ids and receive
// attempts (SQS N7, N13).
const dedupWindow = 5 * time.Minute

// memory remembers values for a while. Entries must come in the order in which
// they run out.
type expiringMap[V any] struct {
	entries  map[string]V
	expiries []expiry // from the first that runs out
}

type expiry struct {
	key   string
	until int64
}

// find answers what is remembered under key.
func (m *expiringMap[V]) get(key string) (V, bool) {
	v, ok := m.entries[key]
	return v, ok
}

// keep remembers v under a key that is not in memory.
func (m *expiringMap[V]) add(key string, v V, until int64) {
	if m.entries == nil {
		m.entries = map[string]V{}
	}
	m.entries[key] = v
	m.expiries = append(m.expiries, expiry{key, until})
}

// next is when the first entry runs out; zero with none.
func (m *expiringMap[V]) nextExpiry() int64 {
	if len(m.expiries) == 0 {
		return 0
	}
	return m.expiries[0].until
}

// forget drops what has run out by now, and tells lost of each key.
func (m *expiringMap[V]) expire(now int64, lost func(key string)) {
	n := 0
	for n < len(m.expiries) && m.expiries[n].until <= now {
		delete(m.entries, m.expiries[n].key)
		lost(m.expiries[n].key)
		n++
	}
	m.expiries = m.expiries[n:]
	if len(m.expiries) == 0 {
		*m = expiringMap[V]{}
	}
}

// clear forgets everything.
func (m *expiringMap[V]) clear() { *m = expiringMap[V]{} }
