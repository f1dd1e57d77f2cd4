package lambda

import (
	"maps"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// AliasInput is the input of GetAlias and DeleteAlias.
type AliasInput struct {
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
	// Name is the alias's name.
	Name string `json:"-" path:"Name"`
}

// RoutingConfig sends a share of an alias's invocations to a second version.
type RoutingConfig struct {
	// AdditionalVersionWeights holds a version and its share of the invocations, 0 to
	// 1.
	AdditionalVersionWeights map[string]float64 `json:"AdditionalVersionWeights"`
}

// AliasConfiguration is an alias as the API returns it (LAM C27).
type AliasConfiguration struct {
	// AliasArn is the alias's ARN.
	AliasArn string `json:"AliasArn"`
	// Description is free text, at most 256 characters.
	Description string `json:"Description"`
	// FunctionVersion is the version that the alias points to.
	FunctionVersion string `json:"FunctionVersion"`
	// Name is the alias's name.
	Name string `json:"Name"`
	// RevisionId changes with each update.
	RevisionId string `json:"RevisionId"`
	// RoutingConfig sends a share of the invocations to a second version.
	RoutingConfig *RoutingConfig `json:"RoutingConfig,omitempty"`
}

// configuration returns the alias as the API shows it.
func (a *alias) configuration(k functionKey) *AliasConfiguration {
	out := &AliasConfiguration{
		AliasArn:        k.qualifiedARN(a.Name),
		Description:     a.Description,
		FunctionVersion: a.Version,
		Name:            a.Name,
		RevisionId:      a.Revision,
	}
	if len(a.Weights) > 0 {
		out.RoutingConfig = &RoutingConfig{a.Weights}
	}
	return out
}

// changeAlias stores the alias that change returns, under a new revision.
func (s *Service) changeAlias(c *awsapi.Call, name string, change func(*function) (*alias, error)) (*AliasConfiguration, error) {
	ref, err := parseUnqualified(c, name)
	if err != nil {
		return nil, err
	}

	var out *AliasConfiguration
	err = s.changeFunction(ref, func(f *function) error {
		// If change fails, the alias in the map is as before.
		a, err := change(f)
		if err != nil {
			return err
		}

		a.Revision = s.opts.Chance.UUID()
		f.aliases[a.Name] = a
		out = a.configuration(f.functionKey)
		return nil
	})
	return out, err
}

// checkAlias checks members that CreateAlias and UpdateAlias share.
func checkAlias(check *awsapi.Validation, name, number, description string) {
	check.MaxLength("name", name, 128)
	check.Match("name", name, aliasPattern)
	check.Match("functionVersion", number, versionPattern)
	check.MaxLength("description", description, 256)
}

// set changes the alias to point to a version and to route to a second one. Empty and nil
// arguments change nothing. It checks the result (LAM C28).
func (a *alias) set(f *function, version string, description *string, routing *RoutingConfig) error {
	if version != "" {
		a.Version = version
	}
	setIfGiven(&a.Description, description)
	if routing != nil {
		a.Weights = maps.Clone(routing.AdditionalVersionWeights)
	}

	// Both versions must exist, and be different published versions.
	if f.versionByNumber(a.Version) == nil {
		return errNotFound.With("Function not found: %s", f.qualifiedARN(a.Version))
	}
	if len(a.Weights) > 1 {
		return errParameter.With("Number of items in AdditionalVersionWeights cannot be greater than 1")
	}
	for other, weight := range a.Weights {
		switch {
		case a.Version == latest || other == latest:
			return errParameter.With("$LATEST is not supported for an alias pointing to more than 1 version")
		case other == a.Version:
			return errParameter.With("Invalid function version %s. Function version %s is already included in routing configuration.", other, other)
		case f.versionByNumber(other) == nil:
			return errNotFound.With("Function not found: %s", f.qualifiedARN(other))
		case !(weight >= 0 && weight <= 1):
			return errParameter.With("Routing weight %v of version %s is not between 0 and 1", weight, other)
		}
	}
	return nil
}

// alias is a name for one version, or for two with weights. Its JSON is stored.
type alias struct {
	// Name is the name.
	Name string
	// Description is free text.
	Description string
	// Version is the version it points to.
	Version string
	// Weights is the share of the invocations of a second version (LAM C27).
	Weights map[string]float64
	// Revision changes with each update.
	Revision string
}
