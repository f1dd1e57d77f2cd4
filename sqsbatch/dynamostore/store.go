package dynamostore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/reliableq/reliableq/sqsbatch"
)

// The conditions of the three writes.
const (
	// isFree holds if the key has no claim or result that is still valid. Time to
	// live deletes items late, so the times are compared here.
	isFree = "attribute_not_exists(#key) OR " +
		"(#state = :in_progress AND #claimed_until <= :now_ms) OR " +
		"(#state = :done AND #expires_at <= :now_s)"
	// isHeld holds if the key is claimed with the token.
	isHeld = "#token = :token AND #state = :in_progress"
	// markDone completes a claim. The token and the payload hash stay.
	markDone = "SET #state = :done, #expires_at = :expires_at REMOVE #claimed_until"
)

// errState is wrapped by the error of an item that is not of this package.
var errState = errors.New("unknown state")

// Claim claims the key until the given time, and returns a token. It returns
// sqsbatch.ErrDone if the key is complete, and sqsbatch.ErrClaimed if another caller
// has claimed it and its time has not passed.
func (s *Store) Claim(ctx context.Context, key string, until time.Time) (string, error) {
	return s.ClaimPayload(ctx, key, "", until)
}

// ClaimPayload is Claim with the hash of the message's payload. If the key is complete
// or claimed with another hash, the error wraps a *sqsbatch.PayloadError; for a claimed
// key also sqsbatch.ErrClaimed, because the claim may be released. An empty hash, or an
// item without one, is not compared.
func (s *Store) ClaimPayload(ctx context.Context, key, payloadHash string, until time.Time) (string, error) {
	// Random, because execution environments do not know of each other. All attempts
	// of the client have the same token.
	token := rand.Text()
	now := time.Now()

	a := s.options.Attributes
	item := map[string]types.AttributeValue{
		a.Key:          text(s.partitionKey(key)),
		a.State:        text(inProgress),
		a.Token:        text(token),
		a.ClaimedUntil: number(ceil(until.UnixNano(), time.Millisecond)),
		a.ExpiresAt:    number(ceil(until.UnixNano(), time.Second)),
	}
	if payloadHash != "" {
		item[a.PayloadHash] = text(payloadHash)
	}

	_, err := s.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:           &s.options.Table,
		Item:                item,
		ConditionExpression: aws.String(isFree),
		ExpressionAttributeNames: map[string]string{
			"#key":           a.Key,
			"#state":         a.State,
			"#claimed_until": a.ClaimedUntil,
			"#expires_at":    a.ExpiresAt,
		},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":in_progress": text(inProgress),
			":done":        text(done),
			":now_ms":      number(now.UnixMilli()),
			":now_s":       number(now.Unix()),
		},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	existing, err := s.existing(err)
	if err == nil && existing != nil {
		err = existing.refuseClaim(key, token, payloadHash)
	}
	if err != nil {
		return "", fmt.Errorf("put claim: %w", err)
	}
	return token, nil
}

// refuseClaim returns why the existing item prevents a claim with the token. It
// returns nil if the item is that claim: the response to an earlier attempt was lost.
func (i *item) refuseClaim(key, token, payloadHash string) error {
	var other error
	if payloadHash != "" && i.payloadHash != "" && payloadHash != i.payloadHash {
		other = &sqsbatch.PayloadError{
			Key:    key,
			Hash:   payloadHash,
			Stored: i.payloadHash,
		}
	}

	switch {
	case i.state == inProgress && i.token == token:
		return nil
	case i.state == inProgress && other != nil:
		return fmt.Errorf("%w: %w", sqsbatch.ErrClaimed, other)
	case i.state == inProgress:
		return sqsbatch.ErrClaimed
	case i.state == done && other != nil:
		return other
	case i.state == done:
		return sqsbatch.ErrDone
	}
	return i.unknown(key)
}

// Complete marks the key as complete, if the token still holds the claim. Otherwise
// its error wraps sqsbatch.ErrLost. It succeeds if the token has completed the key
// before.
func (s *Store) Complete(ctx context.Context, key, token string) error {
	a := s.options.Attributes
	_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:           &s.options.Table,
		Key:                 s.primaryKey(key),
		UpdateExpression:    aws.String(markDone),
		ConditionExpression: aws.String(isHeld),
		ExpressionAttributeNames: map[string]string{
			"#state":         a.State,
			"#token":         a.Token,
			"#claimed_until": a.ClaimedUntil,
			"#expires_at":    a.ExpiresAt,
		},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":in_progress": text(inProgress),
			":done":        text(done),
			":token":       text(token),
			":expires_at":  number(ceil(time.Now().Add(s.options.TTL).UnixNano(), time.Second)),
		},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	existing, err := s.existing(err)
	switch {
	case err != nil:
		return fmt.Errorf("complete claim: %w", err)
	case existing == nil, existing.state == done && existing.token == token:
		return nil
	}
	return fmt.Errorf("complete claim: %w", existing.refuseSettling(key))
}

// Release removes the claim, if the token still holds it. Otherwise its error wraps
// sqsbatch.ErrLost, or sqsbatch.ErrDone if the token has completed the key. It succeeds
// if the key has no item: it was released before, or the claim expired.
func (s *Store) Release(ctx context.Context, key, token string) error {
	a := s.options.Attributes
	_, err := s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName:           &s.options.Table,
		Key:                 s.primaryKey(key),
		ConditionExpression: aws.String(isHeld),
		ExpressionAttributeNames: map[string]string{
			"#state": a.State,
			"#token": a.Token,
		},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":in_progress": text(inProgress),
			":token":       text(token),
		},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	existing, err := s.existing(err)
	switch {
	case err != nil:
		return fmt.Errorf("release claim: %w", err)
	case existing == nil, existing.missing:
		return nil
	case existing.state == done && existing.token == token:
		return fmt.Errorf("release claim: %w", sqsbatch.ErrDone)
	}
	return fmt.Errorf("release claim: %w", existing.refuseSettling(key))
}

// refuseSettling returns why the token does not hold the claim.
func (i *item) refuseSettling(key string) error {
	switch {
	case i.missing:
		return fmt.Errorf("%w: the key has no item; the claim has ended", sqsbatch.ErrLost)
	case i.state == inProgress:
		return fmt.Errorf("%w, who has claimed the key", sqsbatch.ErrLost)
	case i.state == done:
		return fmt.Errorf("%w, who has completed the key", sqsbatch.ErrLost)
	}
	return i.unknown(key)
}

func (i *item) unknown(key string) error {
	return fmt.Errorf("%w %q of the item with key %q: another program writes to the table, or Attributes name another attribute", errState, i.state, key)
}
