package sqs

import (
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
)

// receipt is what a receipt handle says: which receive of which message of which
// queue, and when it was.
type receipt struct {
	nonce    uint64 // the queue's
	id       messageID
	number   uint32 // the message's count of receives, this one included
	received int64
}

const receiptSize = 48

// String writes a handle as AWS's look: base64 that begins with AQEB (SQS J12).
// The last eight bytes are a checksum: a handle is random enough not to be
// guessed, and one that was mangled is known as such (SQS J1).
func (r receipt) String() string {
	var raw [receiptSize]byte
	raw[0], raw[1], raw[2] = 1, 1, 1
	binary.BigEndian.PutUint64(raw[4:], r.nonce)
	copy(raw[12:], r.id[:])
	binary.BigEndian.PutUint32(raw[28:], r.number)
	binary.BigEndian.PutUint64(raw[32:], uint64(r.received))
	binary.BigEndian.PutUint64(raw[40:], checksum(raw[:40]))
	return base64.StdEncoding.EncodeToString(raw[:])
}

// parseReceipt reads a handle, and reports whether it is one.
func parseReceipt(handle string) (r receipt, ok bool) {
	var raw [receiptSize]byte
	if len(handle) != base64.StdEncoding.EncodedLen(receiptSize) {
		return r, false
	}
	n, err := base64.StdEncoding.Strict().Decode(raw[:], []byte(handle))
	if err != nil || n != receiptSize || raw[0] != 1 || raw[1] != 1 || raw[2] != 1 || raw[3] != 0 {
		return r, false
	}
	if binary.BigEndian.Uint64(raw[40:]) != checksum(raw[:40]) {
		return r, false
	}
	r.nonce = binary.BigEndian.Uint64(raw[4:])
	copy(r.id[:], raw[12:])
	r.number = binary.BigEndian.Uint32(raw[28:])
	r.received = int64(binary.BigEndian.Uint64(raw[32:]))
	return r, true
}

func checksum(b []byte) uint64 {
	h := fnv.New64a()
	h.Write(b)
	return h.Sum64()
}

// receipt reads a handle that must be of this queue.
func (q *queue) receipt(handle string) (receipt, error) {
	if handle == "" {
		return receipt{}, missingParameter("ReceiptHandle")
	}
	r, ok := parseReceipt(handle)
	if !ok || r.nonce != q.nonce {
		return receipt{}, errReceiptHandle.With(`The input receipt handle "%s" is not a valid receipt handle.`, handle)
	}
	return r, nil
}
