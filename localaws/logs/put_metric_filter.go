package logs

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// maxFilters is the most metric filters of a group.
const maxFilters = 100

// MetricTransformation defines the metric of a metric filter (LAM E13).
type MetricTransformation struct {
	// MetricName is the metric's name, without : * $.
	MetricName string `json:"metricName"`
	// MetricNamespace is its namespace, without : * $.
	MetricNamespace string `json:"metricNamespace"`
	// MetricValue is a number, or a selector such as $.latency or $size.
	MetricValue string `json:"metricValue"`
	// DefaultValue is reported for a minute in which there are events but none
	// matches. It cannot be used with dimensions.
	DefaultValue *float64 `json:"defaultValue,omitempty"`
	// Dimensions are at most 3, as names with selectors.
	Dimensions map[string]string `json:"dimensions,omitempty"`
	// Unit is a CloudWatch unit; empty means None.
	Unit string `json:"unit,omitempty"`
}

// PutMetricFilterInput is the input of PutMetricFilter.
type PutMetricFilterInput struct {
	// LogGroupName is the group's name.
	LogGroupName string `json:"logGroupName"`
	// FilterName has 1 to 512 characters without : and *.
	FilterName string `json:"filterName"`
	// FilterPattern selects events; empty selects all.
	FilterPattern *string `json:"filterPattern"`
	// MetricTransformations has exactly one element.
	MetricTransformations []MetricTransformation `json:"metricTransformations"`
	// ApplyOnTransformedLogs is refused when true: there are no transformers.
	ApplyOnTransformedLogs bool `json:"applyOnTransformedLogs,omitempty"`
}

// PutMetricFilter creates or replaces a metric filter.
func (s *Service) PutMetricFilter(_ context.Context, c *awsapi.Call, in *PutMetricFilterInput) error {
	f, err := in.parse()
	if err != nil {
		return err
	}
	return s.changeGroup(c, in.LogGroupName, func(b *store.Batch, g *group) error {
		f.created = s.now()

		// A filter with the same name is replaced, and does not count.
		filters := g.removeFilter(f.name)
		if len(filters) >= maxFilters {
			return errLimit.With("Resource limit exceeded.")
		}
		g.filters = append(filters, f)
		slices.SortFunc(g.filters, func(a, b *metricFilter) int { return cmp.Compare(a.name, b.name) })
		s.saveGroup(b, g)
		return nil
	})
}

// parse validates the request and returns its filter.
func (in *PutMetricFilterInput) parse() (*metricFilter, error) {
	switch {
	case in.FilterName == "":
		return nil, errInvalidParameter.Violation("filterName", nil, awsapi.NotNull)
	case utf8.RuneCountInString(in.FilterName) > 512 || strings.ContainsAny(in.FilterName, ":*"):
		return nil, errInvalidParameter.Violation("filterName", in.FilterName, streamPattern.String())
	case in.FilterPattern == nil:
		return nil, errInvalidParameter.Violation("filterPattern", nil, awsapi.NotNull)
	case len(in.MetricTransformations) != 1:
		return nil, errInvalidParameter.Violation("metricTransformations", len(in.MetricTransformations), "Member must have length equal to 1")
	case in.ApplyOnTransformedLogs:
		return nil, unsupported("PutMetricFilter", "applyOnTransformedLogs")
	}

	match, err := parsePattern(*in.FilterPattern)
	if err != nil {
		return nil, err
	}

	t := in.MetricTransformations[0]
	return &metricFilter{
		name:           in.FilterName,
		match:          match,
		transformation: t,
	}, t.validate()
}

// validate checks the transformation of a request.
func (t *MetricTransformation) validate() error {
	switch {
	case t.MetricName == "":
		return errInvalidParameter.Violation("metricTransformations.1.member.metricName", nil, awsapi.NotNull)
	case t.MetricNamespace == "":
		return errInvalidParameter.Violation("metricTransformations.1.member.metricNamespace", nil, awsapi.NotNull)
	case strings.ContainsAny(t.MetricName+t.MetricNamespace, ":*$"):
		return errInvalidParameter.Violation("metricTransformations", t.MetricNamespace+" "+t.MetricName, "Member must satisfy regular expression pattern: [^:*$]*")
	case !isMetricValue(t.MetricValue):
		return errInvalidParameter.With("Invalid metric transformation: the metric value '%s' is neither a number nor a selector.", t.MetricValue)
	case len(t.Dimensions) > 3:
		return errInvalidParameter.With("Invalid metric transformation: a metric can have at most 3 dimensions.")
	case len(t.Dimensions) > 0 && t.DefaultValue != nil:
		return errInvalidParameter.With("Invalid metric transformation: dimensions and default value are mutually exclusive properties.")
	}

	// A dimension has a value from each event, never a constant.
	for name, selector := range t.Dimensions {
		if !strings.HasPrefix(selector, "$") {
			return errInvalidParameter.With("Invalid metric transformation: the value '%s' of dimension '%s' is not a selector.", selector, name)
		}
	}

	return nil
}
