package lambda

import (
	"context"
	"maps"
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// ListAliasesInput is the input of ListAliases.
type ListAliasesInput struct {
	Page
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
	// FunctionVersion selects the aliases of one version; empty selects all.
	FunctionVersion string `json:"-" querystring:"FunctionVersion"`
}

// ListAliasesOutput is the output of ListAliases.
type ListAliasesOutput struct {
	// Aliases is one page of aliases, sorted by name.
	Aliases []*AliasConfiguration `json:"Aliases"`
	// NextMarker is the Marker of the next page; empty on the last.
	NextMarker string `json:"NextMarker,omitempty"`
}

// ListAliases lists the aliases of a function, or of one version of it.
func (s *Service) ListAliases(_ context.Context, c *awsapi.Call, in *ListAliasesInput) (*ListAliasesOutput, error) {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}

	all := []*AliasConfiguration{}
	err = s.readFunction(ref, func(f *function) error {
		for _, name := range slices.Sorted(maps.Keys(f.aliases)) {
			a := f.aliases[name]

			// An alias points to a version directly or by a weight.
			_, weighted := a.Weights[in.FunctionVersion]
			if in.FunctionVersion == "" || a.Version == in.FunctionVersion || weighted {
				all = append(all, a.configuration(f.functionKey))
			}
		}

		return nil
	})
	if err != nil {
		return nil, err
	}

	list, next, err := paginate(in.Page, all, func(a *AliasConfiguration) string { return a.Name })
	if err != nil {
		return nil, err
	}

	return &ListAliasesOutput{list, next}, nil
}
