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

type destination struct {
	Destination *string `json:"Destination,omitempty"`
}

type destinationConfig struct {
	OnSuccess *destination `json:"OnSuccess"`
	OnFailure *destination `json:"OnFailure"`
}

type eventInvokeConfigInput struct {
	FunctionName             string             `json:"-" path:"FunctionName"`
	Qualifier                string             `json:"-" querystring:"Qualifier"`
	MaximumRetryAttempts     *int               `json:"MaximumRetryAttempts"`
	MaximumEventAgeInSeconds *int               `json:"MaximumEventAgeInSeconds"`
	DestinationConfig        *destinationConfig `json:"DestinationConfig"`
}

type eventInvokeConfig struct {
	FunctionArn              string            `json:"FunctionArn"`
	LastModified             awsapi.Timestamp  `json:"LastModified"`
	MaximumRetryAttempts     *int              `json:"MaximumRetryAttempts,omitempty"`
	MaximumEventAgeInSeconds *int              `json:"MaximumEventAgeInSeconds,omitempty"`
	DestinationConfig        destinationConfig `json:"DestinationConfig"`
}

func (i *invokeConfig) answer(k key, qualifier string) *eventInvokeConfig {
	return &eventInvokeConfig{
		FunctionArn: k.qualified(qualifier), LastModified: awsapi.Timestamp(i.Modified),
		MaximumRetryAttempts: i.Retries, MaximumEventAgeInSeconds: i.Age,
		DestinationConfig: destinationConfig{destinationOf(i.OnSuccess), destinationOf(i.OnFailure)},
	}
}

func destinationOf(arn string) *destination {
	if arn == "" {
		return &destination{}
	}
	return &destination{&arn}
}

// putEventInvokeConfig is PutFunctionEventInvokeConfig: it replaces all.
func (s *Service) putEventInvokeConfig(ctx context.Context, c *awsapi.Call, in *eventInvokeConfigInput) (*eventInvokeConfig, error) {
	return s.changeInvokeConfig(ctx, c, in, false)
}

// updateEventInvokeConfig is UpdateFunctionEventInvokeConfig: it merges.
func (s *Service) updateEventInvokeConfig(ctx context.Context, c *awsapi.Call, in *eventInvokeConfigInput) (*eventInvokeConfig, error) {
	return s.changeInvokeConfig(ctx, c, in, true)
}

