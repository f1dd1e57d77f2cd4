package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// UpdateAliasInput is the input of UpdateAlias.
type UpdateAliasInput struct {
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
	// Name is the alias's name.
	Name string `json:"-" path:"Name"`
	// FunctionVersion is the version to point to; empty keeps the present one.
	FunctionVersion string `json:"FunctionVersion"`
	// Description is free text, at most 256 characters.
	Description *string `json:"Description"`
	// RoutingConfig sends a share of the invocations to a second version.
	RoutingConfig *RoutingConfig `json:"RoutingConfig"`
	// RevisionId is the revision that the change expects, or empty (LAM C26).
	RevisionId string `json:"RevisionId"`
}

// UpdateAlias changes what the request gives and leaves the rest (LAM C26 to C28).
func (s *Service) UpdateAlias(_ context.Context, c *awsapi.Call, in *UpdateAliasInput) (*AliasConfiguration, error) {
	var check awsapi.Validation
	checkAlias(&check, in.Name, in.FunctionVersion, deref(in.Description))
	if err := check.Err(errValidation); err != nil {
		return nil, err
	}

	return s.changeAlias(c, in.FunctionName, func(f *function) (*alias, error) {
		old := f.aliases[in.Name]
		if old == nil {
			return nil, errNotFound.With("Alias not found: %s", f.qualifiedARN(in.Name))
		}

		if err := checkRevision(in.RevisionId, old.Revision); err != nil {
			return nil, err
		}

		// The change is made to a copy, which replaces the alias if it is valid.
		a := *old
		return &a, a.set(f, in.FunctionVersion, in.Description, in.RoutingConfig)
	})
}
