package sqs

import (
	"encoding/binary"
	"encoding/json"
	"strconv"
	"time"

	"github.com/reliableq/reliableq/localaws/store"
)

// The tables of the store. Messages are in two: what never changes, with the body,
// and what each receive changes. Their keys are the queue's nonce and the
// message's number, so that a queue is read back in order and dropped by prefix.
const (
	tableQueue       store.Table = "sqs/queue"   // account/region/name: queueRecord
	tableDeletedName store.Table = "sqs/gone"    // account/region/name: when it was deleted
	tableMessage     store.Table = "sqs/message" // nonce, number: appendMessage
	tableState       store.Table = "sqs/state"   // nonce, number: appendState
	tableDedup       store.Table = "sqs/dedup"   // nonce, memo: appendDedup
	tableTask        store.Table = "sqs/task"    // source ARN, id: task
)

// reserve is how many message numbers are kept from reuse at a time.
const numberReserve = 1 << 16

// queueRecord is a queue as the store has it.
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

// path is the key's form in the store. Names hold no slash.
func (k queueKey) storeKey() string { return k.account + "/" + k.region + "/" + k.name }

// prefix begins the keys of all that lies in the queue.
func (q *queue) prefix() string {
	return string(binary.BigEndian.AppendUint64(nil, q.nonce))
}

func (q *queue) messageKey(seq uint64) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], q.nonce)
	binary.BigEndian.PutUint64(b[8:], seq)
	return string(b[:])
}

// durable reports whether effects are to be written at all.
func (tx *transaction) durable() bool { return tx.queue.service.store.Durable() }

// nextSeq numbers a message, for good: no number comes twice, restart or not.
func (tx *transaction) nextNumber() uint64 {
	q := tx.queue
	q.lastNumber++
	if q.lastNumber > q.reservedNumbers {
		q.reservedNumbers = q.lastNumber + numberReserve
		tx.storeQueue()
	}
	return q.lastNumber
}

// putQueue keeps the queue itself: attributes, tags and the rest of its record.
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
		panic("queue record: " + err.Error()) // strings and numbers: cannot be
	}
	tx.effects().Put(tableQueue, q.storeKey(), value)
}

// dropQueue drops the queue itself and notes when; its messages went before.
func (tx *transaction) deleteStoredQueue() {
	if tx.durable() {
		tx.effects().Delete(tableQueue, tx.queue.storeKey())
		tx.effects().Put(tableDeletedName, tx.queue.storeKey(), strconv.AppendInt(nil, tx.now, 10))
	}
}

// freeName forgets that there was a queue of a name.
func (tx *transaction) deleteStoredName(k queueKey) {
	if tx.durable() {
		tx.effects().Delete(tableDeletedName, k.storeKey())
	}
}

// put keeps a message that has come into the queue.
func (tx *transaction) storeMessage(m *message) {
	if tx.durable() {
		tx.queue.scratch = appendMessage(tx.queue.scratch[:0], m)
		tx.effects().Put(tableMessage, tx.queue.messageKey(m.number), tx.queue.scratch)
	}
}

// touch keeps what a receive or a change of visibility has made of a message.
func (tx *transaction) storeState(m *message) {
	if tx.durable() {
		tx.queue.scratch = appendState(tx.queue.scratch[:0], m)
		tx.effects().Put(tableState, tx.queue.messageKey(m.number), tx.queue.scratch)
	}
}

// forget drops a message.
func (tx *transaction) deleteStored(m *message) {
	if !tx.durable() {
		return
	}
	k := tx.queue.messageKey(m.number)
	tx.effects().Delete(tableMessage, k)
	if m.receivesHere > 0 || m.deadline != 0 {
		tx.effects().Delete(tableState, k)
	}
}

// forgetAll drops every message and every deduplication id.
func (tx *transaction) deleteAllStored() {
	if tx.durable() {
		for _, table := range []store.Table{tableMessage, tableState, tableDedup} {
			tx.effects().DeletePrefix(table, tx.queue.prefix())
		}
	}
}

// putDedup keeps an accepted deduplication id.
func (tx *transaction) storeDedup(memo string, ok sendResult, until int64) {
	if tx.durable() {
		b := append(tx.queue.scratch[:0], codecVersion)
		b = append(b, ok.id[:]...)
		b = binary.AppendUvarint(b, ok.number)
		tx.queue.scratch = binary.AppendVarint(b, until)
		tx.effects().Put(tableDedup, tx.queue.prefix()+memo, tx.queue.scratch)
	}
}

// decodeDedup reads what putDedup wrote.
func decodeDedup(b []byte) (ok sendResult, until int64, err error) {
	r := recordReader{rest: b}
	r.version()
	copy(ok.id[:], r.bytes(len(ok.id)))
	ok.number = r.uvarint(1<<64 - 1)
	until = r.varint()
	return ok, until, r.end()
}

// forgetDedup drops a deduplication id.
func (tx *transaction) deleteStoredDedup(memo string) {
	if tx.durable() {
		tx.effects().Delete(tableDedup, tx.queue.prefix()+memo)
	}
}

// taskKey is a task's key in the store.
func (k *moveTask) storeKey() string { return k.SourceARN + " " + k.ID }

// putTask keeps a task within a queue's turn.
func (tx *transaction) storeTask(k moveTask) {
	if tx.durable() {
		tx.effects().Put(tableTask, k.storeKey(), k.record())
	}
}

func (k *moveTask) record() []byte {
	value, err := json.Marshal(k)
	if err != nil {
		panic("task record: " + err.Error()) // strings and numbers: cannot be
	}
	return value
}

// keepTask keeps a task by itself.
func (s *Service) saveTask(k *moveTask) store.Commit {
	if !s.store.Durable() {
		return store.Commit{}
	}
	b := s.store.Batch()
	b.Put(tableTask, k.storeKey(), k.record())
	return b.Apply()
}

// dropTasks forgets tasks.
func (s *Service) deleteStoredTasks(all ...*moveTask) store.Commit {
	if !s.store.Durable() || len(all) == 0 {
		return store.Commit{}
	}
	b := s.store.Batch()
	for _, k := range all {
		b.Delete(tableTask, k.storeKey())
	}
	return b.Apply()
}

// freeNames forgets which names an account's deleted queues had.
func (s *Service) releaseNames(account, region string, gone []queueKey) error {
	b := s.store.Batch()
	for k := range s.queues.deleted {
		if k.inScope(account, region) {
			delete(s.queues.deleted, k)
			gone = append(gone, k)
		}
	}
	for _, k := range gone {
		b.Delete(tableDeletedName, k.storeKey())
	}
	return b.Apply().Wait()
}

// unixTime is a time of ours as the standard library has it.
func unixTime(nano int64) time.Time { return time.Unix(0, nano).UTC() }
