package sqsbatch

import (
	"context"
	"strconv"
	"sync"
	"time"
)

// sweepEvery is after how many claims a Memory looks for what it may forget.
const sweepEvery = 1024

// Memory is an IdempotencyStore in memory. It lives as long as one execution
// environment and knows nothing of the others: for tests, and against
// duplicates that meet in one process.
type Memory struct {
	ttl time.Duration

	mu     sync.Mutex // guards what follows
	claims int
	items  map[string]memoryItem
}

type memoryItem struct {
	token string // empty once done
	until time.Time
}

// NewMemory makes a store that remembers what is done for ttl.
func NewMemory(ttl time.Duration) *Memory {
	return &Memory{ttl: ttl, items: make(map[string]memoryItem)}
}

// Claim takes the key, unless it is done or held.
func (s *Memory) Claim(_ context.Context, key string, until time.Time) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if item, ok := s.items[key]; ok && now.Before(item.until) {
		if item.token == "" {
			return "", ErrDone
		}
		return "", ErrClaimed
	}
	if s.claims++; s.claims%sweepEvery == 0 {
		s.sweep(now)
	}
	token := strconv.Itoa(s.claims)
	s.items[key] = memoryItem{token: token, until: until}
	return token, nil
}

// Complete remembers the key as done.
func (s *Memory) Complete(_ context.Context, key, token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.items[key].token != token {
		return ErrClaimed
	}
	s.items[key] = memoryItem{until: time.Now().Add(s.ttl)}
	return nil
}

// Release forgets the key.
func (s *Memory) Release(_ context.Context, key, token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.items[key].token != token {
		return ErrClaimed
	}
	delete(s.items, key)
	return nil
}

func (s *Memory) sweep(now time.Time) {
	for key, item := range s.items {
		if !now.Before(item.until) {
			delete(s.items, key)
		}
	}
}
