package sqs

import (
	"encoding/binary"
	"encoding/json"
	"strconv"

	"github.com/reliableq/reliableq/localaws/store"
)

// The tables of the store. A message has two records: its content, which never
// changes, and its state, which each receive changes. Their keys are the queue's
// nonce and the message's number, so that the messages of a queue are read in order
// and deleted by prefix.
const (
	tableQueue       store.Table = "sqs/queue"   // account/region/name: queueRecord
	tableDeletedName store.Table = "sqs/gone"    // account/region/name: time of the deletion
	tableMessage     store.Table = "sqs/message" // nonce, number: appendMessage
	tableState       store.Table = "sqs/state"   // nonce, number: appendState
	tableDedup       store.Table = "sqs/dedup"   // nonce, deduplication key: appendDedup
	tableTask        store.Table = "sqs/task"    // source ARN, id: moveTask
)

// numberReserve is how many message numbers are reserved at once, so that not every
// message writes the record of its queue.
const numberReserve = 1 << 16

// queueRecord is the record of a queue.
type queueRecord struct {
	Nonce      uint64            `json:"nonce"`
	FIFO       bool              `json:"fifo"`
	Created    int64             `json:"created"`
	Modified   int64             `json:"modified"`
	Purged     int64             `json:"purged,omitempty"`
	Reserved   uint64            `json:"reserved"` // message numbers up to here may have been used
	Attributes map[string]string `json:"attributes"`
	Tags       map[string]string `json:"tags,omitempty"`
}

// storeKey returns the queue's key in the store. Names contain no slash.
func (k queueKey) storeKey() string { return k.Account + "/" + k.Region + "/" + k.name }

// storePrefix returns the prefix of the keys of the queue's messages and
// deduplication ids.
func (q *queue) storePrefix() string {
	return string(binary.BigEndian.AppendUint64(nil, q.nonce))
}

func (q *queue) messageStoreKey(number uint64) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], q.nonce)
	binary.BigEndian.PutUint64(b[8:], number)
	return string(b[:])
}

// durable reports whether effects are written to a store at all.
func (tx *transaction) durable() bool { return tx.queue.service.store.Durable() }

// nextNumber returns a number for a message. No number is used twice, even across a
// restart.
func (tx *transaction) nextNumber() uint64 {
	q := tx.queue
	q.lastNumber++
	if q.lastNumber > q.reservedNumbers {
		q.reservedNumbers = q.lastNumber + numberReserve
		tx.storeQueue()
	}
	return q.lastNumber
}

// storeQueue writes the queue's record.
func (tx *transaction) storeQueue() {
	if !tx.durable() {
		return
	}
	q := tx.queue
	value, err := json.Marshal(queueRecord{
		Nonce:      q.nonce,
		FIFO:       q.fifo,
		Created:    q.created,
		Modified:   q.modified,
		Purged:     q.purged,
		Reserved:   q.reservedNumbers,
		Attributes: q.attributes.Load().values(q.fifo),
		Tags:       q.tagMap(),
	})
	if err != nil {
		panic("marshal a queue record: " + err.Error()) // impossible: strings and numbers
	}
	tx.effects().Put(tableQueue, q.storeKey(), value)
}

// deleteStoredQueue deletes the queue's record and writes the time of its deletion.
// Its messages are deleted before.
func (tx *transaction) deleteStoredQueue() {
	if tx.durable() {
		tx.effects().Delete(tableQueue, tx.queue.storeKey())
		tx.effects().Put(tableDeletedName, tx.queue.storeKey(), strconv.AppendInt(nil, tx.now, 10))
	}
}

// deleteStoredName deletes the time of a queue's deletion.
func (tx *transaction) deleteStoredName(k queueKey) {
	if tx.durable() {
		tx.effects().Delete(tableDeletedName, k.storeKey())
	}
}

// storeMessage writes a message that was added to the queue.
func (tx *transaction) storeMessage(m *message) {
	if tx.durable() {
		tx.queue.scratch = appendMessage(tx.queue.scratch[:0], m)
		tx.effects().Put(tableMessage, tx.queue.messageStoreKey(m.number), tx.queue.scratch)
	}
}

// storeState writes the state of a message after a receive or a change of its
// visibility timeout.
func (tx *transaction) storeState(m *message) {
	if tx.durable() {
		tx.queue.scratch = appendState(tx.queue.scratch[:0], m)
		tx.effects().Put(tableState, tx.queue.messageStoreKey(m.number), tx.queue.scratch)
	}
}

// deleteStored deletes the records of a message.
func (tx *transaction) deleteStored(m *message) {
	if !tx.durable() {
		return
	}
	k := tx.queue.messageStoreKey(m.number)
	tx.effects().Delete(tableMessage, k)
	if m.receivesHere > 0 || m.deadline != 0 { // otherwise its state was never written
		tx.effects().Delete(tableState, k)
	}
}

// deleteAllStored deletes every message and deduplication id of the queue.
func (tx *transaction) deleteAllStored() {
	if tx.durable() {
		for _, table := range []store.Table{tableMessage, tableState, tableDedup} {
			tx.effects().DeletePrefix(table, tx.queue.storePrefix())
		}
	}
}

// storeDedup writes a deduplication id.
func (tx *transaction) storeDedup(dedupKey string, result sendResult, expiresAt int64) {
	if tx.durable() {
		tx.queue.scratch = appendDedup(tx.queue.scratch[:0], result, expiresAt)
		tx.effects().Put(tableDedup, tx.queue.storePrefix()+dedupKey, tx.queue.scratch)
	}
}

// deleteStoredDedup deletes a deduplication id.
func (tx *transaction) deleteStoredDedup(dedupKey string) {
	if tx.durable() {
		tx.effects().Delete(tableDedup, tx.queue.storePrefix()+dedupKey)
	}
}

// releaseNames deletes the deletion times of the queues of an account in a region,
// and those of deleted, so that their names can be reused. The catalog is locked.
func (s *Service) releaseNames(account, region string, deleted []queueKey) error {
	for k := range s.queues.deleted {
		if k.Within(account, region) {
			delete(s.queues.deleted, k)
			deleted = append(deleted, k)
		}
	}

	b := s.store.Batch()
	for _, k := range deleted {
		b.Delete(tableDeletedName, k.storeKey())
	}
	return b.Apply().Wait()
}

// storeKey returns the task's key in the store.
func (task *moveTask) storeKey() string { return task.SourceARN + " " + task.ID }

func (task *moveTask) record() []byte {
	value, err := json.Marshal(task)
	if err != nil {
		panic("marshal a move task record: " + err.Error()) // impossible: strings and numbers
	}
	return value
}

// storeTask writes a task together with the effects on a queue.
func (tx *transaction) storeTask(task moveTask) {
	if tx.durable() {
		tx.effects().Put(tableTask, task.storeKey(), task.record())
	}
}

// saveTask writes a task without other changes.
func (s *Service) saveTask(task *moveTask) store.Commit {
	if !s.store.Durable() {
		return store.Commit{}
	}
	b := s.store.Batch()
	b.Put(tableTask, task.storeKey(), task.record())
	return b.Apply()
}

// deleteStoredTasks deletes the records of tasks.
func (s *Service) deleteStoredTasks(all ...*moveTask) store.Commit {
	if !s.store.Durable() || len(all) == 0 {
		return store.Commit{}
	}
	b := s.store.Batch()
	for _, task := range all {
		b.Delete(tableTask, task.storeKey())
	}
	return b.Apply()
}
