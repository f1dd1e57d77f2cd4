package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// ListVersionsByFunctionInput is the input of ListVersionsByFunction.
type ListVersionsByFunctionInput struct {
	Page
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
}

// ListVersionsByFunctionOutput is the output of ListVersionsByFunction.
type ListVersionsByFunctionOutput struct {
	// Versions is one page of versions, oldest first.
	Versions []*FunctionConfiguration `json:"Versions"`
	// NextMarker is the Marker of the next page; empty on the last.
	NextMarker string `json:"NextMarker,omitempty"`
}

// ListVersionsByFunction lists $LATEST and the published versions of a function, oldest
// first (LAM C3, C7).
func (s *Service) ListVersionsByFunction(_ context.Context, c *awsapi.Call, in *ListVersionsByFunctionInput) (*ListVersionsByFunctionOutput, error) {
	ref, err := parseReference(c, in.FunctionName, "")
	if err != nil {
		return nil, err
	}

	all := []*FunctionConfiguration{}
	err = s.readFunction(ref, func(f *function) error {
		for _, v := range f.versions() {
			all = append(all, v.listedConfiguration(f.functionKey, v.number))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}

	list, next, err := paginate(in.Page, all, versionMarker)
	if err != nil {
		return nil, err
	}

	return &ListVersionsByFunctionOutput{list, next}, nil
}