func (s *Service) changeInvokeConfig(ctx context.Context, c *awsapi.Call, in *eventInvokeConfigInput, merge bool) (*eventInvokeConfig, error) {
	ref, err := parse(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if err := in.check(ref); err != nil {
		return nil, err
	}
	ref.qualifier = orLatest(ref.qualifier)
	if err := s.checkDestinations(ctx, ref, in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	f := s.functions[ref.key]
	if f == nil || !f.has(ref.qualifier) {
		s.mu.Unlock()
		return nil, errNotFound.With("The function doesn't exist.")
	}
	set := &invokeConfig{}
	if merge {
		old := f.invokes[ref.qualifier]
		if old == nil {
			s.mu.Unlock()
			return nil, noInvokeConfig(ref)
		}
		*set = *old
	}
	in.apply(set)
	set.Modified = s.opts.Clock.Now()
	f.invokes[ref.qualifier] = set
	commit := s.keepFunction(f)
	s.mu.Unlock()
	return set.answer(f.key, ref.qualifier), kept(commit)
}

// checkDestinations refuses destinations that the function's role may not reach.
func (s *Service) checkDestinations(ctx context.Context, ref reference, in *eventInvokeConfigInput) error {
	if in.DestinationConfig == nil {
		return nil
	}
	s.mu.Lock()
	_, v, err := s.look(ref)
	s.mu.Unlock()
	if err != nil {
		return errNotFound.With("The function doesn't exist.")
	}
	session, err := s.assume(ctx, v.Role, ref.key)
	if err != nil {
		return err
	}
	for _, d := range []*destination{in.DestinationConfig.OnSuccess, in.DestinationConfig.OnFailure} {
		if d == nil || text(d.Destination) == "" {
			continue
		}
		arn, _ := awsapi.ParseARN(*d.Destination)
		action := targetAction(arn)
		if err := s.permit(ctx, session.Caller, ref.region, action, *d.Destination); err != nil {
			return errParameter.With("The function's execution role does not have permissions to call %s on %s", action, *d.Destination)
		}
	}
	return nil
}

// check holds what LAM C34 says about the members.
func (in *eventInvokeConfigInput) check(ref reference) error {
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
	for member, dest := range map[string]*destination{"OnSuccess": d.OnSuccess, "OnFailure": d.OnFailure} {
		if dest == nil || text(dest.Destination) == "" {
			continue
		}
		arn, _ := awsapi.ParseARN(*dest.Destination)
		switch {
		case arn.Service == "lambda" && split(&awsapi.Call{}, *dest.Destination).key == ref.key:
			return errParameter.With("You can't specify the function as a destination for itself.")
		case arn.Service != "lambda":
			if err := checkTarget("DestinationConfig."+member, *dest.Destination); err != nil {
				return err
			}
		}
	}
	return nil
}

func (in *eventInvokeConfigInput) apply(set *invokeConfig) {
	if in.MaximumRetryAttempts != nil {
		set.Retries = in.MaximumRetryAttempts
	}
	if in.MaximumEventAgeInSeconds != nil {
		set.Age = in.MaximumEventAgeInSeconds
	}
	if d := in.DestinationConfig; d != nil {
		if d.OnSuccess != nil {
			set.OnSuccess = text(d.OnSuccess.Destination)
		}
		if d.OnFailure != nil {
			set.OnFailure = text(d.OnFailure.Destination)
		}
	}
}

func noInvokeConfig(ref reference) error {
	return errNotFound.With("The function %s doesn't have an EventInvokeConfig", ref.qualified(orLatest(ref.qualifier)))
}

// getEventInvokeConfig is GetFunctionEventInvokeConfig.
func (s *Service) getEventInvokeConfig(_ context.Context, c *awsapi.Call, in *qualifiedInput) (*eventInvokeConfig, error) {
	ref, err := parse(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	ref.qualifier = orLatest(ref.qualifier)
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.functions[ref.key]; f != nil && f.invokes[ref.qualifier] != nil {
		return f.invokes[ref.qualifier].answer(f.key, ref.qualifier), nil
	}
	return nil, noInvokeConfig(ref)
}

// deleteEventInvokeConfig is DeleteFunctionEventInvokeConfig.
func (s *Service) deleteEventInvokeConfig(_ context.Context, c *awsapi.Call, in *qualifiedInput) (*awsapi.None, error) {
	ref, err := parse(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	ref.qualifier = orLatest(ref.qualifier)
	s.mu.Lock()
	f := s.functions[ref.key]
	if f == nil || f.invokes[ref.qualifier] == nil {
		s.mu.Unlock()
		return nil, noInvokeConfig(ref)
	}
	delete(f.invokes, ref.qualifier)
	commit := s.keepFunction(f)
	s.mu.Unlock()
	return &awsapi.None{}, kept(commit)
}

type listInvokeConfigsInput struct {
	page
	FunctionName string `json:"-" path:"FunctionName"`
}

type listInvokeConfigsOutput struct {
	Configs    []*eventInvokeConfig `json:"FunctionEventInvokeConfigs"`
	NextMarker string               `json:"NextMarker,omitempty"`
}

// listEventInvokeConfigs is ListFunctionEventInvokeConfigs.
func (s *Service) listEventInvokeConfigs(_ context.Context, c *awsapi.Call, in *listInvokeConfigsInput) (*listInvokeConfigsOutput, error) {
	ref, err := parseUnqualified(c, in.FunctionName)
	if err != nil {
		return nil, err
	}
	all := []*eventInvokeConfig{}
	err = s.read(ref, func(f *function) error {
		for _, q := range sortedKeys(f.invokes) {
			all = append(all, f.invokes[q].answer(f.key, q))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	list, next, err := cut(in.page, all, func(e *eventInvokeConfig) string { return e.FunctionArn })
	if err != nil {
		return nil, err
	}
	return &listInvokeConfigsOutput{list, next}, nil
}
