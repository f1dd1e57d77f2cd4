package sqs

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// restore reads back what the store holds: queues, their messages and memories,
// move tasks. Deadlines stay what they were; those that passed meanwhile have
// passed.
func (s *Service) restore() error {
	s.tasks.bySource = map[queueKey][]*moveTask{}
	if !s.store.Durable() {
		return nil
	}
	if err := s.store.Scan(tableQueue, "", s.restoreQueue); err != nil {
		return fmt.Errorf("read queues back: %w", err)
	}
	for _, q := range s.queues.all() {
		if err := q.restore(); err != nil {
			return fmt.Errorf("read queue %s back: %w", q.arn, err)
		}
	}
	if err := s.store.Scan(tableDeletedName, "", s.restoreDeletedName); err != nil {
		return fmt.Errorf("read deleted queues back: %w", err)
	}
	if err := s.store.Scan(tableTask, "", s.restoreTask); err != nil {
		return fmt.Errorf("read move tasks back: %w", err)
	}
	for _, q := range s.queues.all() {
		q.begin().end() // sets its alarms
	}
	return nil
}

func parsePath(path string) (queueKey, error) {
	p := strings.Split(path, "/")
	if len(p) != 3 {
		return queueKey{}, fmt.Errorf("key %q: %w", path, errCorruptRecord)
	}
	return queueKey{p[0], p[1], p[2]}, nil
}

func (s *Service) restoreQueue(path string, value []byte) error {
	k, err := parsePath(path)
	if err != nil {
		return err
	}
	var r queueRecord
	if err := json.Unmarshal(value, &r); err != nil {
		return fmt.Errorf("queue %s: %w", path, err)
	}

	// The policy was checked when it was set, by the rules of that time.
	text := r.Attributes["Policy"]
	delete(r.Attributes, "Policy")
	set, err := defaultAttributes().with(r.Attributes, r.FIFO)
	if err != nil {
		return fmt.Errorf("queue %s: %w", path, err)
	}
	set.policy = text

	q := newQueue(s, k, r.Nonce, r.FIFO, r.Created)
	q.attributes.Store(&set)
	q.modified, q.purged = r.Modified, r.Purged
	q.tags.Store(&r.Tags)
	q.lastNumber, q.reservedNumbers = r.Reserved, r.Reserved
	s.queues.queues.Store(k, q)
	return nil
}

// restore reads a queue's messages, in the order of their numbers, and what it
// remembers.
func (q *queue) restore() error {
	var all []*message
	st := q.service.store
	err := st.Scan(tableMessage, q.prefix(), func(k string, value []byte) error {
		m, err := decodeMessage(value)
		if err != nil || len(k) != 16 {
			return fmt.Errorf("message %x: %w", k, errCorruptRecord)
		}
		m.number = binary.BigEndian.Uint64([]byte(k[8:]))
		m.position = m.number
		all = append(all, m)
		return nil
	})
	if err != nil {
		return err
	}
	i := 0 // both tables are in order of number
	err = st.Scan(tableState, q.prefix(), func(k string, value []byte) error {
		if len(k) != 16 {
			return fmt.Errorf("state %x: %w", k, errCorruptRecord)
		}
		seq := binary.BigEndian.Uint64([]byte(k[8:]))
		for i < len(all) && all[i].number < seq {
			i++
		}
		if i == len(all) || all[i].number != seq {
			return nil // deleted: what is left of it has no effect
		}
		return decodeState(value, all[i])
	})
	if err != nil {
		return err
	}
	for _, m := range all {
		q.insertRestored(m)
	}
	return q.restoreDedup()
}

// readmit puts a message back as it was, or visible if its deadline has passed.
func (q *queue) insertRestored(m *message) {
	if m.state != visible && m.deadline <= q.service.now() {
		m.state, m.deadline = visible, 0
	}
	q.counts[m.state]++
	q.ages.add(m.retainedFrom, m)
	q.ready.add(m)
	if m.state != visible {
		q.deadlines.push(m.deadline, m)
	}
	if m.receivesHere > 0 {
		m.inReceived = true
		q.received[m.id] = m
	}
}

func (q *queue) restoreDedup() error {
	type remembered struct {
		memo  string
		ok    sendResult
		until int64
	}
	var all []remembered
	err := q.service.store.Scan(tableDedup, q.prefix(), func(k string, value []byte) error {
		ok, until, err := decodeDedup(value)
		if err != nil {
			return fmt.Errorf("deduplication id %q: %w", k[8:], err)
		}
		all = append(all, remembered{strings.Clone(k[8:]), ok, until})
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b remembered) int { return cmp.Compare(a.until, b.until) })
	for _, r := range all {
		q.dedup.add(r.memo, r.ok, r.until)
	}
	return nil
}

func (s *Service) restoreDeletedName(path string, value []byte) error {
	k, err := parsePath(path)
	if err != nil {
		return err
	}
	at, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil {
		return fmt.Errorf("time of deletion of %s: %w", path, err)
	}
	s.queues.deleted[k] = at
	return nil
}

func (s *Service) restoreTask(path string, value []byte) error {
	k := &moveTask{}
	if err := json.Unmarshal(value, k); err != nil {
		return fmt.Errorf("move task %s: %w", path, err)
	}
	source, ok := parseARN(k.SourceARN)
	if !ok {
		return fmt.Errorf("move task %s: source: %w", path, errCorruptRecord)
	}
	all := append(s.tasks.bySource[source], k)
	slices.SortStableFunc(all, func(a, b *moveTask) int { return cmp.Compare(b.Started, a.Started) })
	s.tasks.bySource[source] = all
	if k.active() {
		s.scheduleTask(k, s.now())
	}
	return nil
}
