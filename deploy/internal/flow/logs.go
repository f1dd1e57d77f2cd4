package flow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// Line is a log event of a function.
type Line struct {
	// ID is the event id, unique in its log group.
	ID string
	// Stream is the log stream: one for each execution environment.
	Stream string
	// Time is the event's timestamp, in service time.
	Time time.Time
	// Text is the message without line breaks at its end.
	Text string
}

// maxLatency is how long after its timestamp an event may become readable on AWS.
const maxLatency = time.Minute

// Tail reads new events of a log group, each once.
type Tail struct {
	client *Client
	group  string
	filter string
	since  time.Time            // start of the window that is read
	seen   map[string]time.Time // timestamps of the events in the window, by event id
	begun  bool                 // Next was called
}

// Now returns the service time, by which logs are written. On AWS it is the time of
// this machine.
func (c *Client) Now(ctx context.Context) (time.Time, error) {
	if c.clock == nil {
		return time.Now(), nil
	}
	state, err := c.clock.Clock(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("read the service time: %w", err)
	}
	return state.Now, nil
}

// Tail returns a Tail of a group's events from since on that match filter, a filter
// pattern of CloudWatch Logs. An empty filter matches all events.
func (c *Client) Tail(group string, since time.Time, filter string) *Tail {
	return &Tail{
		client: c,
		group:  group,
		filter: filter,
		since:  since,
		seen:   map[string]time.Time{},
	}
}

// Next returns the events since the last call, in the order of FilterLogEvents. A
// group that does not exist has none.
func (t *Tail) Next(ctx context.Context) ([]Line, error) {
	in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &t.group, StartTime: aws.Int64(t.since.UnixMilli())}
	if t.filter != "" {
		in.FilterPattern = &t.filter
	}

	// Read all pages. Events before the last call are skipped by their id.
	var lines []Line
	newest := t.since
	for {
		out, err := t.client.logs.FilterLogEvents(ctx, in)
		if gone := (*logtypes.ResourceNotFoundException)(nil); errors.As(err, &gone) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read log %s: %w", t.group, err)
		}

		for _, e := range out.Events {
			line := Line{
				ID:     aws.ToString(e.EventId),
				Stream: aws.ToString(e.LogStreamName),
				Time:   time.UnixMilli(aws.ToInt64(e.Timestamp)),
				Text:   trim(aws.ToString(e.Message)),
			}
			if _, ok := t.seen[line.ID]; ok {
				continue
			}
			t.seen[line.ID] = line.Time
			if line.Time.After(newest) {
				newest = line.Time
			}
			lines = append(lines, line)
		}

		if aws.ToString(out.NextToken) == "" {
			break
		}
		in.NextToken = out.NextToken
	}

	// If the clock was set back before the first call, old events may have timestamps in
	// the future: they must not move the window.
	if t.begun {
		t.advance(newest)
	}
	t.begun = true
	return lines, nil
}

// advance moves the start of the window to maxLatency before the newest event, and
// forgets the ids of older events.
func (t *Tail) advance(newest time.Time) {
	if from := newest.Add(-maxLatency); from.After(t.since) {
		t.since = from
		for id, at := range t.seen {
			if at.Before(from) {
				delete(t.seen, id)
			}
		}
	}
}

// trim removes line breaks from the end of a message.
func trim(s string) string {
	for len(s) > 0 && (s[len(s)-1] == '\n' || s[len(s)-1] == '\r') {
		s = s[:len(s)-1]
	}
	return s
}
