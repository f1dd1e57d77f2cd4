// Package dynamostore is an idempotency store of package sqsbatch in a DynamoDB table,
// which the execution environments of any number of functions can share.
//
// Each key is one item. Its partition key is "namespace#key", and its state is
// in_progress or done. Conditional writes alone decide: no method reads an item first.
// The table's time to live only removes old items. DynamoDB does that late, so the
// conditions compare times themselves.
package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/reliableq/reliableq/sqsbatch"
)

// API is the part of *dynamodb.Client that this package uses.
type API interface {
	// PutItem writes an item if a condition holds.
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	// UpdateItem changes attributes of an item if a condition holds.
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	// DeleteItem deletes an item if a condition holds.
	DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
}

// DefaultTTL is how long complete keys are stored by default. It exceeds the longest
// retention period of a queue, 14 days, in which SQS can deliver a message again.
const DefaultTTL = 15 * 24 * time.Hour

// maxTTL is the longest TTL: much longer ones overflow the time in nanoseconds, so that
// keys would expire at once.
const maxTTL = 100 * 365 * 24 * time.Hour

// Options are the options of a Store. Table and Namespace are required.
type Options struct {
	// Table is the name or ARN of the table.
	Table string
	// Namespace separates the keys of functions that share the table: two stores with
	// different namespaces do not see each other's keys. It must not contain "#".
	Namespace string
	// TTL is how long complete keys are stored, at most 100 years. Zero means
	// DefaultTTL.
	TTL time.Duration
	// Attributes are the names of the table's attributes.
	Attributes Attributes
}

// Attributes are the names of the attributes of an item. An empty name means the
// default.
type Attributes struct {
	// Key is the partition key of the table, a string. Default "key".
	Key string
	// State is "in_progress" or "done". Default "state".
	State string
	// Token identifies the claim, also after it was completed. Default "token".
	Token string
	// ClaimedUntil is when a claim ends, in Unix milliseconds. Default "claimed_until".
	ClaimedUntil string
	// PayloadHash is the hash of the payload; see sqsbatch.WithPayloadCheck. Default
	// "payload_hash".
	PayloadHash string
	// ExpiresAt is the time to live of the item, in Unix seconds. Default
	// "expires_at".
	ExpiresAt string
}

// names returns pointers to the names with their defaults.
func (a *Attributes) names() []attribute {
	return []attribute{
		{&a.Key, "key"},
		{&a.State, "state"},
		{&a.Token, "token"},
		{&a.ClaimedUntil, "claimed_until"},
		{&a.PayloadHash, "payload_hash"},
		{&a.ExpiresAt, "expires_at"},
	}
}

type attribute struct {
	name     *string
	standard string
}

// Store is a [sqsbatch.IdempotencyStore] and a [sqsbatch.PayloadClaimer] in a DynamoDB
// table. It is safe for concurrent use.
type Store struct {
	client  API
	options Options
}

// Store implements the interfaces of package sqsbatch.
var (
	_ sqsbatch.IdempotencyStore = (*Store)(nil)
	_ sqsbatch.PayloadClaimer   = (*Store)(nil)
)

// New returns a store. The client's retries are safe: a store recognizes its own write
// if the response to it was lost.
func New(client API, options Options) (*Store, error) {
	var errs []error
	refuse := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("dynamostore: "+format, args...))
	}

	if client == nil {
		refuse("no client")
	}
	if options.Table == "" {
		refuse("no table")
	}
	switch {
	case options.Namespace == "":
		refuse("no namespace: two functions with the same table would see each other's keys")
	case strings.Contains(options.Namespace, separator):
		refuse("namespace %q contains %q, which separates it from the key", options.Namespace, separator)
	}
	switch {
	case options.TTL < 0:
		refuse("TTL %v is negative", options.TTL)
	case options.TTL > maxTTL:
		refuse("TTL %v is above 100 years (%v)", options.TTL, maxTTL)
	case options.TTL == 0:
		options.TTL = DefaultTTL
	}

	// Two roles of one attribute would overwrite each other.
	var used []string
	for _, a := range options.Attributes.names() {
		if *a.name == "" {
			*a.name = a.standard
		}
		if slices.Contains(used, *a.name) {
			refuse("two attributes have the name %q", *a.name)
		}
		used = append(used, *a.name)
	}

	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return &Store{client: client, options: options}, nil
}
