package dynamostore

import (
	"errors"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// separator separates the namespace and the key.
const separator = "#"

// The states of an item.
const (
	inProgress = "in_progress"
	done       = "done"
)

// item is the existing item that prevented a write.
type item struct {
	missing     bool // there is none
	state       string
	token       string
	payloadHash string
}

// existing returns the item that prevented a write, or nil if the write succeeded. It
// returns every error but a failed condition.
func (s *Store) existing(err error) (*item, error) {
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) {
		return nil, err
	}
	a := s.options.Attributes
	return &item{
		missing:     len(failed.Item) == 0,
		state:       textOf(failed.Item[a.State]),
		token:       textOf(failed.Item[a.Token]),
		payloadHash: textOf(failed.Item[a.PayloadHash]),
	}, nil
}

func (s *Store) partitionKey(key string) string { return s.options.Namespace + separator + key }

func (s *Store) primaryKey(key string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{s.options.Attributes.Key: text(s.partitionKey(key))}
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// textOf returns the value of a string attribute, and "" for any other.
func textOf(v types.AttributeValue) string {
	if s, ok := v.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

// ceil returns a time in nanoseconds in larger units, rounded up: nothing ends too soon.
func ceil(nanoseconds int64, unit time.Duration) int64 {
	return (nanoseconds + int64(unit) - 1) / int64(unit)
}
