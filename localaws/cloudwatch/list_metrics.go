package cloudwatch

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// ListMetricsInput is the input of ListMetrics.
type ListMetricsInput struct {
	// Namespace selects metrics by namespace.
	Namespace string `json:"Namespace,omitempty"`
	// MetricName selects metrics by name.
	MetricName string `json:"MetricName,omitempty"`
	// Dimensions selects metrics that have all of these dimensions.
	Dimensions []DimensionFilter `json:"Dimensions,omitempty"`
	// NextToken is the token of the page to return.
	NextToken string `json:"NextToken,omitempty"`
	// RecentlyActive is PT3H, for metrics with data in the last three hours, or
	// empty.
	RecentlyActive string `json:"RecentlyActive,omitempty"`
	// IncludeLinkedAccounts is refused when true.
	IncludeLinkedAccounts bool `json:"IncludeLinkedAccounts,omitempty"`
	// OwningAccount is refused unless it is the caller's account.
	OwningAccount string `json:"OwningAccount,omitempty"`
}

// DimensionFilter selects metrics by a dimension.
type DimensionFilter struct {
	// Name is the dimension's name.
	Name string `json:"Name"`
	// Value is its value; empty matches any.
	Value string `json:"Value,omitempty"`
}

// ListMetricsOutput is the output of ListMetrics.
type ListMetricsOutput struct {
	// Metrics has up to 500 metrics, sorted by namespace, name and dimensions.
	Metrics []Metric `json:"Metrics"`
	// NextToken is empty on the last page.
	NextToken string `json:"NextToken,omitempty"`
}

// ListMetrics lists the metrics with data in the last two weeks.
func (s *Service) ListMetrics(_ context.Context, c *awsapi.Call, in *ListMetricsInput) (*ListMetricsOutput, error) {
	switch {
	case in.IncludeLinkedAccounts:
		return nil, unsupported("IncludeLinkedAccounts", "ListMetrics")
	case in.OwningAccount != "" && in.OwningAccount != c.Account:
		return nil, unsupported("OwningAccount of another account", "ListMetrics")
	case in.RecentlyActive != "" && in.RecentlyActive != "PT3H":
		return nil, errValidation.Violation("recentlyActive", in.RecentlyActive, awsapi.OneOf("PT3H"))
	}

	// A metric is listed for two weeks after its last datum.
	now := s.clock.Now()
	s.takeSamples(now, false)
	since := now.Add(-14 * 24 * time.Hour).Unix()
	if in.RecentlyActive != "" {
		since = now.Add(-3 * time.Hour).Unix()
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	// Keys sort by namespace, name and dimensions.
	metrics := s.resourcesIn(c.Scope()).metrics
	keys := slices.Sorted(maps.Keys(metrics))
	keys = slices.DeleteFunc(keys, func(k string) bool { return metrics[k].lastSeen < since || !in.selects(metrics[k]) })
	keys, next, err := pageOf(keys, self, in.NextToken, 500)
	if err != nil {
		return nil, err
	}

	out := &ListMetricsOutput{Metrics: []Metric{}, NextToken: next}
	for _, k := range keys {
		m := metrics[k]
		out.Metrics = append(out.Metrics, Metric{
			Namespace:  m.namespace,
			MetricName: m.name,
			Dimensions: nonNil(m.dimensions),
		})
	}

	return out, nil
}

// selects reports whether the metric matches the request's filters.
func (in *ListMetricsInput) selects(m *metric) bool {
	for _, f := range in.Dimensions {
		if !slices.ContainsFunc(m.dimensions, func(d Dimension) bool {
			return d.Name == f.Name && (f.Value == "" || f.Value == d.Value)
		}) {
			return false
		}
	}
	return m.lastSeen > 0 && (in.Namespace == "" || in.Namespace == m.namespace) && (in.MetricName == "" || in.MetricName == m.name)
}
