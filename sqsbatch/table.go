package sqsbatch

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"
)

// Table is what a TableStore needs of a table with conditional writes, of which
// DynamoDB is one. Each method is one request there.
type Table interface {
	// PutIfFree writes the item unless one with its key is there whose Expires
	// is after now; then it writes nothing and answers that one. In DynamoDB:
	// PutItem with the condition attribute_not_exists(#key) OR #expires <= :now,
	// and ReturnValuesOnConditionCheckFailure ALL_OLD.
	PutIfFree(ctx context.Context, item Item, now time.Time) (standing *Item, err error)
	// PutIfToken writes the item if the one there has the given token, else it
	// answers ErrLost. In DynamoDB: PutItem with the condition #token = :token.
	PutIfToken(ctx context.Context, item Item, token string) error
	// DeleteIfToken deletes the item if the one there has the given token, else
	// it answers ErrLost. In DynamoDB: DeleteItem with the same condition.
	DeleteIfToken(ctx context.Context, key, token string) error
}

// Item is one row of a Table.
type Item struct {
	// Key is the primary key.
	Key string
	// Token is the claim that holds the key; empty once its work is done.
	Token string
	// Expires is when the row no longer counts; the table may delete it then
	// (DynamoDB: the TTL attribute, in unix seconds).
	Expires time.Time
}

// ErrLost is what a Table answers when the row is no longer the caller's.
var ErrLost = errors.New("the claim was lost to another")

// TableStore is an IdempotencyStore over a Table.
type TableStore struct {
	table Table
	ttl   time.Duration
}

// NewTableStore makes a store that remembers what is done for ttl. That should
// exceed the queue's retention period, within which SQS can deliver a message
// again.
func NewTableStore(table Table, ttl time.Duration) *TableStore {
	return &TableStore{table: table, ttl: ttl}
}

// Claim takes the key, unless it is done or held.
func (s *TableStore) Claim(ctx context.Context, key string, until time.Time) (string, error) {
	token := rand.Text()
	standing, err := s.table.PutIfFree(ctx, Item{Key: key, Token: token, Expires: until}, time.Now())
	switch {
	case err != nil:
		return "", fmt.Errorf("put claim: %w", err)
	case standing == nil:
		return token, nil
	case standing.Token == "":
		return "", ErrDone
	}
	return "", ErrClaimed
}

// Complete remembers the key as done.
func (s *TableStore) Complete(ctx context.Context, key, token string) error {
	return s.table.PutIfToken(ctx, Item{Key: key, Expires: time.Now().Add(s.ttl)}, token)
}

// Release forgets the key.
func (s *TableStore) Release(ctx context.Context, key, token string) error {
	return s.table.DeleteIfToken(ctx, key, token)
}
