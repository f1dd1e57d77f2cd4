package sqsbatch

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"
)

// Table is a table with conditional writes. For DynamoDB, use package dynamostore, which
// also has namespaces and payload hashes. Each method is one request.
type Table interface {
	// PutIfFree writes the item, unless the table has an item with the same key
	// whose Expires is after now; then it returns that item. In DynamoDB: PutItem with
	// the condition attribute_not_exists(#key) OR #expires <= :now, and
	// ReturnValuesOnConditionCheckFailure ALL_OLD.
	PutIfFree(ctx context.Context, item Item, now time.Time) (existing *Item, err error)
	// PutIfToken writes the item if the existing item has the given token, else it
	// returns ErrLost. In DynamoDB: PutItem with the condition #token = :token.
	PutIfToken(ctx context.Context, item Item, token string) error
	// DeleteIfToken deletes the item if the existing item has the given token, else
	// it returns ErrLost. In DynamoDB: DeleteItem with the same condition.
	DeleteIfToken(ctx context.Context, key, token string) error
}

// Item is an item of a Table.
type Item struct {
	// Key is the primary key.
	Key string
	// Token is the token of the claim; empty once the key is complete.
	Token string
	// Expires is when the item expires; the table may delete it then (DynamoDB: the
	// TTL attribute, in Unix seconds).
	Expires time.Time
}

// ErrLost is what a Table returns if the caller no longer holds the claim.
var ErrLost = errors.New("another caller holds the claim")

// TableStore is an IdempotencyStore in a Table.
type TableStore struct {
	table Table
	ttl   time.Duration
}

// NewTableStore returns a store that keeps complete keys for ttl. That should exceed
// the queue's retention period, in which SQS can deliver a message again.
func NewTableStore(table Table, ttl time.Duration) *TableStore {
	return &TableStore{table: table, ttl: ttl}
}

// Claim claims the key, unless it is complete or claimed.
func (s *TableStore) Claim(ctx context.Context, key string, until time.Time) (string, error) {
	// Random, because execution environments do not know of each other.
	token := rand.Text()
	existing, err := s.table.PutIfFree(ctx, Item{
		Key:     key,
		Token:   token,
		Expires: until,
	}, wallNow())

	switch {
	case err != nil:
		return "", fmt.Errorf("put claim: %w", err)
	case existing == nil:
		return token, nil
	case existing.Token == "":
		return "", ErrDone
	}
	return "", ErrClaimed
}

// Complete marks the key as complete.
func (s *TableStore) Complete(ctx context.Context, key, token string) error {
	return s.table.PutIfToken(ctx, Item{Key: key, Expires: wallNow().Add(s.ttl)}, token)
}

// Release removes the claim.
func (s *TableStore) Release(ctx context.Context, key, token string) error {
	return s.table.DeleteIfToken(ctx, key, token)
}
