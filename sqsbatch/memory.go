package sqsbatch

import (
	"context"
	"strconv"
	"sync"
	"time"
)

// sweepEvery is the number of claims after which a Memory removes expired keys.
const sweepEvery = 1024

// Memory is an IdempotencyStore in memory. Execution environments do not share it: it
// is for tests, and for duplicates within one environment.
type Memory struct {
	ttl time.Duration

	mu     sync.Mutex // guards what follows
	claims int
	items  map[string]memoryItem
}

// memoryItem is a claimed or complete key.
type memoryItem struct {
	token string    // empty once complete
	until time.Time // a wall time
	hash  string    // of the payload, or empty
}

// NewMemory returns a store that keeps complete keys for ttl.
func NewMemory(ttl time.Duration) *Memory {
	return &Memory{ttl: ttl, items: make(map[string]memoryItem)}
}

// Claim claims the key, unless it is complete or claimed.
func (s *Memory) Claim(ctx context.Context, key string, until time.Time) (string, error) {
	return s.ClaimPayload(ctx, key, "", until)
}

// ClaimPayload is Claim with the hash of the message's payload; see [WithPayloadCheck].
func (s *Memory) ClaimPayload(_ context.Context, key, payloadHash string, until time.Time) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := wallNow()
	// An expired item counts as missing, whether or not it was removed.
	if item, ok := s.items[key]; ok && now.Before(item.until) {
		if item.token != "" {
			return "", ErrClaimed
		}
		if payloadHash != "" && item.hash != "" && payloadHash != item.hash {
			return "", &PayloadError{Key: key, Hash: payloadHash, Stored: item.hash}
		}
		return "", ErrDone
	}

	if s.claims++; s.claims%sweepEvery == 0 {
		s.sweep(now)
	}

	// Unique in this store: a claim that expired cannot complete a later one.
	token := strconv.Itoa(s.claims)
	s.items[key] = memoryItem{token: token, until: until.Round(0), hash: payloadHash}
	return token, nil
}

// Complete marks the key as complete.
func (s *Memory) Complete(_ context.Context, key, token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	item := s.items[key]
	if item.token != token {
		return ErrClaimed
	}
	s.items[key] = memoryItem{until: wallNow().Add(s.ttl), hash: item.hash}
	return nil
}

// Release removes the claim.
func (s *Memory) Release(_ context.Context, key, token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.items[key].token != token {
		return ErrClaimed
	}
	delete(s.items, key)
	return nil
}

// sweep removes expired keys.
func (s *Memory) sweep(now time.Time) {
	for key, item := range s.items {
		if !now.Before(item.until) {
			delete(s.items, key)
		}
	}
}
