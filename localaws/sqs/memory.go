package sqs

import "time"

// window is how long a FIFO queue remembers deduplication ids and receive
// attempts (SQS N7, N13).
const window = 5 * time.Minute

// memory remembers values for a while. Entries must come in the order in which
// they run out.
type memory[V any] struct {
	entries map[string]V
	order   []remembered // from the first that runs out
}

type remembered struct {
	key   string
	until int64
}

// find answers what is remembered under key.
func (m *memory[V]) find(key string) (V, bool) {
	v, ok := m.entries[key]
	return v, ok
}

// keep remembers v under a key that is not in memory.
func (m *memory[V]) keep(key string, v V, until int64) {
	if m.entries == nil {
		m.entries = map[string]V{}
	}
	m.entries[key] = v
	m.order = append(m.order, remembered{key, until})
}

// next is when the first entry runs out; zero with none.
func (m *memory[V]) next() int64 {
	if len(m.order) == 0 {
		return 0
	}
	return m.order[0].until
}

// forget drops what has run out by now, and tells lost of each key.
func (m *memory[V]) forget(now int64, lost func(key string)) {
	n := 0
	for n < len(m.order) && m.order[n].until <= now {
		delete(m.entries, m.order[n].key)
		lost(m.order[n].key)
		n++
	}
	m.order = m.order[n:]
	if len(m.order) == 0 {
		*m = memory[V]{}
	}
}

// clear forgets everything.
func (m *memory[V]) clear() { *m = memory[V]{} }
