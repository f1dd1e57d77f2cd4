package logs

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// DescribeMetricFiltersInput is the input of DescribeMetricFilters.
type DescribeMetricFiltersInput struct {
	// LogGroupName selects filters by group.
	LogGroupName string `json:"logGroupName,omitempty"`
	// FilterNamePrefix selects filters by the prefix of their names.
	FilterNamePrefix string `json:"filterNamePrefix,omitempty"`
	// MetricName selects filters by metric. It requires MetricNamespace.
	MetricName string `json:"metricName,omitempty"`
	// MetricNamespace is the metric's namespace.
	MetricNamespace string `json:"metricNamespace,omitempty"`
	// NextToken is the token of the page to return.
	NextToken string `json:"nextToken,omitempty"`
	// Limit is the size of a page, 1 to 50; absent means 50.
	Limit *int `json:"limit,omitempty"`
}

// DescribeMetricFiltersOutput is the output of DescribeMetricFilters.
type DescribeMetricFiltersOutput struct {
	// MetricFilters are sorted by name.
	MetricFilters []MetricFilter `json:"metricFilters"`
	// NextToken is empty on the last page.
	NextToken string `json:"nextToken,omitempty"`
}

// MetricFilter is the description of a metric filter.
type MetricFilter struct {
	// FilterName is the name.
	FilterName string `json:"filterName"`
	// FilterPattern is the pattern as it was put.
	FilterPattern string `json:"filterPattern"`
	// MetricTransformations has one element.
	MetricTransformations []MetricTransformation `json:"metricTransformations"`
	// CreationTime is epoch ms.
	CreationTime int64 `json:"creationTime"`
	// LogGroupName is the group's name.
	LogGroupName string `json:"logGroupName"`
	// ApplyOnTransformedLogs is always false.
	ApplyOnTransformedLogs bool `json:"applyOnTransformedLogs"`
}

// DescribeMetricFilters lists metric filters by name.
func (s *Service) DescribeMetricFilters(_ context.Context, c *awsapi.Call, in *DescribeMetricFiltersInput) (*DescribeMetricFiltersOutput, error) {
	limit, err := pageSize(in.Limit, 50)
	if err != nil {
		return nil, err
	}
	if (in.MetricName == "") != (in.MetricNamespace == "") {
		return nil, errInvalidParameter.With("MetricName and MetricNamespace must be used together.")
	}

	all, err := s.metricFilters(c.Scope(), in)
	if err != nil {
		return nil, err
	}

	all, next, err := pageOf(all, filterKey, in.NextToken, limit)
	if err != nil {
		return nil, err
	}

	return &DescribeMetricFiltersOutput{MetricFilters: append([]MetricFilter{}, all...), NextToken: next}, nil
}

// metricFilters returns the descriptions of the selected filters, sorted by name.
func (s *Service) metricFilters(scope awsapi.Scope, in *DescribeMetricFiltersInput) ([]MetricFilter, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	// Search all groups, or the named one.
	groups := s.groups[scope]
	if in.LogGroupName != "" {
		g, err := s.findGroup(scope, in.LogGroupName)
		if err != nil {
			return nil, err
		}
		groups = map[string]*group{g.name: g}
	}

	var all []MetricFilter
	for _, g := range groups {
		for _, f := range g.filters {
			if !strings.HasPrefix(f.name, in.FilterNamePrefix) ||
				in.MetricName != "" && (f.transformation.MetricName != in.MetricName || f.transformation.MetricNamespace != in.MetricNamespace) {
				continue
			}
			all = append(all, MetricFilter{
				FilterName:            f.name,
				FilterPattern:         f.match.String(),
				MetricTransformations: []MetricTransformation{f.transformation},
				CreationTime:          f.created,
				LogGroupName:          g.name,
			})
		}
	}

	// Groups are in the random order of a map.
	slices.SortFunc(all, func(a, b MetricFilter) int { return cmp.Compare(filterKey(a), filterKey(b)) })
	return all, nil
}

// filterKey returns a key that sorts filters by name, then by group.
func filterKey(f MetricFilter) string { return f.FilterName + "\x00" + f.LogGroupName }
