package logs

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// DeleteMetricFilterInput is the input of DeleteMetricFilter.
type DeleteMetricFilterInput struct {
	// LogGroupName is the group's name.
	LogGroupName string `json:"logGroupName"`
	// FilterName is the filter's name.
	FilterName string `json:"filterName"`
}

// DeleteMetricFilter deletes a metric filter.
func (s *Service) DeleteMetricFilter(_ context.Context, c *awsapi.Call, in *DeleteMetricFilterInput) error {
	return s.changeGroup(c, in.LogGroupName, func(b *store.Batch, g *group) error {
		// Readers may hold the slice, so it is replaced.
		rest := g.removeFilter(in.FilterName)
		if len(rest) == len(g.filters) {
			return errNotFound.With("The specified metric filter does not exist.")
		}
		g.filters = rest
		s.saveGroup(b, g)
		return nil
	})
}

// removeFilter stops the named filter, and returns the group's other filters in a
// new slice.
func (g *group) removeFilter(name string) []*metricFilter {
	var rest []*metricFilter
	for _, f := range g.filters {
		if f.name == name {
			f.stop()
			continue
		}
		rest = append(rest, f)
	}
	return rest
}
