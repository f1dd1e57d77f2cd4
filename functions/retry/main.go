// Command retry is the Lambda function that replays messages from a retry queue to
// the source queue, with a longer delay each time.
//
// Environment: SOURCE_QUEUE_NAME; LEVEL (from 1); MAX_ATTEMPTS (over this level
// and those before it); BACKOFF_BASE_SECONDS and BACKOFF_CAP_SECONDS (0 to 900);
// LOG_LEVEL (DEBUG, INFO, WARN, ERROR; by default INFO).
package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/reliableq/reliableq/functions/envconfig"
	"github.com/reliableq/reliableq/functions/jsonlog"
	"github.com/reliableq/reliableq/functions/outbox"
	"github.com/reliableq/reliableq/functions/retry/replay"
	"github.com/reliableq/reliableq/sqsbatch"
)

// maxDelay is the longest delivery delay of a message (SQS F6).
const maxDelay = 15 * time.Minute

func main() {
	handler, err := newHandler(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "retry:", err)
		os.Exit(1)
	}
	lambda.Start(handler)
}

// newHandler returns a handler that is configured by the environment.
func newHandler(ctx context.Context) (sqsbatch.Handler, error) {
	env := envconfig.From(os.LookupEnv)
	name := env.String("SOURCE_QUEUE_NAME")
	logLevel := env.Level("LOG_LEVEL")
	level := replay.Level{
		Number:      env.Int("LEVEL", 1, math.MaxInt32),
		MaxAttempts: env.Int("MAX_ATTEMPTS", 0, math.MaxInt32),
		Backoff:     replay.Policy(env.Seconds("BACKOFF_BASE_SECONDS", maxDelay), env.Seconds("BACKOFF_CAP_SECONDS", maxDelay)),
	}

	if err := env.Err(); err != nil {
		return nil, err
	}

	client, err := outbox.Client(ctx)
	if err != nil {
		return nil, err
	}

	source, err := outbox.Open(ctx, client, name)
	if err != nil {
		return nil, err
	}

	return replay.New(level, source, jsonlog.New(os.Stdout, logLevel))
}
