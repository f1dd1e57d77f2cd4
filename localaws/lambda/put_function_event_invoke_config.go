package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// PutFunctionEventInvokeConfig replaces the configuration of asynchronous invocations.
func (s *Service) PutFunctionEventInvokeConfig(ctx context.Context, c *awsapi.Call, in *FunctionEventInvokeConfigInput) (*FunctionEventInvokeConfig, error) {
	return s.changeInvokeConfig(ctx, c, in, false)
}
