package mapping

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// UpdateEventSourceMappingInput is the input of UpdateEventSourceMapping.
type UpdateEventSourceMappingInput struct {
	ConfigurationInput
	// UUID identifies the mapping. Required.
	UUID string `json:"-" path:"UUID"`
}

// UpdateEventSourceMapping changes a mapping where the request gives a value. It checks
// the whole again, apart from the function and the queue of a mapping that becomes
// disabled: they may have been deleted, and that may be why it is disabled. Messages that
// are with the function keep the old configuration (LAM B2, B8, B10).
func (s *Service) UpdateEventSourceMapping(ctx context.Context, c *awsapi.Call, in *UpdateEventSourceMappingInput) (*Configuration, error) {
	var check awsapi.Validation
	in.constrain(&check)
	if err := check.Err(errValidation); err != nil {
		return nil, err
	}
	if err := in.refuseUnsupported(); err != nil {
		return nil, err
	}

	// Functions and queues are asked without the lock, while other changes are refused.
	m, r, err := s.beginChange(c, in.UUID, "update")
	if err != nil {
		return nil, err
	}
	if err := s.applyChange(ctx, c, &in.ConfigurationInput, &r); err != nil {
		s.mu.Lock()
		m.changing = false
		s.mu.Unlock()
		return nil, err
	}
	return s.replaceConfiguration(m, &r)
}

// beginChange marks a mapping as being changed, so that other changes are refused, and
// returns a copy of its configuration (LAM B10).
func (s *Service) beginChange(c *awsapi.Call, uuid, verb string) (*mapping, storedConfiguration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.findMapping(c.Scope(), uuid)
	if err != nil {
		return nil, storedConfiguration{}, err
	}
	if m.changing {
		return nil, storedConfiguration{}, errInUse.With("Cannot %s the event source mapping because it is in use.", verb)
	}
	m.changing = true
	return m, m.storedConfiguration, nil
}

// applyChange applies a request to r and checks the result.
func (s *Service) applyChange(ctx context.Context, c *awsapi.Call, in *ConfigurationInput, r *storedConfiguration) error {
	if err := in.apply(r); err != nil {
		return err
	}
	if err := r.checkConsistency(); err != nil {
		return err
	}
	if !r.Enabled && in.FunctionName == nil {
		return nil
	}

	// Without a new name the function is looked up again: its role may have changed.
	name := r.FunctionARN
	setIfGiven(&name, in.FunctionName)
	fn, err := s.findFunction(c, name)
	if err != nil {
		return err
	}
	r.setFunction(fn)
	return s.checkQueue(ctx, r.QueueARN, fn)
}

// replaceConfiguration replaces m's configuration by r, and starts, stops or reconfigures its poller.
func (s *Service) replaceConfiguration(m *mapping, r *storedConfiguration) (*Configuration, error) {
	r.Modified = s.opts.Clock.Now()

	s.mu.Lock()
	m.changing = false
	_, err := s.findMapping(r.scope(), r.UUID) // a reset may have deleted it
	if err == nil {
		err = s.checkDuplicate(r)
	}
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}

	r.Tags = m.Tags // may have changed meanwhile
	state := transition(m.Enabled, r.Enabled)
	m.storedConfiguration = *r
	running, started, stopped := s.updatePoller(m)
	commit := s.storeConfiguration(&m.storedConfiguration)
	s.mu.Unlock()

	switch {
	case stopped != nil:
		stopped.stop()
	case started != nil:
		started.start()
	case running != nil:
		running.reconfigure(r)
	}
	if err := waitDurable(commit); err != nil {
		return nil, err
	}
	return r.configuration(state), nil
}

// updatePoller makes or removes the poller of a changed mapping, with mu held. It returns
// one of three: a poller that runs on with another configuration, one to start, or one to
// stop.
func (s *Service) updatePoller(m *mapping) (running, started, stopped *poller) {
	switch {
	case !m.Enabled:
		stopped = m.poller
		m.poller = nil
	case m.poller != nil:
		running = m.poller
	case s.started:
		m.poller = newPoller(s, &m.storedConfiguration)
		started = m.poller
	}
	return running, started, stopped
}

// transition returns the state in the response of a change (LAM B8).
func transition(was, is bool) string {
	switch {
	case is && !was:
		return "Enabling"
	case was && !is:
		return "Disabling"
	default:
		return "Updating"
	}
}
