package logs

import (
	"context"
	"math"
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// The limits of a page of events (LAM E7).
const (
	maxPageEvents = 10_000
	maxPageBytes  = 1 << 20
)

// GetLogEventsInput is the input of GetLogEvents.
type GetLogEventsInput struct {
	// LogGroupName is the group's name. It or LogGroupIdentifier is required.
	LogGroupName string `json:"logGroupName,omitempty"`
	// LogGroupIdentifier is the group's name or ARN.
	LogGroupIdentifier string `json:"logGroupIdentifier,omitempty"`
	// LogStreamName is the stream's name.
	LogStreamName string `json:"logStreamName"`
	// StartTime is the inclusive start of the range, epoch ms.
	StartTime *int64 `json:"startTime,omitempty"`
	// EndTime is the exclusive end of the range, epoch ms.
	EndTime *int64 `json:"endTime,omitempty"`
	// NextToken is a token of an earlier page.
	NextToken string `json:"nextToken,omitempty"`
	// Limit is the size of a page, 1 to 10,000; absent means 10,000 or 1 MiB.
	Limit *int `json:"limit,omitempty"`
	// StartFromHead starts with the earliest page; otherwise it is the latest.
	StartFromHead bool `json:"startFromHead,omitempty"`
	// Unmask is refused when true: nothing is masked.
	Unmask bool `json:"unmask,omitempty"`
}

// GetLogEventsOutput is the output of GetLogEvents.
type GetLogEventsOutput struct {
	// Events are sorted by time.
	Events []OutputLogEvent `json:"events"`
	// NextForwardToken is the token of the next page. At the end of the stream it
	// is the token of the request.
	NextForwardToken string `json:"nextForwardToken"`
	// NextBackwardToken is the token of the previous page.
	NextBackwardToken string `json:"nextBackwardToken"`
}

// OutputLogEvent is an event in the output of GetLogEvents.
type OutputLogEvent struct {
	// Timestamp is epoch ms.
	Timestamp int64 `json:"timestamp"`
	// Message is the text.
	Message string `json:"message"`
	// IngestionTime is when the event was received, epoch ms.
	IngestionTime int64 `json:"ingestionTime"`
}

// GetLogEvents reads a page of a stream.
func (s *Service) GetLogEvents(_ context.Context, c *awsapi.Call, in *GetLogEventsInput) (*GetLogEventsOutput, error) {
	name, err := resolveGroupName(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	if err := validateStreamName(in.LogStreamName); err != nil {
		return nil, err
	}

	limit, err := pageSize(in.Limit, maxPageEvents)
	if err != nil {
		return nil, err
	}
	if in.Unmask {
		return nil, unsupported("GetLogEvents", "unmask")
	}

	// Without a token, the page is at the start or at the end of the stream.
	start := cursor{forward: in.StartFromHead}
	if in.NextToken != "" {
		if start, err = parseCursor(in.NextToken); err != nil {
			return nil, err
		}
	} else if !start.forward {
		start.position = lastPosition
	}

	// Select the events on the right side of the cursor.
	want := selection{
		from:   valueOr(in.StartTime, 0),
		to:     valueOr(in.EndTime, math.MaxInt64),
		before: lastPosition,
	}

	if start.forward {
		want.after = start.position
	} else {
		want.before = start.position
	}

	// Decode the page without the lock.
	blocks, err := s.snapshot(c.Scope(), name, in.LogStreamName, want)
	if err != nil {
		return nil, err
	}

	var got []event
	if start.forward {
		got = want.firstPage(blocks, limit)
	} else {
		got = want.lastPage(blocks, limit)
	}

	return start.page(got, in.NextToken == ""), nil
}

// valueOr returns *ms, or otherwise if ms is nil.
func valueOr(ms *int64, otherwise int64) int64 {
	if ms == nil {
		return otherwise
	}
	return *ms
}

// snapshot returns a copy of the list of a stream's blocks that can have selected
// events.
func (s *Service) snapshot(scope awsapi.Scope, groupName, streamName string, want selection) ([]*block, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.findGroup(scope, groupName)
	if err != nil {
		return nil, err
	}
	st := g.streams[streamName]
	if st == nil {
		return nil, streamNotFound()
	}
	return slices.Clone(want.overlapping(st.blocks)), nil
}

// page returns the output for the events at the cursor. first reports that the
// request had no token.
func (c cursor) page(got []event, first bool) *GetLogEventsOutput {
	next := cursor{position: c.position, forward: true}
	back := cursor{position: c.position}

	// An empty page has tokens that find events which arrive later.
	switch {
	case len(got) > 0:
		next.position = got[len(got)-1].position()
		back.position = got[0].position()
	case first:
		next.position = position{}
		back.position = position{}
	case c.forward:
		back.position.seq++
	default:
		next.position = c.position.before()
	}

	out := &GetLogEventsOutput{
		Events:            make([]OutputLogEvent, len(got)),
		NextForwardToken:  next.String(),
		NextBackwardToken: back.String(),
	}

	for i, e := range got {
		out.Events[i] = OutputLogEvent{
			Timestamp:     e.time,
			Message:       e.message,
			IngestionTime: e.ingested,
		}
	}

	return out
}
