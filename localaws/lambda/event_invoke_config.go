package lambda

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// invokeConfig is how asynchronous invocations of a function, version or alias
// are handled (LAM C34).
type invokeConfig struct {
	// Retries is the number of further attempts, 0 to 2; nil means 2.
	Retries *int
	// Age is the most seconds that an event waits, 60 to 21600; nil means 21600.
	Age *int
	// OnSuccess and OnFailure are ARNs of queues or functions, or empty.
	OnSuccess, OnFailure string
	// Modified is in service time.
	Modified time.Time
}

// Destination is the target of the record of an asynchronous invocation.
type Destination struct {
	// Destination is the ARN of an SQS queue or a function.
	Destination *string `json:"Destination,omitempty"`
}

// DestinationConfig holds the destinations of asynchronous invocations.
type DestinationConfig struct {
	// OnSuccess is the destination of records of successful invocations.
	OnSuccess *Destination `json:"OnSuccess"`
	// OnFailure is the destination of records of discarded events.
	OnFailure *Destination `json:"OnFailure"`
}

// FunctionEventInvokeConfigInput is the input of PutFunctionEventInvokeConfig and
// UpdateFunctionEventInvokeConfig.
type FunctionEventInvokeConfigInput struct {
	// FunctionName is the function's name, partial ARN or full ARN (LAM C2).
	FunctionName string `json:"-" path:"FunctionName"`
	// Qualifier is a version, an alias or $LATEST; empty means $LATEST.
	Qualifier string `json:"-" querystring:"Qualifier"`
	// MaximumRetryAttempts is the number of retries, 0 to 2.
	MaximumRetryAttempts *int `json:"MaximumRetryAttempts"`
	// MaximumEventAgeInSeconds is how long an event is kept for retries, 60 to 21600.
	MaximumEventAgeInSeconds *int `json:"MaximumEventAgeInSeconds"`
	// DestinationConfig holds the destinations.
	DestinationConfig *DestinationConfig `json:"DestinationConfig"`
}

// FunctionEventInvokeConfig is the configuration of asynchronous invocations as the API
// returns it (LAM C34).
type FunctionEventInvokeConfig struct {
	// FunctionArn is the ARN, qualified as in the request.
	FunctionArn string `json:"FunctionArn"`
	// LastModified is the time of the last change.
	LastModified awsapi.Timestamp `json:"LastModified"`
	// MaximumRetryAttempts is the number of retries, 0 to 2.
	MaximumRetryAttempts *int `json:"MaximumRetryAttempts,omitempty"`
	// MaximumEventAgeInSeconds is how long an event is kept for retries, 60 to 21600.
	MaximumEventAgeInSeconds *int `json:"MaximumEventAgeInSeconds,omitempty"`
	// DestinationConfig holds the destinations.
	DestinationConfig DestinationConfig `json:"DestinationConfig"`
}

func (i *invokeConfig) response(k functionKey, qualifier string) *FunctionEventInvokeConfig {
	return &FunctionEventInvokeConfig{
		FunctionArn:              k.qualifiedARN(qualifier),
		LastModified:             awsapi.Timestamp(i.Modified),
		MaximumRetryAttempts:     i.Retries,
		MaximumEventAgeInSeconds: i.Age,
		DestinationConfig:        DestinationConfig{destinationOf(i.OnSuccess), destinationOf(i.OnFailure)},
	}
}

func destinationOf(arn string) *Destination {
	if arn == "" {
		return &Destination{}
	}
	return &Destination{&arn}
}

// PutFunctionEventInvokeConfig is PutFunctionEventInvokeConfig: it replaces all.
func (s *Service) PutFunctionEventInvokeConfig(ctx context.Context, c *awsapi.Call, in *FunctionEventInvokeConfigInput) (*FunctionEventInvokeConfig, error) {
	return s.changeInvokeConfig(ctx, c, in, false)
}

// UpdateFunctionEventInvokeConfig is UpdateFunctionEventInvokeConfig: it merges.
func (s *Service) UpdateFunctionEventInvokeConfig(ctx context.Context, c *awsapi.Call, in *FunctionEventInvokeConfigInput) (*FunctionEventInvokeConfig, error) {
	return s.changeInvokeConfig(ctx, c, in, true)
}

func (s *Service) changeInvokeConfig(ctx context.Context, c *awsapi.Call, in *FunctionEventInvokeConfigInput, merge bool) (*FunctionEventInvokeConfig, error) {
	ref, err := parseReference(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}

	if err := in.check(ref); err != nil {
		return nil, err
	}

	ref.qualifier = qualifierOrLatest(ref.qualifier)
	if err := s.checkDestinations(ctx, ref, in); err != nil {
		return nil, err
	}

	s.mu.Lock()
	f := s.functions[ref.functionKey]
	if f == nil || !f.has(ref.qualifier) {
		s.mu.Unlock()
		return nil, errNotFound.With("The function doesn't exist.")
	}

	set := &invokeConfig{}
	if merge {
		old := f.invokeConfigs[ref.qualifier]
		if old == nil {
			s.mu.Unlock()
			return nil, invokeConfigNotFound(ref)
		}
		*set = *old
	}

	in.apply(set)
	set.Modified = s.opts.Clock.Now()
	f.invokeConfigs[ref.qualifier] = set
	commit := s.storeFunction(f)
	s.mu.Unlock()
	return set.response(f.functionKey, ref.qualifier), waitDurable(commit)
}

