package lambda

import (
	"context"
	"maps"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// RoutingConfig sends a share of an alias's invocations to a second version.
type RoutingConfig struct {
	// AdditionalVersionWeights holds a version and its share of the invocations, 0 to
	// 1.
	AdditionalVersionWeights map[string]float64 `json:"AdditionalVersionWeights"`
}

// AliasConfiguration is an alias as the API answers it (LAM C27).
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

// createAlias is CreateAlias (LAM C27, C28).
func (s *Service) createAlias(_ context.Context, c *awsapi.Call, in *CreateAliasInput) (*AliasConfiguration, error) {
	var check constraints
	check.require(in.Name, "name")
	check.require(in.FunctionVersion, "functionVersion")
	checkAlias(&check, in.Name, in.FunctionVersion, deref(in.Description))
	if err := check.err(); err != nil {
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

// updateAlias is UpdateAlias (LAM C26 to C28).
func (s *Service) updateAlias(_ context.Context, c *awsapi.Call, in *UpdateAliasInput) (*AliasConfiguration, error) {
	var check constraints
	checkAlias(&check, in.Name, in.FunctionVersion, deref(in.Description))
	if err := check.err(); err != nil {
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

		a := *old
		return &a, a.set(f, in.FunctionVersion, in.Description, in.RoutingConfig)
	})
}

// changeAlias stores the alias that change makes.
func (s *Service) changeAlias(c *awsapi.Call, name string, change func(*function) (*alias, error)) (*AliasConfiguration, error) {
	ref, err := parseUnqualified(c, name)
	if err != nil {
		return nil, err
	}

	var out *AliasConfiguration
	err = s.changeFunction(ref, func(f *function) error {
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

func checkAlias(check *constraints, name, number, description string) {
	check.atMost(name, "name", 128)
	if name != "" && (!aliasPattern.re.MatchString(name) || digits.MatchString(name)) {
		check.add("'"+name+"'", "name", "Member must satisfy regular expression pattern: "+aliasPatternText)
	}
	check.matches(number, "functionVersion", versionPattern)
	check.atMost(description, "description", 256)
}

// set changes what is given, and refuses routing that cannot be (LAM C28).
func (a *alias) set(f *function, number string, description *string, routing *RoutingConfig) error {
	if number != "" {
		a.Version = number
	}

	setIfGiven(&a.Description, description)
	if routing != nil {
		a.Weights = maps.Clone(routing.AdditionalVersionWeights)
	}

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

// AliasInput is the input of GetAlias and DeleteAlias.
type AliasInput struct {
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
	// Name is the alias's name.
	Name string `json:"-" path:"Name"`
}

// getAlias is GetAlias.
func (s *Service) getAlias(_ context.Context, c *awsapi.Call, in *AliasInput) (*AliasConfiguration, error) {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.functions[ref.functionKey]; f != nil && f.aliases[in.Name] != nil {
		return f.aliases[in.Name].configuration(f.functionKey), nil
	}
	return nil, errNotFound.With("Cannot find alias arn: %s", ref.qualifiedARN(in.Name))
}

// deleteAlias is DeleteAlias; one that is not there is no error (LAM C28).
func (s *Service) deleteAlias(_ context.Context, c *awsapi.Call, in *AliasInput) (*awsapi.None, error) {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}

	return &awsapi.None{}, s.changeFunction(ref, func(f *function) error {
		if f.aliases[in.Name] != nil {
			delete(f.aliases, in.Name)
			delete(f.policies, in.Name)
			delete(f.invokeConfigs, in.Name)
		}
		return nil
	})
}

type listAliasesInput struct {
	Page
	FunctionName    string `json:"-" path:"FunctionName"`
	FunctionVersion string `json:"-" querystring:"FunctionVersion"`
}

type listAliasesOutput struct {
	Aliases    []*AliasConfiguration `json:"Aliases"`
	NextMarker string                `json:"NextMarker,omitempty"`
}

// listAliases is ListAliases.
func (s *Service) listAliases(_ context.Context, c *awsapi.Call, in *listAliasesInput) (*listAliasesOutput, error) {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}

	all := []*AliasConfiguration{}
	err = s.readFunction(ref, func(f *function) error {
		for _, name := range sortedKeys(f.aliases) {
			a := f.aliases[name]
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

	return &listAliasesOutput{list, next}, nil
}
