package lambda

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// ListFunctionsInput is the input of ListFunctions.
type ListFunctionsInput struct {
	Page
	// FunctionVersion is ALL for all versions, or empty for $LATEST.
	FunctionVersion string `json:"-" querystring:"FunctionVersion"`
	// MasterRegion is for Lambda@Edge, and refused.
	MasterRegion string `json:"-" querystring:"MasterRegion"`
}

// ListFunctionsOutput is the output of ListFunctions.
type ListFunctionsOutput struct {
	// Functions is one page of functions, sorted by name.
	Functions []*FunctionConfiguration `json:"Functions"`
	// NextMarker is the Marker of the next page; empty on the last.
	NextMarker string `json:"NextMarker,omitempty"`
}

// ListFunctions lists functions by name, or all their versions (LAM C3, C7).
func (s *Service) ListFunctions(_ context.Context, c *awsapi.Call, in *ListFunctionsInput) (*ListFunctionsOutput, error) {
	var check awsapi.Validation
	check.OneOf("functionVersion", in.FunctionVersion, "ALL")
	if err := check.Err(errValidation); err != nil {
		return nil, err
	}

	if in.MasterRegion != "" {
		return nil, notEmbedded("MasterRegion", "there are no functions replicated from another region")
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	// Sorted by name, so that a marker identifies a position.
	all := []*FunctionConfiguration{}
	for _, k := range slices.SortedFunc(maps.Keys(s.functions), func(a, b functionKey) int { return strings.Compare(a.name, b.name) }) {
		switch f := s.functions[k]; {
		case k.Scope != c.Scope():
		case in.FunctionVersion == "ALL":
			for _, v := range f.versions() {
				all = append(all, v.listedConfiguration(k, v.number))
			}
		default:
			all = append(all, f.latest.listedConfiguration(k, ""))
		}
	}

	list, next, err := paginate(in.Page, all, versionMarker)
	if err != nil {
		return nil, err
	}

	return &ListFunctionsOutput{list, next}, nil
}

// versionMarker returns the marker of a version in lists: a function's $LATEST comes
// first, then its versions in ascending order.
func versionMarker(cfg *FunctionConfiguration) string {
	v := version{number: cfg.Version}
	return fmt.Sprintf("%s:%010d", cfg.FunctionName, v.numberAsInt())
}
