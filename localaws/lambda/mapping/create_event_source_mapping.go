package mapping

import (
	"context"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// CreateEventSourceMappingInput is the input of CreateEventSourceMapping.
type CreateEventSourceMappingInput struct {
	ConfigurationInput
	// EventSourceARN is the queue's ARN. Required.
	EventSourceARN *string `json:"EventSourceArn,omitempty"`
	// StartingPosition is for streams, and refused.
	StartingPosition *string `json:"StartingPosition,omitempty"`
	// Tags are the mapping's tags, at most 50.
	Tags map[string]string `json:"Tags,omitempty"`
}

// CreateEventSourceMapping makes a mapping, which polls at once unless it is disabled. The
// response has the state Creating or Disabled, the next read Enabled or Disabled (LAM B3,
// B7 to B9, B12 to B19).
func (s *Service) CreateEventSourceMapping(ctx context.Context, c *awsapi.Call, in *CreateEventSourceMappingInput) (*Configuration, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}

	r := &storedConfiguration{
		Account:   c.Account,
		Region:    c.Region,
		QueueARN:  *in.EventSourceARN,
		FIFO:      strings.HasSuffix(*in.EventSourceARN, ".fifo"),
		Enabled:   true,
		BatchSize: 10,
		Tags:      in.Tags,
	}
	if err := in.apply(r); err != nil {
		return nil, err
	}

	// Then what depends on the function and the queue.
	fn, err := s.findFunction(c, *in.FunctionName)
	if err != nil {
		return nil, err
	}
	r.setFunction(fn)
	if err := r.checkConsistency(); err != nil {
		return nil, err
	}
	if err := s.checkQueue(ctx, r.QueueARN, fn); err != nil {
		return nil, err
	}

	return s.addMapping(r)
}

// validate checks what does not depend on the function and the queue.
func (in *CreateEventSourceMappingInput) validate() error {
	var check awsapi.Validation
	if in.FunctionName == nil {
		check.Add("functionName", nil, awsapi.NotNull)
	}
	if in.EventSourceARN != nil && !arnPattern.Matches(*in.EventSourceARN) {
		check.Add("eventSourceArn", *in.EventSourceARN, arnPattern.String())
	}
	in.constrain(&check)
	if err := check.Err(errValidation); err != nil {
		return err
	}

	// Then what AWS checks itself.
	if in.EventSourceARN == nil {
		return errParameter.With("Unrecognized event source.")
	}
	if a, ok := awsapi.ParseARN(*in.EventSourceARN); !ok || a.Service != "sqs" {
		return errParameter.With("The embedded AWS has event source mappings only for SQS, not for %s.", *in.EventSourceARN)
	}
	if in.StartingPosition != nil {
		return unsupported("StartingPosition")
	}
	if err := checkTags(in.Tags); err != nil {
		return err
	}
	return in.refuseUnsupported()
}

// addMapping stores a new mapping and starts its poller.
func (s *Service) addMapping(r *storedConfiguration) (*Configuration, error) {
	r.UUID = s.opts.Chance.UUID()
	r.Modified = s.opts.Clock.Now()
	m := &mapping{storedConfiguration: *r}

	s.mu.Lock()
	if err := s.checkDuplicate(r); err != nil {
		s.mu.Unlock()
		return nil, err
	}
	s.add(m)

	// Before Start, functions and queues are not ready.
	if m.Enabled && s.started {
		m.poller = newPoller(s, &m.storedConfiguration)
	}
	poller := m.poller
	commit := s.storeConfiguration(&m.storedConfiguration)
	s.mu.Unlock()

	// A mapping that is not durable must not poll.
	if err := waitDurable(commit); err != nil {
		s.mu.Lock()
		delete(s.mappings[r.scope()], r.UUID)
		s.mu.Unlock()
		return nil, err
	}

	if poller != nil {
		poller.start()
	}
	if r.Enabled {
		return r.configuration("Creating"), nil
	}
	return r.configuration("Disabled"), nil
}
