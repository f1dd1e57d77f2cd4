package lambda

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// invokeConfig is the configuration of asynchronous invocations of a function, version or
// alias (LAM C34). Its JSON is stored.
type invokeConfig struct {
	// Retries is the most attempts after the first, 0 to 2; nil means 2.
	Retries *int
	// Age is how long an event is retried, 60 to 21600 seconds; nil means 21600.
	Age *int
	// OnSuccess and OnFailure are ARNs of queues or functions, or empty.
	OnSuccess, OnFailure string
	// Modified is the time of the last change, in service time.
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
	// MaximumEventAgeInSeconds is how long an event is retried, 60 to 21600.
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
	// MaximumEventAgeInSeconds is how long an event is retried, 60 to 21600.
	MaximumEventAgeInSeconds *int `json:"MaximumEventAgeInSeconds,omitempty"`
	// DestinationConfig holds the destinations.
	DestinationConfig DestinationConfig `json:"DestinationConfig"`
}

// response returns the configuration as the API shows it.
func (i *invokeConfig) response(k functionKey, qualifier string) *FunctionEventInvokeConfig {
	return &FunctionEventInvokeConfig{
		FunctionArn:              k.qualifiedARN(qualifier),
		LastModified:             awsapi.Timestamp(i.Modified),
		MaximumRetryAttempts:     i.Retries,
		MaximumEventAgeInSeconds: i.Age,
		DestinationConfig:        DestinationConfig{destinationOf(i.OnSuccess), destinationOf(i.OnFailure)},
	}
}

// destinationOf returns a destination in a response, where an empty one is an empty object.
func destinationOf(arn string) *Destination {
	if arn == "" {
		return &Destination{}
	}
	return &Destination{&arn}
}

// changeInvokeConfig replaces the configuration of asynchronous invocations, or changes it
// where in gives a value if merge is set.
func (s *Service) changeInvokeConfig(ctx context.Context, c *awsapi.Call, in *FunctionEventInvokeConfigInput, merge bool) (*FunctionEventInvokeConfig, error) {
	ref, err := parseReference(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}

	if err := in.validate(ref); err != nil {
		return nil, err
	}

	ref.qualifier = qualifierOrLatest(ref.qualifier)
	if err := s.checkDestinations(ctx, ref, in); err != nil {
		return nil, err
	}

	// The function may have changed while IAM was asked.
	s.mu.Lock()
	f := s.functions[ref.functionKey]
	if f == nil || !f.has(ref.qualifier) {
		s.mu.Unlock()
		return nil, errNotFound.With("The function doesn't exist.")
	}

	set := &invokeConfig{}
	if merge {
		// Merging needs a configuration to merge into.
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

// checkDestinations checks that the function's role may send to the destinations.
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

		arn, _ := awsapi.ParseARN(*d.Destination) // validated
		action := targetAction(arn)
		if err := s.checkPermission(ctx, session.Caller, ref.Region, action, *d.Destination); err != nil {
			return errParameter.With("The function's execution role does not have permissions to call %s on %s", action, *d.Destination)
		}
	}

	return nil
}

// validate checks the members (LAM C34).
func (in *FunctionEventInvokeConfigInput) validate(ref reference) error {
	var check awsapi.Validation
	check.Between("maximumRetryAttempts", in.MaximumRetryAttempts, 0, 2)
	check.Between("maximumEventAgeInSeconds", in.MaximumEventAgeInSeconds, 60, 21600)
	if err := check.Err(errValidation); err != nil {
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

		arn, _ := awsapi.ParseARN(*dest.Destination) // checkTarget refuses what is none
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

// apply changes set where the request gives a value. An empty destination removes it.
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

// invokeConfigNotFound returns the error for a function without configuration of
// asynchronous invocations.
func invokeConfigNotFound(ref reference) error {
	return errNotFound.With("The function %s doesn't have an EventInvokeConfig", ref.qualifiedARN(qualifierOrLatest(ref.qualifier)))
}
