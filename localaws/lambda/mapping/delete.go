package mapping

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// DeleteEventSourceMapping removes a mapping. The answer shows it in Deleting,
// and the next read finds nothing (LAM B2, B8). What is with the function ends
// as its outcome says.
func (s *Service) DeleteEventSourceMapping(_ context.Context, c *awsapi.Call, in *DeleteEventSourceMappingInput) (*Configuration, error) {
	m, r, err := s.beginChange(c, in.UUID, "delete")
	if err != nil {
		return nil, err
	}

	s.mu.Lock()
	delete(s.mappings[scope{r.Account, r.Region}], r.UUID)
	poller := m.poller
	commit := s.deleteRecord(&r)
	m.poller = nil
	s.mu.Unlock()
	if poller != nil {
		poller.stop()
	}

	if err := waitDurable(commit); err != nil {
		return nil, err
	}

	return r.configuration("Deleting"), nil
}
