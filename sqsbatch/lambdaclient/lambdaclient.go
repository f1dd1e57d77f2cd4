// Package lambdaclient lets sqsbatch ask the AWS SDK's Lambda client how the
// event source mapping is set. It is apart from sqsbatch so that users of that
// alone do not need the SDK.
package lambdaclient

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/reliableq/reliableq/sqsbatch"
)

// API is what this package needs of *lambda.Client.
type API interface {
	// ListEventSourceMappings lists the mappings from a queue to a function.
	ListEventSourceMappings(context.Context, *lambda.ListEventSourceMappingsInput, ...func(*lambda.Options)) (*lambda.ListEventSourceMappingsOutput, error)
}

// ErrNoMapping is what the check answers when no mapping leads from the queue
// to the function.
var ErrNoMapping = errors.New("no event source mapping from the queue to the function")

// MappingCheck makes a check for sqsbatch.WithMappingCheck. The function's role
// needs lambda:ListEventSourceMappings.
func MappingCheck(client API) sqsbatch.MappingCheck {
	return func(ctx context.Context, queueARN, functionARN string) (bool, error) {
		out, err := client.ListEventSourceMappings(ctx, &lambda.ListEventSourceMappingsInput{EventSourceArn: &queueARN, FunctionName: &functionARN})
		if err != nil {
			return false, fmt.Errorf("list event source mappings: %w", err)
		}
		if len(out.EventSourceMappings) == 0 {
			return false, fmt.Errorf("%w: %s to %s", ErrNoMapping, queueARN, functionARN)
		}
		for _, mapping := range out.EventSourceMappings {
			if !slices.Contains(mapping.FunctionResponseTypes, types.FunctionResponseTypeReportBatchItemFailures) {
				return false, nil
			}
		}
		return true, nil
	}
}
