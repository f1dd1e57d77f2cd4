package functions_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/backoff"
	"github.com/reliableq/reliableq/functions/consumer/consume"
	"github.com/reliableq/reliableq/functions/jsonlog"
	"github.com/reliableq/reliableq/functions/order"
	"github.com/reliableq/reliableq/functions/outbox"
	"github.com/reliableq/reliableq/functions/retry/replay"
	"github.com/reliableq/reliableq/localaws/localawstest"
)

// Six hours of backoff: the consumer fails a message until it has been replayed 24
// times, and each replay is 15 minutes late. The embedded AWS, its SDK and both
// functions run in a bubble of testing/synctest, whose time advances when every
// goroutine waits: no socket, no child process, no sleep.
func TestSixHoursOfBackoff(t *testing.T) {
	began := time.Now() // machine time, outside the bubble
	synctest.Test(t, func(t *testing.T) {
		server := localawstest.New(t)
		client := sqs.NewFromConfig(server.Config())
		arn := "arn:aws:sqs:" + server.Region() + ":" + server.Account() + ":"
		for _, q := range []struct{ name, next string }{{"dead", ""}, {"retry", "dead"}, {"orders", "retry"}} {
			attributes := map[string]string{"VisibilityTimeout": "10"}
			if q.next != "" {
				attributes["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":1}`, arn+q.next)
			}
			if _, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &q.name, Attributes: attributes}); err != nil {
				t.Fatal(err)
			}
		}
		var log strings.Builder
		logger := jsonlog.New(&log, slog.LevelInfo)
		consumer, err := consume.New(consume.PerMessage, logger)
		if err != nil {
			t.Fatal(err)
		}
		server.Function(t, localawstest.Function{Name: "consumer", Queue: "orders", BatchSize: 5, ReportFailures: true, Handler: consumer})
		server.Function(t, localawstest.Function{
			Name: "retry", Queue: "retry", BatchSize: 5, ReportFailures: true,
			Handler: func(ctx context.Context, event events.SQSEvent) (events.SQSEventResponse, error) {
				source, err := outbox.Open(ctx, sqs.NewFromConfig(server.FunctionConfig(ctx)), "orders")
				if err != nil {
					return events.SQSEventResponse{}, err
				}
				quarter := backoff.Policy{Base: 15 * time.Minute, Cap: 15 * time.Minute, Jitter: backoff.None}
				handler, err := replay.New(replay.Level{Number: 1, MaxAttempts: 30, Backoff: quarter}, source, logger)
				if err != nil {
					return events.SQSEventResponse{}, err
				}
				return handler(ctx, event)
			},
		})

		start := time.Now() // the bubble's time
		orders, err := outbox.Open(t.Context(), client, "orders")
		if err != nil {
			t.Fatal(err)
		}
		heals := outbox.Message{Body: `{"order_id":"heals"}`}
		heals.Attributes = order.Draft{Store: 1}.Attributes("reliable", start)
		heals.Attributes[order.FailUntilReplay] = order.Number(24)
		if sent := orders.Send(t.Context(), []outbox.Message{heals}); sent[0].Err != nil {
			t.Fatal(sent[0].Err)
		}
		if err := server.Clock().Settle(t.Context()); err != nil {
			t.Fatal(err)
		}

		if took := time.Since(start); took < 6*time.Hour || took > 6*time.Hour+15*time.Minute {
			t.Errorf("the flow took %s, want 24 times 15 minutes and the visibility timeouts", took)
		}
		if n := strings.Count(log.String(), `"msg":"replayed"`); n != 24 {
			t.Errorf("%d replays, want 24", n)
		}
		if n := strings.Count(log.String(), `"msg":"processed"`); n != 1 {
			t.Errorf("processed %d times, want once", n)
		}
		for _, q := range server.Queues() {
			if q.Visible+q.InFlight+q.Delayed != 0 {
				t.Errorf("%s is not empty: %+v", q.Name, q)
			}
		}
	})
	t.Logf("six hours took %s", time.Since(began))
}
