package mapping

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// DeleteEventSourceMappingInput is the input of DeleteEventSourceMapping.
type DeleteEventSourceMappingInput struct {
	// UUID identifies the mapping. Required.
	UUID string `json:"-" path:"UUID"`
}

// DeleteEventSourceMapping deletes a mapping. The response has the state Deleting, and the
// next read finds nothing (LAM B2, B8). Invocations in progress end as usual.
func (s *Service) DeleteEventSourceMapping(_ context.Context, c *awsapi.Call, in *DeleteEventSourceMappingInput) (*Configuration, error) {
	m, r, err := s.beginChange(c, in.UUID, "delete")
	if err != nil {
		return nil, err
	}

	s.mu.Lock()

	// From here on the mapping does not exist, whatever its poller still does.
	delete(s.mappings[r.scope()], r.UUID)
	poller := m.poller
	m.poller = nil
	commit := s.deleteConfiguration(&r)
	s.mu.Unlock()

	if poller != nil {
		poller.stop()
	}
	if err := waitDurable(commit); err != nil {
		return nil, err
	}
	return r.configuration("Deleting"), nil
}
