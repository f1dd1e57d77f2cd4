// The retry function sends messages from a retry queue back to the source
// queue, later each time.
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

	"github.com/reliableq/reliableq/functions/journal"
	"github.com/reliableq/reliableq/functions/outbox"
	"github.com/reliableq/reliableq/functions/replay"
	"github.com/reliableq/reliableq/functions/setting"
)

// maxDelay is how long SQS can hide a new message.
const maxDelay = 15 * time.Minute

func main() {
	replayer, err := wire(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "retry:", err)
		os.Exit(1)
	}
	lambda.Start(replayer.Handle)
}

func wire(ctx context.Context) (*replay.Replayer, error) {
	env := setting.From(os.LookupEnv)
	queue, level := env.Text("SOURCE_QUEUE_NAME"), env.Level("LOG_LEVEL")
	replayer := &replay.Replayer{
		Level:       env.Whole("LEVEL", 1, math.MaxInt32),
		MaxAttempts: env.Whole("MAX_ATTEMPTS", 0, math.MaxInt32),
		Backoff:     replay.Policy(env.Seconds("BACKOFF_BASE_SECONDS", maxDelay), env.Seconds("BACKOFF_CAP_SECONDS", maxDelay)),
		Journal:     journal.New(os.Stdout, level),
	}
	if err := env.Err(); err != nil {
		return nil, err
	}
	client, err := outbox.Client(ctx)
	if err != nil {
		return nil, err
	}
	replayer.Queue, err = outbox.Open(ctx, client, queue)
	return replayer, err
}
