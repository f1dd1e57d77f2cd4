package mapping

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// GetEventSourceMappingInput is the input of GetEventSourceMapping.
type GetEventSourceMappingInput struct {
	// UUID identifies the mapping. Required.
	UUID string `json:"-" path:"UUID"`
}

// GetEventSourceMapping returns a mapping, in its steady state.
func (s *Service) GetEventSourceMapping(_ context.Context, c *awsapi.Call, in *GetEventSourceMappingInput) (*Configuration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.findMapping(c.Scope(), in.UUID)
	if err != nil {
		return nil, err
	}
	return m.configuration(m.steadyState()), nil
}
