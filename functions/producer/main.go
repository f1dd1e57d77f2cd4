// Command producer is the Lambda function that sends orders to the source queue.
//
// Environment: QUEUE_NAME, PROJECT; BAD_RATIO (0 to 1, by default 0.1);
// LOG_LEVEL (DEBUG, INFO, WARN, ERROR; by default INFO).
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/reliableq/reliableq/functions/envconfig"
	"github.com/reliableq/reliableq/functions/jsonlog"
	"github.com/reliableq/reliableq/functions/outbox"
	"github.com/reliableq/reliableq/functions/producer/produce"
)

func main() {
	producer, err := newProducer(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "producer:", err)
		os.Exit(1)
	}
	lambda.Start(producer.Handle)
}

// newProducer returns a producer that is configured by the environment.
func newProducer(ctx context.Context) (*produce.Producer, error) {
	env := envconfig.From(os.LookupEnv)
	queue := env.String("QUEUE_NAME")
	level := env.Level("LOG_LEVEL")
	producer := &produce.Producer{
		Project:  env.String("PROJECT"),
		BadRatio: env.Share("BAD_RATIO", 0.1),
		Logger:   jsonlog.New(os.Stdout, level),
		Now:      time.Now,
	}

	// Do not call AWS with a configuration that is incomplete.
	if err := env.Err(); err != nil {
		return nil, err
	}

	client, err := outbox.Client(ctx)
	if err != nil {
		return nil, err
	}

	producer.Queue, err = outbox.Open(ctx, client, queue)
	return producer, err
}
