package sqs

import "time"

// dedupWindow is how long a FIFO queue stores deduplication ids and receive
// attempts (SQS N7, N13).
const dedupWindow = 5 * time.Minute

// expiringMap is a map whose entries expire. Entries must be added in the order of
// their expiry.
type expiringMap[V any] struct {
	entries  map[string]V
	expiries []expiry // the earliest first
}

type expiry struct {
	key string
	at  int64
}

func (m *expiringMap[V]) get(key string) (V, bool) {
	v, ok := m.entries[key]
	return v, ok
}

// add adds a key that is not in the map.
func (m *expiringMap[V]) add(key string, v V, expiresAt int64) {
	if m.entries == nil {
		m.entries = map[string]V{}
	}
	m.entries[key] = v
	m.expiries = append(m.expiries, expiry{key, expiresAt})
}

// nextExpiry returns when the first entry expires; 0 if the map is empty.
func (m *expiringMap[V]) nextExpiry() int64 {
	if len(m.expiries) == 0 {
		return 0
	}
	return m.expiries[0].at
}

// expire removes the entries that expired by now and calls removed for each key.
func (m *expiringMap[V]) expire(now int64, removed func(key string)) {
	n := 0
	for n < len(m.expiries) && m.expiries[n].at <= now {
		delete(m.entries, m.expiries[n].key)
		removed(m.expiries[n].key)
		n++
	}

	m.expiries = m.expiries[n:]
	if len(m.expiries) == 0 {
		m.clear() // frees the memory of both
	}
}

func (m *expiringMap[V]) clear() { *m = expiringMap[V]{} }
