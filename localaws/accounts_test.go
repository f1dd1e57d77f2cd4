package localaws_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/reliableq/reliableq/localaws"
)

// TestParallelTestsUseAccountsOfOneServer gives each of many tests its own account or
// region by its access key: equal names, nothing shared.
func TestParallelTestsUseAccountsOfOneServer(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, localaws.Options{NoAuth: true})
	var mu sync.Mutex
	got := map[string]string{} // by the mapping's queue
	handler := func(_ context.Context, event []byte) ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		_, rest, _ := strings.Cut(string(event), `"body":"`)
		body, _, _ := strings.Cut(rest, `"`)
		_, rest, _ = strings.Cut(string(event), `"eventSourceARN":"`)
		arn, _, _ := strings.Cut(rest, `"`)
		got[arn] += body
		return []byte("{}"), nil
	}
	places := [][2]string{{"111111111111", "us-east-1"}, {"222222222222", "us-east-1"}, {"111111111111", "eu-west-1"}}
	for _, at := range places {
		account, region := at[0], at[1]
		cfg := w.in(account, region)
		if who := ok[*sts.GetCallerIdentityOutput](t)(sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)); *who.Account != account {
			t.Errorf("the access key %s belongs to %s", account, *who.Account)
		}
		role := "arn:aws:iam::" + account + ":role/any" // which need not exist here
		w.function(cfg, "f", &role, handler)
		queue := w.queue(cfg, "q", nil)
		if !strings.HasSuffix(*queue, "/"+account+"/q") {
			t.Errorf("queue address %s", *queue)
		}
		w.connect(cfg, "f", queueARN(account, region, "q"))
	}
	for _, at := range places {
		cfg := w.in(at[0], at[1])
		w.send(cfg, ok[*sqs.GetQueueUrlOutput](t)(sqs.NewFromConfig(cfg).GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: new("q")})).QueueUrl, at[0]+at[1])
	}
	w.settle()
	for _, at := range places {
		arn := queueARN(at[0], at[1], "q")
		if got[arn] != at[0]+at[1] {
			t.Errorf("the function of %s got %q", arn, got[arn])
		}
		if n := len(ok[*lambda.ListFunctionsOutput](t)(lambda.NewFromConfig(w.in(at[0], at[1])).ListFunctions(t.Context(), nil)).Functions); n != 1 {
			t.Errorf("%v lists %d functions", at, n)
		}
	}

	ok[[]string](t)(w.Reset(t.Context(), localaws.ResetScope{Account: "111111111111", Region: "us-east-1"}))
	for _, at := range places[1:] {
		cfg := w.in(at[0], at[1])
		if n := w.count(cfg, new(w.URL()+"/"+at[0]+"/q"), sqstypes.QueueAttributeNameApproximateNumberOfMessages); n != "0" {
			t.Errorf("%v: %s messages", at, n)
		}
	}
	if n := len(ok[*sqs.ListQueuesOutput](t)(sqs.NewFromConfig(w.in("111111111111", "us-east-1")).ListQueues(t.Context(), nil)).QueueUrls); n != 0 {
		t.Errorf("%d queues are left after the reset", n)
	}
}
