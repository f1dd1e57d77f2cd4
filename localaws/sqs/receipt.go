package sqs

import (
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
)

// receipt is the content of a receipt handle: it identifies one receive of one
// message of one queue.
type receipt struct {
	nonce    uint64 // of the queue
	id       messageID
	receive  uint32 // the message's count of receives, including this one
	received int64
}

// receiptSize is the size of a handle's bytes: a 4-byte header (1, 1, 1, 0), the
// fields of receipt in big-endian order and an 8-byte checksum.
const receiptSize = 48

// String returns a handle that looks like AWS's: base64 that starts with AQEB (SQS
// J12). The nonce and id make it unpredictable; the checksum detects a damaged one
// (SQS J1).
func (r receipt) String() string {
	var raw [receiptSize]byte
	raw[0], raw[1], raw[2] = 1, 1, 1
	binary.BigEndian.PutUint64(raw[4:], r.nonce)
	copy(raw[12:], r.id[:])
	binary.BigEndian.PutUint32(raw[28:], r.receive)
	binary.BigEndian.PutUint64(raw[32:], uint64(r.received))
	binary.BigEndian.PutUint64(raw[40:], checksum(raw[:40]))
	return base64.StdEncoding.EncodeToString(raw[:])
}

// parseReceipt decodes a handle; ok is false if it is not a valid handle.
func parseReceipt(handle string) (r receipt, ok bool) {
	var raw [receiptSize]byte
	if len(handle) != base64.StdEncoding.EncodedLen(receiptSize) {
		return r, false
	}
	n, err := base64.StdEncoding.Strict().Decode(raw[:], []byte(handle))
	if err != nil || n != receiptSize {
		return r, false
	}
	if [4]byte(raw[:4]) != [4]byte{1, 1, 1, 0} {
		return r, false
	}

	// A handle that was changed in any byte is refused.
	if binary.BigEndian.Uint64(raw[40:]) != checksum(raw[:40]) {
		return r, false
	}

	r.nonce = binary.BigEndian.Uint64(raw[4:])
	copy(r.id[:], raw[12:])
	r.receive = binary.BigEndian.Uint32(raw[28:])
	r.received = int64(binary.BigEndian.Uint64(raw[32:]))
	return r, true
}

func checksum(b []byte) uint64 {
	h := fnv.New64a()
	h.Write(b) // never fails
	return h.Sum64()
}

// receipt decodes a handle of this queue.
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
