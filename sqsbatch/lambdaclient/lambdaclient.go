// Package lambdaclient implements sqsbatch.MappingCheck with the Lambda client of the
// AWS SDK. It is a separate package, so that sqsbatch itself does not depend on the
// SDK.
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

// API is the part of *lambda.Client that this package uses.
type API interface {
	// ListEventSourceMappings lists the mappings from a queue to a function.
	ListEventSourceMappings(context.Context, *lambda.ListEventSourceMappingsInput, ...func(*lambda.Options)) (*lambda.ListEventSourceMappingsOutput, error)
}

// ErrNoMapping is what the check returns if there is no mapping from the queue to the
// function.
var ErrNoMapping = errors.New("no event source mapping from the queue to the function")

// MappingCheck returns a check for [sqsbatch.WithMappingCheck]. The function's role
// needs lambda:ListEventSourceMappings. It returns nil if client is nil, which
// WithMappingCheck refuses.
func MappingCheck(client API) sqsbatch.MappingCheck {
	if client == nil {
		return nil
	}
	return func(ctx context.Context, queueARN, functionARN string) (bool, error) {
		out, err := client.ListEventSourceMappings(ctx, &lambda.ListEventSourceMappingsInput{EventSourceArn: &queueARN, FunctionName: &functionARN})
		if err != nil {
			return false, fmt.Errorf("list event source mappings: %w", err)
		}
		if len(out.EventSourceMappings) == 0 {
			return false, fmt.Errorf("%w: %s to %s", ErrNoMapping, queueARN, functionARN)
		}

		// Each of several mappings must have it: any of them may deliver a batch.
		for _, mapping := range out.EventSourceMappings {
			if !slices.Contains(mapping.FunctionResponseTypes, types.FunctionResponseTypeReportBatchItemFailures) {
				return false, nil
			}
		}

		return true, nil
	}
}
