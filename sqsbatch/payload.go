package sqsbatch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// PayloadClaimer is an IdempotencyStore that compares the payloads of messages with the
// same key; see [WithPayloadCheck].
type PayloadClaimer interface {
	// ClaimPayload is Claim for a message with the given payload hash. If the key is
	// complete with another hash, the error wraps a *PayloadError. If it is claimed
	// with another hash, the error wraps ErrClaimed.
	ClaimPayload(ctx context.Context, key, payloadHash string, until time.Time) (token string, err error)
}

// PayloadError is the error of a message whose key another message completed with a
// different payload.
type PayloadError struct {
	// Key is the idempotency key of both messages.
	Key string
	// Hash is the payload hash of the message.
	Hash string
	// Stored is the payload hash of the other message.
	Stored string
}

// Error names the key and both hashes.
func (e *PayloadError) Error() string {
	return fmt.Sprintf("two payloads have the key %q: this one has the hash %s, the stored one %s", e.Key, e.Hash, e.Stored)
}

// WithPayloadCheck fails a message whose key is complete with another payload, with a
// [PayloadError]. Without it, such a message is reported as succeeded and its payload is
// lost. A nil function means the body; return a part of it if copies of a message may
// differ, for example in a timestamp. It needs [WithIdempotency] with a store that is a
// [PayloadClaimer]. The store gets the payload's SHA-256 hash.
func WithPayloadCheck(payload func(m *events.SQSMessage) string) Option {
	return func(c *config) {
		c.payload = payload
		if payload == nil {
			c.payload = func(m *events.SQSMessage) string { return m.Body }
		}
	}
}

// checkPayloadStore refuses a payload check with a store that has none.
func (c *config) checkPayloadStore() {
	if c.payload == nil {
		return
	}
	if _, ok := c.store.(PayloadClaimer); !ok {
		c.refuse("WithPayloadCheck: needs WithIdempotency with a store that has ClaimPayload, got %T", c.store)
	}
}

// claimKey claims the key of a message in the store.
func (r *run) claimKey(ctx context.Context, result *Result, until time.Time) (token string, err error) {
	if r.payload == nil {
		return r.store.Claim(ctx, result.key, until)
	}
	hash, err := r.payloadHash(result.Message)
	if err != nil {
		return "", err
	}
	return r.store.(PayloadClaimer).ClaimPayload(ctx, result.key, hash, until) // New has checked the type
}

// comparePayloads returns an error if two messages of the batch with the same key have
// different payloads.
func (r *run) comparePayloads(result, first *Result) error {
	if r.payload == nil {
		return nil
	}
	hash, err := r.payloadHash(result.Message)
	if err != nil {
		return err
	}
	stored, err := r.payloadHash(first.Message)
	if err != nil || stored == hash {
		return err
	}
	return &PayloadError{
		Key:    result.key,
		Hash:   hash,
		Stored: stored,
	}
}

// payloadHash returns the hash of a message's payload, or an error if the user's
// function panics.
func (r *run) payloadHash(m *events.SQSMessage) (hash string, err error) {
	defer recovered(&err)
	sum := sha256.Sum256([]byte(r.payload(m)))
	return hex.EncodeToString(sum[:]), nil
}
