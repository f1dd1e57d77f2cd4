package lambda

import (
	"context"
	"maps"
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// ListFunctionEventInvokeConfigsInput is the input of ListFunctionEventInvokeConfigs.
type ListFunctionEventInvokeConfigsInput struct {
	Page
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
}

// ListFunctionEventInvokeConfigsOutput is the output of ListFunctionEventInvokeConfigs.
type ListFunctionEventInvokeConfigsOutput struct {
	// Configs is one page of configurations.
	Configs []*FunctionEventInvokeConfig `json:"FunctionEventInvokeConfigs"`
	// NextMarker is the Marker of the next page; empty on the last.
	NextMarker string `json:"NextMarker,omitempty"`
}

// ListFunctionEventInvokeConfigs lists the configurations of a function, its versions and
// its aliases.
func (s *Service) ListFunctionEventInvokeConfigs(_ context.Context, c *awsapi.Call, in *ListFunctionEventInvokeConfigsInput) (*ListFunctionEventInvokeConfigsOutput, error) {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}

	all := []*FunctionEventInvokeConfig{}
	err = s.readFunction(ref, func(f *function) error {
		for _, q := range slices.Sorted(maps.Keys(f.invokeConfigs)) {
			all = append(all, f.invokeConfigs[q].response(f.functionKey, q))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}

	list, next, err := paginate(in.Page, all, func(e *FunctionEventInvokeConfig) string { return e.FunctionArn })
	if err != nil {
		return nil, err
	}

	return &ListFunctionEventInvokeConfigsOutput{list, next}, nil
}
