package dynamostore_test

import (
	"errors"
	"fmt"
	"math"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/reliableq/reliableq/sqsbatch"
	"github.com/reliableq/reliableq/sqsbatch/dynamostore"
	"github.com/reliableq/reliableq/sqsbatch/sqsclient"
)

// overHTTP returns a store whose requests use the network, as on AWS.
func overHTTP(t *testing.T) (*table, *dynamostore.Store) {
	t.Helper()
	items := newTable()
	server := httptest.NewServer(items)
	t.Cleanup(server.Close)
	http := sqsclient.ReadFullResponses(awshttp.NewBuildableClient())
	return items, place{client: client(http, server.URL), table: tableName}.store(t, "orders", time.Hour)
}

func TestLostResponsesAndThrottlingAreRetried(t *testing.T) {
	t.Parallel()
	for _, faults := range [][]fault{{lost}, {lost, lost}, {lost, throttle}, {throttle, lost}, {throttle, internal}} {
		t.Run(fmt.Sprint(faults), func(t *testing.T) {
			t.Parallel()
			items, s := overHTTP(t)
			operation := func(what string, err error) {
				t.Helper()
				if err != nil {
					t.Errorf("%s: %v", what, err)
				}
				if calls, want := items.inject(faults...), len(faults)+1; calls != want {
					t.Errorf("%s: %d requests, want %d", what, calls, want)
				}
			}

			items.inject(faults...)
			token, err := s.Claim(t.Context(), "a", in(time.Minute))
			operation("claim", err)
			operation("release", s.Release(t.Context(), "a", token))
			token, err = s.Claim(t.Context(), "a", in(time.Minute))
			operation("claim again", err)
			operation("complete", s.Complete(t.Context(), "a", token))
			if _, err := s.Claim(t.Context(), "a", in(time.Minute)); !errors.Is(err, sqsbatch.ErrDone) {
				t.Errorf("claim of a complete key: %v", err)
			}
			if items.writes != 4 {
				t.Errorf("%d writes, want 4: a repeated attempt has written again", items.writes)
			}
		})
	}
}

func TestErrorOfTheTableIsNeitherDoneNorClaimed(t *testing.T) {
	t.Parallel()
	items, s := overHTTP(t)
	for _, injected := range []fault{throttle, internal} {
		items.inject(injected, injected, injected)
		_, err := s.Claim(t.Context(), "a", in(time.Minute))
		if err == nil || errors.Is(err, sqsbatch.ErrDone) || errors.Is(err, sqsbatch.ErrClaimed) || !strings.HasPrefix(err.Error(), "put claim: ") {
			t.Errorf("fault %v: %v", injected, err)
		}
	}

	// The claim was written, but no response came: it ends by itself.
	items.inject(lost, throttle, throttle)
	if _, err := s.Claim(t.Context(), "b", in(time.Minute)); err == nil {
		t.Error("claimed without a response")
	}
	if _, err := s.Claim(t.Context(), "b", in(time.Minute)); !errors.Is(err, sqsbatch.ErrClaimed) {
		t.Errorf("claim after a lost one: %v", err)
	}
}

func TestItemHasTheDocumentedAttributes(t *testing.T) {
	t.Parallel()
	items, s := overHTTP(t)
	token, err := s.ClaimPayload(t.Context(), "a", "h1", time.UnixMilli(4_000_000_000_001))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"key": "orders#a", "state": "in_progress", "token": token, "claimed_until": "4000000000001", "payload_hash": "h1", "expires_at": "4000000001",
	} {
		if got := items.attribute("orders#a", name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if err := s.Complete(t.Context(), "a", token); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"state": "done", "token": token, "claimed_until": "", "payload_hash": "h1"} {
		if got := items.attribute("orders#a", name); got != want {
			t.Errorf("complete: %s is %q, want %q", name, got, want)
		}
	}
}

