package mapping

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// UpdateEventSourceMapping changes what was given and keeps the rest. The checks
// of creation are made again, but not of the function and queue of a mapping that
// is to be disabled: they may be gone, and that be the reason. What is with the function ends under the old
// settings; what is taken from now on goes by the new ones (LAM B2, B8, B10).
func (s *Service) UpdateEventSourceMapping(ctx context.Context, c *awsapi.Call, in *UpdateEventSourceMappingInput) (*Configuration, error) {
	var f constraints
	in.constrain(&f)
	if err := f.err(); err != nil {
		return nil, err
	}

	if err := in.refuseUnsupported(); err != nil {
		return nil, err
	}

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

	return s.replaceRecord(m, &r)
}

// beginChange marks a mapping as being changed and gives a copy of it (LAM B10).
func (s *Service) beginChange(c *awsapi.Call, uuid, verb string) (*mapping, record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.findMapping(c, uuid)
	if err != nil {
		return nil, record{}, err
	}
	if m.changing {
		return nil, record{}, errInUse.With("Cannot %s the event source mapping because it is in use.", verb)
	}
	m.changing = true
	return m, m.record, nil
}

// applyChange applies settings to r and checks the whole anew.
func (s *Service) applyChange(ctx context.Context, c *awsapi.Call, in *ConfigurationInput, r *record) error {
	if err := in.apply(r); err != nil {
		return err
	}

	if err := r.checkConsistency(); err != nil {
		return err
	}

	if !r.Enabled && in.FunctionName == nil {
		return nil
	}

	name := r.FunctionARN
	if in.FunctionName != nil {
		name = *in.FunctionName
	}

	fn, err := s.findFunction(c, name)
	if err != nil {
		return err
	}

	r.FunctionARN = fn.ARN
	r.FunctionName = fn.Name
	r.Role = fn.Role
	return s.checkQueue(ctx, r.QueueARN, fn)
}

// replaceRecord puts r in place of m's record, and starts, stops or tells its poller.
func (s *Service) replaceRecord(m *mapping, r *record) (*Configuration, error) {
	r.Modified = s.opts.Clock.Now()
	s.mu.Lock()
	m.changing = false
	_, err := s.findMapping(&awsapi.Call{Account: r.Account, Region: r.Region}, r.UUID) // it may have been reset away
	if err == nil {
		err = s.checkDuplicate(r)
	}

	if err != nil {
		s.mu.Unlock()
		return nil, err
	}

	r.Tags = m.Tags // may have changed meanwhile
	state := transition(m.Enabled, r.Enabled)
	m.record = *r
	told, started, stopped := s.updatePoller(m)
	commit := s.storeRecord(&m.record)
	s.mu.Unlock()
	switch {
	case stopped != nil:
		stopped.stop()
	case started != nil:
		started.start()
	case told != nil:
		told.reconfigure(r)
	}

	if err := waitDurable(commit); err != nil {
		return nil, err
	}

	return r.configuration(state), nil
}

// updatePoller says, with mu held, which poller is to be told, started or stopped.
func (s *Service) updatePoller(m *mapping) (told, started, stopped *poller) {
	switch {
	case !m.Enabled:
		stopped = m.poller
		m.poller = nil
	case m.poller != nil:
		told = m.poller
	case s.started:
		m.poller = newPoller(s, &m.record)
		started = m.poller
	}
	return told, started, stopped
}

// transition is the state on the way from one steady state to another (LAM B8).
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
