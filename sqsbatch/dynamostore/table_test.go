package dynamostore_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

const (
	tableName    = "idempotency"
	partitionKey = "key"
	timeToLive   = "expires_at"
	maxKeyBytes  = 2048
)

// table is a DynamoDB table in memory, with DynamoDB's JSON protocol, so that the
// SDK's client is tested too. It implements PutItem, UpdateItem and DeleteItem as far
// as the store uses them, and refuses everything else by name.
type table struct {
	mu     sync.Mutex // guards what follows
	items  map[string]row
	faults []fault // of the next requests
	writes int     // requests that changed an item
	calls  int     // requests since inject was last called
}

// fault is an injected fault of one request.
type fault int

const (
	none     fault = iota
	throttle       // refused, with ProvisionedThroughputExceededException
	internal       // refused, with InternalServerError
	lost           // executed; the connection ends before the response
)

func newTable() *table { return &table{items: map[string]row{}} }

// request is the input of the three operations. Other members are refused.
type request struct {
	TableName                           string
	Item                                row
	Key                                 row
	ConditionExpression                 string
	UpdateExpression                    string
	ExpressionAttributeNames            map[string]string
	ExpressionAttributeValues           map[string]value
	ReturnValuesOnConditionCheckFailure string
}

// failure is an error response.
type failure struct {
	status  int
	Type    string `json:"__type"`
	Message string `json:"message"`
	Item    row    `json:",omitempty"`
}

func (f *failure) Error() string { return f.Type + ": " + f.Message }

func refused(code, message string) *failure {
	return &failure{status: http.StatusBadRequest, Type: "com.amazonaws.dynamodb.v20120810#" + code, Message: message}
}

func invalid(message string) error {
	return &failure{status: http.StatusBadRequest, Type: "com.amazon.coral.validate#ValidationException", Message: message}
}

// ServeHTTP executes one request.
func (t *table) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls++
	injected := none
	if len(t.faults) > 0 {
		injected = t.faults[0]
		t.faults = t.faults[1:]
	}

	var err error
	switch injected {
	case throttle:
		err = refused("ProvisionedThroughputExceededException", "The level of configured provisioned throughput for the table was exceeded.")
	case internal:
		f := refused("InternalServerError", "Internal server error")
		f.status = http.StatusInternalServerError
		err = f
	default:
		err = t.execute(r)
	}
	if injected == lost {
		panic(http.ErrAbortHandler) // net/http closes the connection
	}

	status, body := http.StatusOK, []byte("{}")
	var f *failure
	if errors.As(err, &f) {
		status = f.status
		body, _ = json.Marshal(f)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// execute decodes, validates and executes a request.
func (t *table) execute(r *http.Request) error {
	operation, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "DynamoDB_20120810.")
	if !ok {
		return refused("UnknownOperationException", "")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return refused("SerializationException", err.Error())
	}
	var in request
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return invalid("not implemented by the test's table: " + operation + ": " + err.Error())
	}
	if in.TableName != tableName {
		return refused("ResourceNotFoundException", "Requested resource not found")
	}
	if v := in.ReturnValuesOnConditionCheckFailure; v != "" && v != "ALL_OLD" && v != "NONE" {
		return invalid("ReturnValuesOnConditionCheckFailure: " + v)
	}

	for _, values := range []map[string]value{in.Item, in.Key, in.ExpressionAttributeValues} {
		for _, v := range values {
			if err := v.validate(); err != nil {
				return err
			}
		}
	}
	return t.write(operation, in)
}

// write executes one operation. PutItem and DeleteItem succeed without a condition.
func (t *table) write(operation string, in request) error {
	identity := in.Key
	if operation == "PutItem" {
		identity = in.Item
	}
	key, err := keyOf(identity, operation == "PutItem")
	if err != nil {
		return err
	}
	old := t.items[key]
	e := &expressions{names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues, used: map[string]bool{}}

	// Invalid expressions are refused whether or not the condition holds.
	holds := true
	if in.ConditionExpression != "" {
		if holds, err = e.condition(in.ConditionExpression, old); err != nil {
			return err
		}
	}
	changed := in.Item
	switch operation {
	case "PutItem", "DeleteItem":
		if in.UpdateExpression != "" || operation == "DeleteItem" && in.Item != nil {
			return invalid("a member of another operation")
		}
	case "UpdateItem":
		if changed, err = e.update(in.UpdateExpression, old); err != nil {
			return err
		}
		changed[partitionKey] = value{S: &key}
		for _, name := range e.names {
			if name == partitionKey {
				return invalid("One or more parameter values were invalid: Cannot update attribute " + name + ". This attribute is part of the key")
			}
		}
	default:
		return refused("UnknownOperationException", "not implemented by the test's table: "+operation)
	}
	if err := e.checkUsed(); err != nil {
		return err
	}

	if !holds {
		f := refused("ConditionalCheckFailedException", "The conditional request failed")
		if in.ReturnValuesOnConditionCheckFailure == "ALL_OLD" {
			f.Item = old
		}
		return f
	}
	t.writes++
	if operation == "DeleteItem" {
		delete(t.items, key)
		return nil
	}
	t.items[key] = changed
	return nil
}

// keyOf returns the partition key of an item or a primary key.
func keyOf(from row, item bool) (string, error) {
	v, ok := from[partitionKey]
	switch {
	case !ok && item:
		return "", invalid("One or more parameter values were invalid: Missing the key " + partitionKey + " in the item")
	case !ok, !item && len(from) != 1:
		return "", invalid("The provided key element does not match the schema")
	case v.S == nil:
		return "", invalid("One or more parameter values were invalid: Type mismatch for key " + partitionKey)
	case *v.S == "":
		return "", invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: " + partitionKey)
	case len(*v.S) > maxKeyBytes:
		return "", invalid(fmt.Sprintf("One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of %d bytes", maxKeyBytes))
	}
	return *v.S, nil
}

// expire deletes the items whose time to live has passed, as DynamoDB does at some
// time after it.
func (t *table) expire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.items, func(_ string, item row) bool {
		v := item[timeToLive]
		if v.N == nil {
			return false
		}
		at, err := strconv.ParseInt(*v.N, 10, 64)
		return err == nil && time.Now().Unix() >= at
	})
}

// inject sets the faults of the next requests, and returns the number of requests since
// it was last called.
func (t *table) inject(faults ...fault) (calls int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	calls = t.calls
	t.calls = 0
	t.faults = faults
	return calls
}

// attribute returns an attribute of an item as text.
func (t *table) attribute(key, name string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := t.items[key][name]
	switch {
	case v.S != nil:
		return *v.S
	case v.N != nil:
		return *v.N
	}
	return ""
}

// Do executes a request of the SDK without a network, so that it takes no time in a
// bubble of testing/synctest.
func (t *table) Do(r *http.Request) (response *http.Response, err error) {
	defer func() {
		if recover() != nil {
			err = io.ErrUnexpectedEOF
		}
	}()
	recorder := httptest.NewRecorder()
	t.ServeHTTP(recorder, r)
	return recorder.Result(), nil
}

// client returns the SDK's client of a table, with three attempts.
func client(http aws.HTTPClient, endpoint string) *dynamodb.Client {
	return dynamodb.NewFromConfig(aws.Config{
		Region:       "eu-central-1",
		Credentials:  credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""),
		HTTPClient:   http,
		BaseEndpoint: &endpoint,
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts = 3
				o.RateLimiter = ratelimit.None
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
			})
		},
	})
}