func TestItemOfAnotherProgramIsAnError(t *testing.T) {
	t.Parallel()
	items, s := overHTTP(t)
	name, state, token := "orders#a", "COMPLETED", "x"
	items.items[name] = row{partitionKey: {S: &name}, "state": {S: &state}, "token": {S: &token}}
	_, claimed := s.Claim(t.Context(), "a", in(time.Minute))
	for what, err := range map[string]error{
		"claim":    claimed,
		"complete": s.Complete(t.Context(), "a", token),
		"release":  s.Release(t.Context(), "a", token),
	} {
		if err == nil || errors.Is(err, sqsbatch.ErrClaimed) || errors.Is(err, sqsbatch.ErrDone) || !strings.Contains(err.Error(), `unknown state "COMPLETED"`) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*dynamostore.Options){
		"no table":                     func(o *dynamostore.Options) { o.Table = "" },
		"no namespace":                 func(o *dynamostore.Options) { o.Namespace = "" },
		`namespace "a#b" contains`:     func(o *dynamostore.Options) { o.Namespace = "a#b" },
		"TTL -1s is negative":          func(o *dynamostore.Options) { o.TTL = -time.Second },
		"is above 100 years":           func(o *dynamostore.Options) { o.TTL = math.MaxInt64 },
		`have the name "state"`:        func(o *dynamostore.Options) { o.Attributes.Token = "state" },
		`have the name "payload_hash"`: func(o *dynamostore.Options) { o.Attributes.State = "payload_hash" },
	} {
		t.Run(want, func(t *testing.T) {
			options := dynamostore.Options{Table: "t", Namespace: "n"}
			change(&options)
			if _, err := dynamostore.New(&dynamodb.Client{}, options); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := dynamostore.New(nil, dynamostore.Options{}); err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("three errors: %v", err)
	}
}

func TestAttributesHaveTheGivenNames(t *testing.T) {
	t.Parallel()
	items := newTable()
	s, err := dynamostore.New(client(items, "http://dynamodb.invalid"), dynamostore.Options{
		Table:      tableName,
		Namespace:  "n",
		Attributes: dynamostore.Attributes{State: "size", Token: "owner", ClaimedUntil: "until", PayloadHash: "sum", ExpiresAt: "ttl"},
	})
	if err != nil {
		t.Fatal(err)
	}
	token, err := s.ClaimPayload(t.Context(), "a", "h", in(time.Minute))
	if err != nil || s.Complete(t.Context(), "a", token) != nil {
		t.Fatal(err)
	}
	if _, err := s.Claim(t.Context(), "a", in(time.Minute)); !errors.Is(err, sqsbatch.ErrDone) {
		t.Errorf("claim of a complete key: %v", err)
	}
	if item := items.items["n#a"]; len(item) != 5 || item["size"].S == nil || item["owner"].S == nil || item["sum"].S == nil || item["ttl"].N == nil {
		t.Errorf("item %v", item)
	}
}

// What the table in memory does not implement, it refuses by name.
func TestTableInMemoryRefusesTheRest(t *testing.T) {
	t.Parallel()
	c := client(newTable(), "http://dynamodb.invalid")
	name, key := tableName, map[string]types.AttributeValue{"key": &types.AttributeValueMemberS{Value: "a"}}
	put := func(condition string, names map[string]string, values map[string]types.AttributeValue) error {
		_, err := c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &name, Item: key, ConditionExpression: &condition, ExpressionAttributeNames: names, ExpressionAttributeValues: values})
		return err
	}
	_, get := c.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &name, Key: key})
	_, binary := c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &name, Item: map[string]types.AttributeValue{"key": &types.AttributeValueMemberB{Value: []byte("a")}}})
	other := "other"
	_, missing := c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &other, Item: key})
	one := map[string]types.AttributeValue{":v": &types.AttributeValueMemberN{Value: "1"}}

	for want, err := range map[string]error{
		"GetItem":                      get,
		"unknown field \"B\"":          binary,
		"Requested resource not found": missing,
		"begins_with":                  put("begins_with(#k, :v)", map[string]string{"#k": "key"}, one),
		`not implemented by the test's table: "<>"`: put("#k <> :v", map[string]string{"#k": "key"}, one),
		"unused in expressions: keys: {#x}":         put("#k = :v", map[string]string{"#k": "key", "#x": "x"}, one),
		"not defined; attribute value: :v":          put("#k = :v", map[string]string{"#k": "key"}, nil),
		"where it needs a name":                     put("attribute_exists(state)", nil, nil),
		"The conditional request failed":            put("#k = :v OR NOT #k < :v AND attribute_exists(#k)", map[string]string{"#k": "key"}, one),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	if err := put("attribute_not_exists(#k) OR #k = :v AND #k < :v", map[string]string{"#k": "key"}, one); err != nil {
		t.Errorf("AND binds more than OR: %v", err)
	}
}
