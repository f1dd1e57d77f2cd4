package outbox

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/reliableq/reliableq/sqsbatch/sqsclient"
)

// Client makes an SQS client of the usual AWS environment. The endpoint is that
// of AWS_ENDPOINT_URL where it is set. Inside Lambda the SDK adds the trace
// header by itself, by which Lambda finds chains that go in circles.
func Client(ctx context.Context) (*sqs.Client, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the AWS configuration: %w", err)
	}
	cfg.HTTPClient = sqsclient.WholeAnswers(cfg.HTTPClient)
	return sqs.NewFromConfig(cfg), nil
}
