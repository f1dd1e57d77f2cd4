package mapping

import (
	"context"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// CreateEventSourceMapping makes a mapping, and lets it poll unless it is
// disabled. The answer shows it in Creating, or Disabled; it polls from now on,
// and the next read shows Enabled (LAM B3, B7 to B9, B12 to B19).
func (s *Service) CreateEventSourceMapping(ctx context.Context, c *awsapi.Call, in *CreateEventSourceMappingInput) (*Configuration, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}

	r := &record{
		Account:   c.Account,
		Region:    c.Region,
		QueueARN:  *in.EventSourceARN,
		Enabled:   true,
		BatchSize: 10,
		Tags:      in.Tags,
	}

	if err := in.apply(r); err != nil {
		return nil, err
	}

	fn, err := s.findFunction(c, *in.FunctionName)
	if err != nil {
		return nil, err
	}

	r.FunctionARN = fn.ARN
	r.FunctionName = fn.Name
	r.Role = fn.Role
	r.FIFO = strings.HasSuffix(r.QueueARN, ".fifo")
	if err := r.checkConsistency(); err != nil {
		return nil, err
	}

	if err := s.checkQueue(ctx, r.QueueARN, fn); err != nil {
		return nil, err
	}

	return s.addMapping(r)
}

// validate checks what needs no other service.
func (in *CreateEventSourceMappingInput) validate() error {
	var f constraints
	if in.FunctionName == nil {
		f.fail("functionName", "null", "Member must not be null")
	}

	if in.EventSourceARN != nil && !arnForm.MatchString(*in.EventSourceARN) {
		f.fail("eventSourceArn", "'"+*in.EventSourceARN+"'", "Member must satisfy regular expression pattern: %s", arnPattern)
	}

	in.constrain(&f)
	if err := f.err(); err != nil {
		return err
	}

	if in.EventSourceARN == nil {
		return errParameter.With("Unrecognized event source.")
	}

	if a, ok := awsapi.ParseARN(*in.EventSourceARN); !ok || a.Service != "sqs" {
		return errParameter.With("The embedded AWS has event source mappings for SQS alone, not for %s.", *in.EventSourceARN)
	}

	if in.StartingPosition != nil {
		return unsupported("StartingPosition")
	}

	if err := checkTags(in.Tags); err != nil {
		return err
	}

	return in.refuseUnsupported()
}

// addMapping keeps a new mapping and starts its poller.
func (s *Service) addMapping(r *record) (*Configuration, error) {
	r.UUID = s.opts.Chance.UUID()
	r.Modified = s.opts.Clock.Now()
	m := &mapping{record: *r}
	s.mu.Lock()
	if err := s.checkDuplicate(r); err != nil {
		s.mu.Unlock()
		return nil, err
	}

	in := scope{r.Account, r.Region}
	if s.mappings[in] == nil {
		s.mappings[in] = map[string]*mapping{}
	}

	s.mappings[in][r.UUID] = m
	if m.Enabled && s.started {
		m.poller = newPoller(s, &m.record)
	}

	poller := m.poller
	commit := s.storeRecord(&m.record)
	s.mu.Unlock()
	if err := waitDurable(commit); err != nil {
		s.mu.Lock()
		delete(s.mappings[in], r.UUID)
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
