package outbox

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/sqsbatch/sqsclient"
)

// Client returns an SQS client that is configured by the usual AWS environment,
// including AWS_ENDPOINT_URL. Inside Lambda the SDK adds the trace header, with
// which Lambda detects recursive loops.
func Client(ctx context.Context) (*sqs.Client, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the AWS configuration: %w", err)
	}
	cfg.HTTPClient = sqsclient.ReadFullResponses(cfg.HTTPClient)
	return sqs.NewFromConfig(cfg), nil
}
