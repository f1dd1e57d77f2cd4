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
	tableQueue   store.Table = "sqs/queue"   // account/region/name: queueRecord
	tableGone    store.Table = "sqs/gone"    // account/region/name: when it was deleted
	tableMessage store.Table = "sqs/message" // nonce, number: appendMessage
	tableState   store.Table = "sqs/state"   // nonce, number: appendState
	tableDedup   store.Table = "sqs/dedup"   // nonce, memo: appendDedup
	tableTask    store.Table = "sqs/task"    // source ARN, id: task
)

// reserve is how many message numbers are kept from reuse at a time.
const reserve = 1 << 16

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
func (k key) path() string { return k.account + "/" + k.region + "/" + k.name }

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
func (t *turn) durable() bool { return t.q.service.store.Durable() }

// nextSeq numbers a message, for good: no number comes twice, restart or not.
func (t *turn) nextSeq() uint64 {
	q := t.q
	q.seq++
	if q.seq > q.reserved {
		q.reserved = q.seq + reserve
		t.putQueue()
	}
	return q.seq
}

// putQueue keeps the queue itself: attributes, tags and the rest of its record.
func (t *turn) putQueue() {
	if !t.durable() {
		return
	}
	q := t.q
	value, err := json.Marshal(queueRecord{
		Nonce: q.nonce, FIFO: q.fifo, Created: q.created, Modified: q.modified, Purged: q.purged, Reserved: q.reserved,
		Attributes: q.settings.Load().values(q.fifo), Tags: q.tagMap(),
	})
	if err != nil {
		panic("queue record: " + err.Error()) // strings and numbers: cannot be
	}
	t.effects().Put(tableQueue, q.path(), value)
}

// dropQueue drops the queue itself and notes when; its messages went before.
func (t *turn) dropQueue() {
	if t.durable() {
		t.effects().Delete(tableQueue, t.q.path())
		t.effects().Put(tableGone, t.q.path(), strconv.AppendInt(nil, t.now, 10))
	}
}

// freeName forgets that there was a queue of a name.
func (t *turn) freeName(k key) {
	if t.durable() {
		t.effects().Delete(tableGone, k.path())
	}
}

// put keeps a message that has come into the queue.
func (t *turn) put(m *message) {
	if t.durable() {
		t.q.scratch = appendMessage(t.q.scratch[:0], m)
		t.effects().Put(tableMessage, t.q.messageKey(m.seq), t.q.scratch)
	}
}

// touch keeps what a receive or a change of visibility has made of a message.
func (t *turn) touch(m *message) {
	if t.durable() {
		t.q.scratch = appendState(t.q.scratch[:0], m)
		t.effects().Put(tableState, t.q.messageKey(m.seq), t.q.scratch)
	}
}

// forget drops a message.
func (t *turn) forget(m *message) {
	if !t.durable() {
		return
	}
	k := t.q.messageKey(m.seq)
	t.effects().Delete(tableMessage, k)
	if m.here > 0 || m.deadline != 0 {
		t.effects().Delete(tableState, k)
	}
}

// forgetAll drops every message and every deduplication id.
func (t *turn) forgetAll() {
	if t.durable() {
		for _, table := range []store.Table{tableMessage, tableState, tableDedup} {
			t.effects().DeletePrefix(table, t.q.prefix())
		}
	}
}

// putDedup keeps an accepted deduplication id.
func (t *turn) putDedup(memo string, ok accepted, until int64) {
	if t.durable() {
		b := append(t.q.scratch[:0], codecVersion)
		b = append(b, ok.id[:]...)
		b = binary.AppendUvarint(b, ok.seq)
		t.q.scratch = binary.AppendVarint(b, until)
		t.effects().Put(tableDedup, t.q.prefix()+memo, t.q.scratch)
	}
}

// decodeDedup reads what putDedup wrote.
func decodeDedup(b []byte) (ok accepted, until int64, err error) {
	r := record{rest: b}
	r.version()
	copy(ok.id[:], r.bytes(len(ok.id)))
	ok.seq = r.uvarint(1<<64 - 1)
	until = r.varint()
	return ok, until, r.end()
}

// forgetDedup drops a deduplication id.
func (t *turn) forgetDedup(memo string) {
	if t.durable() {
		t.effects().Delete(tableDedup, t.q.prefix()+memo)
	}
}

// taskKey is a task's key in the store.
func (k *task) storeKey() string { return k.SourceARN + " " + k.ID }

// putTask keeps a task within a queue's turn.
func (t *turn) putTask(k task) {
	if t.durable() {
		t.effects().Put(tableTask, k.storeKey(), k.record())
	}
}

func (k *task) record() []byte {
	value, err := json.Marshal(k)
	if err != nil {
		panic("task record: " + err.Error()) // strings and numbers: cannot be
	}
	return value
}

// keepTask keeps a task by itself.
func (s *Service) keepTask(k *task) store.Commit {
	if !s.store.Durable() {
		return store.Commit{}
	}
	b := s.store.Batch()
	b.Put(tableTask, k.storeKey(), k.record())
	return b.Apply()
}

// dropTasks forgets tasks.
func (s *Service) dropTasks(all ...*task) store.Commit {
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
func (s *Service) freeNames(account, region string, gone []key) error {
	b := s.store.Batch()
	for k := range s.queues.deleted {
		if k.within(account, region) {
			delete(s.queues.deleted, k)
			gone = append(gone, k)
		}
	}
	for _, k := range gone {
		b.Delete(tableGone, k.path())
	}
	return b.Apply().Wait()
}

// unixTime is a time of ours as the standard library has it.
func unixTime(nano int64) time.Time { return time.Unix(0, nano).UTC() }
