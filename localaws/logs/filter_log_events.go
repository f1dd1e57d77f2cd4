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
	// LogGroupName is the group's name. It or LogGroupIdentifier is required.
	LogGroupName string `json:"logGroupName,omitempty"`
	// LogGroupIdentifier is the group's name or ARN.
	LogGroupIdentifier string `json:"logGroupIdentifier,omitempty"`
	// LogStreamNames selects up to 100 streams by name. It cannot be used with the
	// prefix.
	LogStreamNames []string `json:"logStreamNames,omitempty"`
	// LogStreamNamePrefix selects streams by the prefix of their names.
	LogStreamNamePrefix string `json:"logStreamNamePrefix,omitempty"`
	// StartTime is the inclusive start of the range, epoch ms.
	StartTime *int64 `json:"startTime,omitempty"`
	// EndTime is the inclusive end of the range, epoch ms.
	EndTime *int64 `json:"endTime,omitempty"`
	// FilterPattern selects events (LAM E11, E12); empty selects all.
	FilterPattern string `json:"filterPattern,omitempty"`
	// NextToken is the token of the page to return.
	NextToken string `json:"nextToken,omitempty"`
	// Limit is the size of a page, 1 to 10,000; absent means 10,000.
	Limit *int `json:"limit,omitempty"`
	// Interleaved has no effect: events are always interleaved (LAM E8).
	Interleaved *bool `json:"interleaved,omitempty"`
	// Unmask is refused when true: nothing is masked.
	Unmask bool `json:"unmask,omitempty"`
}

// FilterLogEventsOutput is the output of FilterLogEvents.
type FilterLogEventsOutput struct {
	// Events are sorted by time, across streams.
	Events []FilteredLogEvent `json:"events"`
	// SearchedLogStreams is always empty (LAM E8).
	SearchedLogStreams []struct{} `json:"searchedLogStreams"`
	// NextToken is empty on the last page.
	NextToken string `json:"nextToken,omitempty"`
}

// FilteredLogEvent is an event in the output of FilterLogEvents.
type FilteredLogEvent struct {
	// LogStreamName is the stream of the event.
	LogStreamName string `json:"logStreamName"`
	// Timestamp is epoch ms.
	Timestamp int64 `json:"timestamp"`
	// Message is the text.
	Message string `json:"message"`
	// IngestionTime is when the event was received, epoch ms.
	IngestionTime int64 `json:"ingestionTime"`
	// EventID is unique in the service.
	EventID string `json:"eventId"`
}

// FilterLogEvents reads a page of the events of a group's streams that match a
// pattern.
func (s *Service) FilterLogEvents(ctx context.Context, c *awsapi.Call, in *FilterLogEventsInput) (*FilterLogEventsOutput, error) {
	name, err := resolveGroupName(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}

	limit, err := pageSize(in.Limit, maxPageEvents)
	if err != nil {
		return nil, err
	}

	match, after, err := in.validate()
	if err != nil {
		return nil, err
	}

	streams, err := s.openStreams(c.Scope(), name, in, after)
	if err != nil {
		return nil, err
	}

	return collectPage(ctx, streams, match, limit)
}

// validate checks the request and parses its pattern and token. after is the
// position to continue from.
func (in *FilterLogEventsInput) validate() (*pattern.Pattern, position, error) {
	var after position
	switch {
	case in.Unmask:
		return nil, after, unsupported("FilterLogEvents", "unmask")
	case len(in.LogStreamNames) > 0 && in.LogStreamNamePrefix != "":
		return nil, after, errInvalidParameter.With("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.")
	case len(in.LogStreamNames) > 100:
		return nil, after, errInvalidParameter.Violation("logStreamNames", len(in.LogStreamNames), awsapi.MaxLength(100))
	}

	match, err := parsePattern(in.FilterPattern)
	if err != nil || in.NextToken == "" {
		return match, after, err
	}

	// A token is the position of the last event of its page.
	digits, err := base64.RawURLEncoding.DecodeString(in.NextToken)
	after, ok := parsePosition(string(digits))
	if err != nil || !ok {
		return nil, after, invalidToken()
	}

	return match, after, nil
}

// parsePattern parses the filter pattern of a request.
func parsePattern(text string) (*pattern.Pattern, error) {
	if len(text) > 1024 {
		return nil, errInvalidParameter.Violation("filterPattern", text, awsapi.MaxLength(1024))
	}
	p, err := pattern.Parse(text)
	if err != nil {
		return nil, errInvalidParameter.With("Invalid filter pattern: %v", err)
	}
	return p, nil
}

// openStreams returns a reader for each selected stream, for events in the
// requested range and after the given position.
func (s *Service) openStreams(scope awsapi.Scope, groupName string, in *FilterLogEventsInput, after position) (mergeHeap, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	g, err := s.findGroup(scope, groupName)
	if err != nil {
		return nil, err
	}

	names := in.LogStreamNames
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(g.streams))
	}

	// EndTime is inclusive here.
	end := int64(math.MaxInt64)
	if in.EndTime != nil && *in.EndTime < math.MaxInt64 {
		end = *in.EndTime + 1
	}

	// A stream that is named twice is read once.
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

// collectPage reads events until a page of matches is complete.
func collectPage(ctx context.Context, m mergeHeap, match *pattern.Pattern, limit int) (*FilterLogEventsOutput, error) {
	out := &FilterLogEventsOutput{Events: []FilteredLogEvent{}, SearchedLogStreams: []struct{}{}}
	var last position
	size := int64(0)
	for seen := 1; ; seen++ {
		stream, e, ok := m.next()
		if !ok {
			return out, nil
		}

		// A pattern may match nothing in millions of events: let the caller cancel.
		if seen%10_000 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !match.Match(e.message) {
			continue
		}

		// The page is full; this event is on the next one.
		if size += e.size(); len(out.Events) == limit || size > maxPageBytes && len(out.Events) > 0 {
			out.NextToken = base64.RawURLEncoding.EncodeToString([]byte(last.String()))
			return out, nil
		}

		last = e.position()
		out.Events = append(out.Events, FilteredLogEvent{
			LogStreamName: stream,
			Timestamp:     e.time,
			Message:       e.message,
			IngestionTime: e.ingested,
			EventID:       last.String(),
		})
	}
}
