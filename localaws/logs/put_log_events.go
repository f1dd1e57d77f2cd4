package logs

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// The limits of one PutLogEvents (LAM E5).
const (
	maxBatchEvents = 10_000
	maxBatchBytes  = 1 << 20
	maxBatchSpan   = 24 * time.Hour
	maxEventAge    = 14 * 24 * time.Hour
	maxEventAhead  = 2 * time.Hour
)

// PutLogEventsInput is the input of PutLogEvents.
type PutLogEventsInput struct {
	// LogGroupName is the group's name.
	LogGroupName string `json:"logGroupName"`
	// LogStreamName is the stream's name.
	LogStreamName string `json:"logStreamName"`
	// LogEvents are 1 to 10,000 events sorted by time, within 24 h. Their messages,
	// with 26 bytes more for each, are at most 1 MiB.
	LogEvents []InputLogEvent `json:"logEvents"`
	// SequenceToken is ignored, as on AWS.
	SequenceToken string `json:"sequenceToken,omitempty"`
}

// InputLogEvent is an event to write.
type InputLogEvent struct {
	// Timestamp is epoch ms.
	Timestamp *int64 `json:"timestamp"`
	// Message is the text, of at least one byte.
	Message string `json:"message"`
}

// PutLogEventsOutput is the output of PutLogEvents.
type PutLogEventsOutput struct {
	// NextSequenceToken is always present and never needed.
	NextSequenceToken string `json:"nextSequenceToken"`
	// RejectedLogEventsInfo is present only if events were rejected.
	RejectedLogEventsInfo *RejectedLogEventsInfo `json:"rejectedLogEventsInfo,omitempty"`
}

// RejectedLogEventsInfo reports which events of a batch were rejected.
type RejectedLogEventsInfo struct {
	// TooNewLogEventStartIndex is the first event more than 2 h ahead.
	TooNewLogEventStartIndex *int `json:"tooNewLogEventStartIndex,omitempty"`
	// TooOldLogEventEndIndex is one past the last event older than 14 days.
	TooOldLogEventEndIndex *int `json:"tooOldLogEventEndIndex,omitempty"`
	// ExpiredLogEventEndIndex is one past the last event older than the
	// group's retention.
	ExpiredLogEventEndIndex *int `json:"expiredLogEventEndIndex,omitempty"`
}

// PutLogEvents writes a batch of events to a stream. It returns when they are
// durable.
func (s *Service) PutLogEvents(_ context.Context, c *awsapi.Call, in *PutLogEventsInput) (*PutLogEventsOutput, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}

	scope := c.Scope()
	token, accepted, rejected, err := s.acceptEvents(scope, in)
	if err != nil {
		return nil, err
	}

	out := &PutLogEventsOutput{NextSequenceToken: token, RejectedLogEventsInfo: rejected}
	if len(accepted) == 0 {
		return out, nil
	}

	// Unlike Write, this does not create the stream.
	a, err := s.appendBatch(scope, in.LogGroupName, accepted, func(_ *store.Batch, g *group) (*stream, error) {
		if st := g.streams[in.LogStreamName]; st != nil {
			return st, nil
		}
		return nil, streamNotFound()
	})
	if err != nil {
		return nil, err
	}
	if err := a.commit.Wait(); err != nil {
		return nil, err
	}

	s.notifySubscribers(scope, in.LogGroupName, in.LogStreamName, accepted, a)
	return out, nil
}

// validate checks for what fails the whole batch (LAM E5).
func (in *PutLogEventsInput) validate() error {
	if err := validateGroupName(in.LogGroupName); err != nil {
		return err
	}
	if err := validateStreamName(in.LogStreamName); err != nil {
		return err
	}
	if n := len(in.LogEvents); n < 1 || n > maxBatchEvents {
		return errInvalidParameter.With("1 validation error detected: Value at 'logEvents' failed to satisfy constraint: "+
			"Member must have length between 1 and %d", maxBatchEvents)
	}

	// Check each event, and add up their sizes.
	size := 0
	for i, e := range in.LogEvents {
		switch {
		case e.Timestamp == nil || *e.Timestamp < 0:
			return errInvalidParameter.With("The timestamp of log event %d must be a number of milliseconds that is not negative.", i)
		case e.Message == "":
			return errInvalidParameter.With("1 validation error detected: Value '' at 'logEvents.%d.member.message' failed to satisfy "+
				"constraint: Member must have length greater than or equal to 1", i+1)
		case i > 0 && *e.Timestamp < *in.LogEvents[i-1].Timestamp:
			return errInvalidParameter.With("Log events in a single PutLogEvents request must be in chronological order.")
		}
		size += len(e.Message) + eventOverhead
	}

	if size > maxBatchBytes {
		return errInvalidParameter.With("Upload too large: %d bytes exceeds limit of %d", size, maxBatchBytes)
	}

	// The first and last event have the earliest and latest time.
	first := *in.LogEvents[0].Timestamp
	last := *in.LogEvents[len(in.LogEvents)-1].Timestamp
	if last-first > maxBatchSpan.Milliseconds() {
		return errInvalidParameter.With("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
	}

	return nil
}

// acceptEvents returns the events that are neither too old, too new nor expired,
// which ones are rejected, and the stream's sequence token.
func (s *Service) acceptEvents(scope awsapi.Scope, in *PutLogEventsInput) (string, []Event, *RejectedLogEventsInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	g, err := s.findGroup(scope, in.LogGroupName)
	if err != nil {
		return "", nil, nil, err
	}

	st := g.streams[in.LogStreamName]
	if st == nil {
		return "", nil, nil, streamNotFound()
	}

	// Events are sorted by time, so the accepted ones are a range.
	now := s.now()
	from := countBefore(in.LogEvents, now-maxEventAge.Milliseconds())
	to := countBefore(in.LogEvents, now+maxEventAhead.Milliseconds()+1)
	expired := countBefore(in.LogEvents, g.expiresBefore(now))
	var r RejectedLogEventsInfo
	if from > 0 {
		r.TooOldLogEventEndIndex = &from
	}

	if expired > 0 {
		r.ExpiredLogEventEndIndex = &expired
	}

	if to < len(in.LogEvents) {
		r.TooNewLogEventStartIndex = &to
	}

	var accepted []Event
	for _, e := range in.LogEvents[min(max(from, expired), to):to] {
		accepted = append(accepted, Event{fromMilli(*e.Timestamp), e.Message})
	}

	if r == (RejectedLogEventsInfo{}) {
		return st.token, accepted, nil, nil
	}

	return st.token, accepted, &r, nil
}

// countBefore returns the number of events before t. Events are sorted by time.
func countBefore(events []InputLogEvent, t int64) int {
	n := 0
	for n < len(events) && *events[n].Timestamp < t {
		n++
	}
	return n
}