// checkDestinations refuses destinations that the function's role may not reach.
func (s *Service) checkDestinations(ctx context.Context, ref reference, in *FunctionEventInvokeConfigInput) error {
	if in.DestinationConfig == nil {
		return nil
	}

	s.mu.Lock()
	_, v, err := s.findVersion(ref)
	s.mu.Unlock()
	if err != nil {
		return errNotFound.With("The function doesn't exist.")
	}

	session, err := s.assume(ctx, v.Role, ref.functionKey)
	if err != nil {
		return err
	}

	for _, d := range []*Destination{in.DestinationConfig.OnSuccess, in.DestinationConfig.OnFailure} {
		if d == nil || deref(d.Destination) == "" {
			continue
		}

		arn, _ := awsapi.ParseARN(*d.Destination)
		action := targetAction(arn)
		if err := s.checkPermission(ctx, session.Caller, ref.region, action, *d.Destination); err != nil {
			return errParameter.With("The function's execution role does not have permissions to call %s on %s", action, *d.Destination)
		}
	}

	return nil
}

// check holds what LAM C34 says about the members.
func (in *FunctionEventInvokeConfigInput) check(ref reference) error {
	var check constraints
	check.between(in.MaximumRetryAttempts, "maximumRetryAttempts", 0, 2)
	check.between(in.MaximumEventAgeInSeconds, "maximumEventAgeInSeconds", 60, 21600)
	if err := check.err(); err != nil {
		return err
	}

	d := in.DestinationConfig
	if in.MaximumRetryAttempts == nil && in.MaximumEventAgeInSeconds == nil && d == nil {
		return errParameter.With("You must specify at least one of error handling or destination setting.")
	}

	if d == nil {
		return nil
	}

	for member, dest := range map[string]*Destination{"OnSuccess": d.OnSuccess, "OnFailure": d.OnFailure} {
		if dest == nil || deref(dest.Destination) == "" {
			continue
		}

		arn, _ := awsapi.ParseARN(*dest.Destination)
		switch {
		case arn.Service == "lambda" && splitReference(&awsapi.Call{}, *dest.Destination).functionKey == ref.functionKey:
			return errParameter.With("You can't specify the function as a destination for itself.")
		case arn.Service != "lambda":
			if err := checkTarget("DestinationConfig."+member, *dest.Destination); err != nil {
				return err
			}
		}
	}

	return nil
}

func (in *FunctionEventInvokeConfigInput) apply(set *invokeConfig) {
	if in.MaximumRetryAttempts != nil {
		set.Retries = in.MaximumRetryAttempts
	}

	if in.MaximumEventAgeInSeconds != nil {
		set.Age = in.MaximumEventAgeInSeconds
	}

	if d := in.DestinationConfig; d != nil {
		if d.OnSuccess != nil {
			set.OnSuccess = deref(d.OnSuccess.Destination)
		}
		if d.OnFailure != nil {
			set.OnFailure = deref(d.OnFailure.Destination)
		}
	}
}

func invokeConfigNotFound(ref reference) error {
	return errNotFound.With("The function %s doesn't have an EventInvokeConfig", ref.qualifiedARN(qualifierOrLatest(ref.qualifier)))
}

// GetFunctionEventInvokeConfig is GetFunctionEventInvokeConfig.
func (s *Service) GetFunctionEventInvokeConfig(_ context.Context, c *awsapi.Call, in *QualifiedInput) (*FunctionEventInvokeConfig, error) {
	ref, err := parseReference(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	ref.qualifier = qualifierOrLatest(ref.qualifier)
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.functions[ref.functionKey]; f != nil && f.invokeConfigs[ref.qualifier] != nil {
		return f.invokeConfigs[ref.qualifier].response(f.functionKey, ref.qualifier), nil
	}
	return nil, invokeConfigNotFound(ref)
}

// DeleteFunctionEventInvokeConfig is DeleteFunctionEventInvokeConfig.
func (s *Service) DeleteFunctionEventInvokeConfig(_ context.Context, c *awsapi.Call, in *QualifiedInput) (*awsapi.None, error) {
	ref, err := parseReference(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}

	ref.qualifier = qualifierOrLatest(ref.qualifier)
	s.mu.Lock()
	f := s.functions[ref.functionKey]
	if f == nil || f.invokeConfigs[ref.qualifier] == nil {
		s.mu.Unlock()
		return nil, invokeConfigNotFound(ref)
	}

	delete(f.invokeConfigs, ref.qualifier)
	commit := s.storeFunction(f)
	s.mu.Unlock()
	return &awsapi.None{}, waitDurable(commit)
}

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

// ListFunctionEventInvokeConfigs is ListFunctionEventInvokeConfigs.
func (s *Service) ListFunctionEventInvokeConfigs(_ context.Context, c *awsapi.Call, in *ListFunctionEventInvokeConfigsInput) (*ListFunctionEventInvokeConfigsOutput, error) {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}

	all := []*FunctionEventInvokeConfig{}
	err = s.readFunction(ref, func(f *function) error {
		for _, q := range sortedKeys(f.invokeConfigs) {
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
