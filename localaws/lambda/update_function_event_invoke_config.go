package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// UpdateFunctionEventInvokeConfig changes the configuration of asynchronous invocations
// where the request gives a value.
func (s *Service) UpdateFunctionEventInvokeConfig(ctx context.Context, c *awsapi.Call, in *FunctionEventInvokeConfigInput) (*FunctionEventInvokeConfig, error) {
	return s.changeInvokeConfig(ctx, c, in, true)
}
