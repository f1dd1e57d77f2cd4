package logs

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// TestMetricFilterInput is the input of TestMetricFilter.
type TestMetricFilterInput struct {
	// FilterPattern is the pattern to test.
	FilterPattern *string `json:"filterPattern"`
	// LogEventMessages are 1 to 50 messages to match it with.
	LogEventMessages []string `json:"logEventMessages"`
}

// TestMetricFilterOutput is the output of TestMetricFilter.
type TestMetricFilterOutput struct {
	// Matches are the messages that match, in the order of the request.
	Matches []MetricFilterMatchRecord `json:"matches"`
}

// MetricFilterMatchRecord is a message that matches.
type MetricFilterMatchRecord struct {
	// EventNumber is the number of the message in the request, counted from 1.
	EventNumber int `json:"eventNumber"`
	// EventMessage is the message.
	EventMessage string `json:"eventMessage"`
	// ExtractedValues are the values of the pattern's selectors.
	ExtractedValues map[string]string `json:"extractedValues"`
}

// TestMetricFilter matches messages with a pattern.
func (s *Service) TestMetricFilter(_ context.Context, _ *awsapi.Call, in *TestMetricFilterInput) (*TestMetricFilterOutput, error) {
	if in.FilterPattern == nil {
		return nil, errInvalidParameter.Violation("filterPattern", nil, awsapi.NotNull)
	}
	if n := len(in.LogEventMessages); n < 1 || n > 50 {
		return nil, errInvalidParameter.Violation("logEventMessages", n, "Member must have length between 1 and 50")
	}

	match, err := parsePattern(*in.FilterPattern)
	if err != nil {
		return nil, err
	}

	out := &TestMetricFilterOutput{Matches: []MetricFilterMatchRecord{}}
	for i, m := range in.LogEventMessages {
		if values, ok := match.Extract(m); ok {
			out.Matches = append(out.Matches, MetricFilterMatchRecord{
				EventNumber:     i + 1,
				EventMessage:    m,
				ExtractedValues: values,
			})
		}
	}

	return out, nil
}
