package mapping

import (
	"context"
	"maps"
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// maxPage is the most mappings of one page, however many are requested (LAM B23).
const maxPage = 100

// ListEventSourceMappingsInput is the input of ListEventSourceMappings.
type ListEventSourceMappingsInput struct {
	// EventSourceARN selects the mappings of a queue; nil selects all.
	EventSourceARN *string `json:"-" querystring:"EventSourceArn"`
	// FunctionName selects the mappings of a function, in any form; nil selects all.
	FunctionName *string `json:"-" querystring:"FunctionName"`
	// Marker is the NextMarker of the page before.
	Marker *string `json:"-" querystring:"Marker"`
	// MaxItems is the most items of the page, 1 to 10,000, of which at most 100 are
	// returned.
	MaxItems *int `json:"-" querystring:"MaxItems"`
}

// ListEventSourceMappingsOutput is one page of mappings (LAM B23).
type ListEventSourceMappingsOutput struct {
	// EventSourceMappings is the page, sorted by UUID; never nil.
	EventSourceMappings []*Configuration `json:"EventSourceMappings"`
	// NextMarker is the Marker of the next page; nil on the last.
	NextMarker *string `json:"NextMarker,omitempty"`
}

// ListEventSourceMappings lists mappings page by page, sorted by UUID (LAM B23).
func (s *Service) ListEventSourceMappings(_ context.Context, c *awsapi.Call, in *ListEventSourceMappingsInput) (*ListEventSourceMappingsOutput, error) {
	var check awsapi.Validation
	size := min(check.PageSize("maxItems", in.MaxItems, maxPage, 10000), maxPage)
	if err := check.Err(errValidation); err != nil {
		return nil, err
	}

	// Functions are resolved without the lock.
	functionARN := ""
	if in.FunctionName != nil {
		fn, err := s.opts.Functions.Resolve(c, *in.FunctionName)
		if err != nil {
			return nil, err
		}
		functionARN = fn.ARN
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	// Sorted by UUID, so that a marker identifies a position.
	selected := []*Configuration{}
	mappings := s.mappings[c.Scope()]
	for _, uuid := range slices.Sorted(maps.Keys(mappings)) {
		m := mappings[uuid]
		if in.EventSourceARN != nil && m.QueueARN != *in.EventSourceARN || in.FunctionName != nil && m.FunctionARN != functionARN {
			continue
		}
		selected = append(selected, m.configuration(m.steadyState()))
	}

	after := ""
	setIfGiven(&after, in.Marker)
	page, next := awsapi.Page(selected, func(cfg *Configuration) string { return cfg.UUID }, after, size)
	out := &ListEventSourceMappingsOutput{EventSourceMappings: page}
	if next != "" {
		out.NextMarker = &next
	}
	return out, nil
}
