package logs

import (
	"context"
	"encoding/base64"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/logs/pattern"
)

// FilterLogEventsInput is the input of FilterLogEvents.
type FilterLogEventsInput struct {
	// LogGroupName is the group's name; it or LogGroupIdentifier.
	LogGroupName string `json:"logGroupName,omitempty"`
	// LogGroupIdentifier is the group's name or ARN.
	LogGroupIdentifier string `json:"logGroupIdentifier,omitempty"`
	// LogStreamNames names up to 100 streams; it excludes the prefix.
	LogStreamNames []string `json:"logStreamNames,omitempty"`
	// LogStreamNamePrefix selects streams by the begin of their names.
	LogStreamNamePrefix string `json:"logStreamNamePrefix,omitempty"`
	// StartTime is the first moment to give, epoch ms.
	StartTime *int64 `json:"startTime,omitempty"`
	// EndTime is the last moment to give, epoch ms.
	EndTime *int64 `json:"endTime,omitempty"`
	// FilterPattern selects events (LAM E11, E12); empty takes all.
	FilterPattern string `json:"filterPattern,omitempty"`
	// NextToken is the token of the page to give.
	NextToken string `json:"nextToken,omitempty"`
	// Limit is the size of a page, 1 to 10,000; absent means 10,000.
	Limit *int `json:"limit,omitempty"`
	// Interleaved has no effect: it is always on (LAM E8).
	Interleaved *bool `json:"interleaved,omitempty"`
	// Unmask is refused when true: nothing is masked here.
	Unmask bool `json:"unmask,omitempty"`
}

// FilterLogEventsOutput is the output of FilterLogEvents.
type FilterLogEventsOutput struct {
	// Events are in order of time across the streams.
	Events []FilteredLogEvent `json:"events"`
	// SearchedLogStreams is always empty (LAM E8).
	SearchedLogStreams []struct{} `json:"searchedLogStreams"`
	// NextToken is empty at the end.
	NextToken string `json:"nextToken,omitempty"`
}

// FilteredLogEvent is an event as FilterLogEvents gives it.
type FilteredLogEvent struct {
	// LogStreamName is the stream that it is in.
	LogStreamName string `json:"logStreamName"`
	// Timestamp is epoch ms.
	Timestamp int64 `json:"timestamp"`
	// Message is the text.
	Message string `json:"message"`
	// IngestionTime is when it came in, epoch ms.
	IngestionTime int64 `json:"ingestionTime"`
	// EventID is unique in the service.
	EventID string `json:"eventId"`
}

// FilterLogEvents reads a page of what a group's streams hold and a pattern
// matches.
func (s *Service) FilterLogEvents(ctx context.Context, c *awsapi.Call, in *FilterLogEventsInput) (*FilterLogEventsOutput, error) {
	name, err := resolveGroupName(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}

	limit, err := pageSize(in.Limit, maxPageEvents, maxPageEvents)
	if err != nil {
		return nil, err
	}

	match, after, err := in.validate()
	if err != nil {
		return nil, err
	}

	runs, err := s.openStreams(scopeOf(c), name, in, after)
	if err != nil {
		return nil, err
	}

	return collectPage(ctx, runs, match, limit)
}

// validate reads pattern and token.
func (in *FilterLogEventsInput) validate() (*pattern.Pattern, position, error) {
	var after position
	switch {
	case in.Unmask:
		return nil, after, unsupported("FilterLogEvents", "unmask")
	case len(in.LogStreamNames) > 0 && in.LogStreamNamePrefix != "":
		return nil, after, errInvalidParameter.With("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.")
	case len(in.LogStreamNames) > 100:
		return nil, after, constraintError("logStreamNames", len(in.LogStreamNames), "Member must have length less than or equal to 100")
	}

	match, err := parsePattern(in.FilterPattern)
	if err != nil || in.NextToken == "" {
		return match, after, err
	}

	digits, err := base64.RawURLEncoding.DecodeString(in.NextToken)
	after, ok := parsePosition(string(digits))
	if err != nil || !ok {
		return nil, after, invalidToken()
	}

	return match, after, nil
}

// parsePattern reads a filter pattern of a request.
func parsePattern(text string) (*pattern.Pattern, error) {
	if len(text) > 1024 {
		return nil, constraintError("filterPattern", text, "Member must have length less than or equal to 1024")
	}
	p, err := pattern.Parse(text)
	if err != nil {
		return nil, errInvalidParameter.With("Invalid filter pattern: %v", err)
	}
	return p, nil
}

// openStreams takes a snapshot of the streams that are meant, each cut to what is
// behind the given position and within the times asked for.
func (s *Service) openStreams(at scope, groupName string, in *FilterLogEventsInput, after position) (mergeHeap, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	g, err := s.findGroup(at, groupName)
	if err != nil {
		return nil, err
	}

	names := in.LogStreamNames
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(g.streams))
	}

	end := int64(math.MaxInt64)
	if in.EndTime != nil && *in.EndTime < math.MaxInt64 {
		end = *in.EndTime + 1
	}

	want := selection{
		from:   valueOr(in.StartTime, 0),
		to:     end,
		after:  after,
		before: lastPosition,
	}

	var m mergeHeap
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		st := g.streams[name]
		if st == nil {
			return nil, streamNotFound()
		}
		if !strings.HasPrefix(name, in.LogStreamNamePrefix) {
			continue
		}

		m.add(&streamReader{
			stream:    name,
			selection: want,
			rest:      slices.Clone(want.overlapping(st.blocks)),
		})
	}

	return m, nil
}

// collectPage collects a page of what matches.
func collectPage(ctx context.Context, m mergeHeap, match *pattern.Pattern, limit int) (*FilterLogEventsOutput, error) {
	out := &FilterLogEventsOutput{Events: []FilteredLogEvent{}, SearchedLogStreams: []struct{}{}}
	var last position
	size := int64(0)
	for seen := 1; ; seen++ {
		stream, e, any := m.next()
		if !any {
			return out, nil
		}
		if seen%10_000 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !match.Match(e.message) {
			continue
		}

		if size += e.size(); len(out.Events) == limit || size > maxPageBytes && len(out.Events) > 0 {
			out.NextToken = base64.RawURLEncoding.EncodeToString([]byte(last.String()))
			return out, nil
		}

		last = e.position()
		out.Events = append(out.Events, FilteredLogEvent{stream, e.time, e.message, e.ingested, last.String()})
	}
}
