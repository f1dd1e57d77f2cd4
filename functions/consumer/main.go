// Command consumer is the Lambda function that processes orders from the source
// queue.
//
// Environment: FAILURE_REPORTING (per_message, the default, or whole_batch);
// LOG_LEVEL (DEBUG, INFO, WARN, ERROR; by default INFO).
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/reliableq/reliableq/functions/consumer/consume"
	"github.com/reliableq/reliableq/functions/envconfig"
	"github.com/reliableq/reliableq/functions/jsonlog"
)

func main() {
	// Report all problems of the configuration at once: to correct one takes a deployment.
	env := envconfig.From(os.LookupEnv)
	reporting := env.Choice("FAILURE_REPORTING", consume.PerMessage, consume.WholeBatch)
	level := env.Level("LOG_LEVEL")
	handler, err := consume.New(reporting, jsonlog.New(os.Stdout, level))
	if err = errors.Join(env.Err(), err); err != nil {
		fmt.Fprintln(os.Stderr, "consumer:", err)
		os.Exit(1)
	}

	lambda.Start(handler)
}
