package mapping

import (
	"context"
	"maps"
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// pageSize is the most mappings that one page lists (LAM B23).
const pageSize = 100

// GetEventSourceMapping answers one mapping in its steady state.
func (s *Service) GetEventSourceMapping(_ context.Context, c *awsapi.Call, in *GetEventSourceMappingInput) (*Configuration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.findMapping(c, in.UUID)
	if err != nil {
		return nil, err
	}
	return m.configuration(m.steadyState()), nil
}

// ListEventSourceMappings answers mappings page by page, in order of UUID (LAM
// B23).
func (s *Service) ListEventSourceMappings(_ context.Context, c *awsapi.Call, in *ListEventSourceMappingsInput) (*ListEventSourceMappingsOutput, error) {
	size, functionARN, err := s.listParameters(c, in)
	if err != nil {
		return nil, err
	}

	out := &ListEventSourceMappingsOutput{EventSourceMappings: []*Configuration{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	mappings := s.mappings[scope{c.Account, c.Region}]
	for _, uuid := range sortedKeys(mappings) {
		m := mappings[uuid]
		switch {
		case in.Marker != nil && uuid <= *in.Marker,
			in.EventSourceARN != nil && m.QueueARN != *in.EventSourceARN,
			in.FunctionName != nil && m.FunctionARN != functionARN:
			continue
		}

		if n := len(out.EventSourceMappings); n == size {
			out.NextMarker = &out.EventSourceMappings[n-1].UUID
			break
		}

		out.EventSourceMappings = append(out.EventSourceMappings, m.configuration(m.steadyState()))
	}

	return out, nil
}

// listParameters checks the request, and finds the function it asks for.
func (s *Service) listParameters(c *awsapi.Call, in *ListEventSourceMappingsInput) (size int, functionARN string, err error) {
	var f constraints
	f.between("maxItems", in.MaxItems, 1, 10000)
	if err := f.err(); err != nil {
		return 0, "", err
	}

	size = pageSize
	if in.MaxItems != nil {
		size = min(size, *in.MaxItems)
	}

	if in.FunctionName != nil {
		fn, err := s.opts.Functions.Resolve(c, *in.FunctionName)
		if err != nil {
			return 0, "", err
		}
		functionARN = fn.ARN
	}

	return size, functionARN, nil
}

// sortedKeys gives a map's keys in order, so that what walks it is repeatable.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
