package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// CreateAliasInput is the input of CreateAlias.
type CreateAliasInput struct {
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
	// Name is the alias's name.
	Name string `json:"Name"`
	// FunctionVersion is the version that the alias points to.
	FunctionVersion string `json:"FunctionVersion"`
	// Description is free text, at most 256 characters.
	Description *string `json:"Description"`
	// RoutingConfig sends a share of the invocations to a second version.
	RoutingConfig *RoutingConfig `json:"RoutingConfig"`
}

// CreateAlias makes an alias for a version (LAM C27, C28).
func (s *Service) CreateAlias(_ context.Context, c *awsapi.Call, in *CreateAliasInput) (*AliasConfiguration, error) {
	var check awsapi.Validation
	check.Required("name", in.Name)
	check.Required("functionVersion", in.FunctionVersion)
	checkAlias(&check, in.Name, in.FunctionVersion, deref(in.Description))
	if err := check.Err(errValidation); err != nil {
		return nil, err
	}

	return s.changeAlias(c, in.FunctionName, func(f *function) (*alias, error) {
		if f.aliases[in.Name] != nil {
			return nil, errConflict.With("Alias already exists: %s", f.qualifiedARN(in.Name))
		}
		a := &alias{Name: in.Name}
		return a, a.set(f, in.FunctionVersion, in.Description, in.RoutingConfig)
	})
}
