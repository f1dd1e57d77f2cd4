package sqs

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// restore reads the queues, messages, deduplication ids and move tasks from the
// store. Deadlines stay as they were; those that passed in the meantime are over.
func (s *Service) restore() error {
	s.tasks.bySource = map[queueKey][]*moveTask{}
	if !s.store.Durable() {
		return nil
	}

	// Queues come first: everything else refers to one.
	if err := s.store.Scan(tableQueue, "", s.restoreQueue); err != nil {
		return fmt.Errorf("restore queues: %w", err)
	}
	for _, q := range s.queues.all() {
		if err := q.restore(); err != nil {
			return fmt.Errorf("restore queue %s: %w", q.arn, err)
		}
	}
	if err := s.store.Scan(tableDeletedName, "", s.restoreDeletedName); err != nil {
		return fmt.Errorf("restore deleted queues: %w", err)
	}
	if err := s.store.Scan(tableTask, "", s.restoreTask); err != nil {
		return fmt.Errorf("restore move tasks: %w", err)
	}

	for _, q := range s.queues.all() {
		q.begin().end() // sets its timers
	}
	return nil
}

func parseStoreKey(key string) (queueKey, error) {
	p := strings.Split(key, "/")
	if len(p) != 3 {
		return queueKey{}, fmt.Errorf("key %q: %w", key, errCorruptRecord)
	}
	return queueKey{awsapi.Scope{Account: p[0], Region: p[1]}, p[2]}, nil
}

func (s *Service) restoreQueue(key string, value []byte) error {
	k, err := parseStoreKey(key)
	if err != nil {
		return err
	}
	var r queueRecord
	if err := json.Unmarshal(value, &r); err != nil {
		return fmt.Errorf("queue %s: %w", key, err)
	}

	// The policy was validated when it was set, under the rules of that version.
	policy := r.Attributes["Policy"]
	delete(r.Attributes, "Policy")
	attrs, err := defaultAttributes().with(r.Attributes, r.FIFO)
	if err != nil {
		return fmt.Errorf("queue %s: %w", key, err)
	}
	attrs.policy = policy

	q := newQueue(s, k, r.Nonce, r.FIFO, r.Created)
	q.attributes.Store(&attrs)
	q.tags.Store(&r.Tags)
	q.modified = r.Modified
	q.purged = r.Purged
	q.lastNumber = r.Reserved // skips the numbers that may have been used
	q.reservedNumbers = r.Reserved
	s.queues.queues.Store(k, q)
	return nil
}

// restore reads the messages of the queue, in the order of their numbers, and its
// deduplication ids.
func (q *queue) restore() error {
	st := q.service.store

	var all []*message
	err := st.Scan(tableMessage, q.storePrefix(), func(key string, value []byte) error {
		m, err := decodeMessage(value)
		if err != nil || len(key) != 16 {
			return fmt.Errorf("message %x: %w", key, errCorruptRecord)
		}
		m.number = binary.BigEndian.Uint64([]byte(key[8:]))
		m.position = m.number
		all = append(all, m)
		return nil
	})
	if err != nil {
		return err
	}

	// Both tables are in the order of the numbers, so one pass merges them.
	i := 0
	err = st.Scan(tableState, q.storePrefix(), func(key string, value []byte) error {
		if len(key) != 16 {
			return fmt.Errorf("state of message %x: %w", key, errCorruptRecord)
		}
		number := binary.BigEndian.Uint64([]byte(key[8:]))
		for i < len(all) && all[i].number < number {
			i++
		}
		if i == len(all) || all[i].number != number {
			return nil // the message was deleted
		}
		return decodeState(value, all[i])
	})
	if err != nil {
		return err
	}

	for _, m := range all {
		q.addRestored(m)
	}
	return q.restoreDedup()
}

// addRestored adds a message in its stored state, or as visible if its deadline has
// passed.
func (q *queue) addRestored(m *message) {
	if m.state != visible && m.deadline <= q.service.now() {
		m.state = visible
		m.deadline = 0
	}

	q.counts[m.state]++
	q.ages.add(m.retainedFrom, m)
	q.ready.add(m)
	if m.state != visible {
		q.deadlines.push(m.deadline, m)
	}

	// Receipt handles from before the restart stay valid.
	if m.receivesHere > 0 {
		m.inReceived = true
		q.received[m.id] = m
	}
}

func (q *queue) restoreDedup() error {
	type entry struct {
		dedupKey  string
		result    sendResult
		expiresAt int64
	}
	var all []entry
	err := q.service.store.Scan(tableDedup, q.storePrefix(), func(key string, value []byte) error {
		result, expiresAt, err := decodeDedup(value)
		if err != nil {
			return fmt.Errorf("deduplication id %q: %w", key[8:], err)
		}
		all = append(all, entry{strings.Clone(key[8:]), result, expiresAt})
		return nil
	})
	if err != nil {
		return err
	}

	// The map needs them in the order of their expiry.
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.expiresAt, b.expiresAt) })
	for _, e := range all {
		q.dedup.add(e.dedupKey, e.result, e.expiresAt)
	}
	return nil
}

func (s *Service) restoreDeletedName(key string, value []byte) error {
	k, err := parseStoreKey(key)
	if err != nil {
		return err
	}
	at, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil {
		return fmt.Errorf("deletion time of %s: %w", key, err)
	}
	s.queues.deleted[k] = at
	return nil
}

func (s *Service) restoreTask(key string, value []byte) error {
	task := &moveTask{}
	if err := json.Unmarshal(value, task); err != nil {
		return fmt.Errorf("move task %s: %w", key, err)
	}
	source, ok := parseARN(task.SourceARN)
	if !ok {
		return fmt.Errorf("move task %s: source ARN %q: %w", key, task.SourceARN, errCorruptRecord)
	}

	// A task that was running continues.
	all := append(s.tasks.bySource[source], task)
	slices.SortStableFunc(all, func(a, b *moveTask) int { return cmp.Compare(b.Started, a.Started) }) // the newest first
	s.tasks.bySource[source] = all
	if task.active() {
		s.scheduleTask(task, s.now())
	}
	return nil
}
