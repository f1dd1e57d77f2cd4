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

// Line is one event of a function's log.
type Line struct {
	// ID is the event's id, unique in its group.
	ID string
	// Stream is the log stream: one for each execution environment.
	Stream string
	// Time is the event's timestamp, in service time.
	Time time.Time
	// Text is the message, without the end of line.
	Text string
}

// late is how much later than its timestamp an event may turn up on AWS.
const late = time.Minute

// Tail reads a log group as it grows, each event once.
type Tail struct {
	client *Client
	group  string
	filter string
	since  time.Time
	seen   map[string]time.Time
	begun  bool
}

// Tail reads the events of a group from since on that match filter, a pattern of
// CloudWatch Logs; an empty one matches all.
func (c *Client) Tail(group string, since time.Time, filter string) *Tail {
	return &Tail{client: c, group: group, filter: filter, since: since, seen: map[string]time.Time{}}
}

// Next answers the events that were not there before, in the order in which the
// service gives them. A group that does not exist yet has none.
func (t *Tail) Next(ctx context.Context) ([]Line, error) {
	in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &t.group, StartTime: aws.Int64(t.since.UnixMilli())}
	if t.filter != "" {
		in.FilterPattern = &t.filter
	}
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
				ID: aws.ToString(e.EventId), Stream: aws.ToString(e.LogStreamName),
				Time: time.UnixMilli(aws.ToInt64(e.Timestamp)), Text: trim(aws.ToString(e.Message)),
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
	if t.begun { // what was there before may be of another time, if a clock was set back
		t.advance(newest)
	}
	t.begun = true
	return lines, nil
}

// advance moves the window on, so far behind the newest event that a late one is
// not missed, and forgets what it has left behind.
func (t *Tail) advance(newest time.Time) {
	if from := newest.Add(-late); from.After(t.since) {
		t.since = from
		for id, at := range t.seen {
			if at.Before(from) {
				delete(t.seen, id)
			}
		}
	}
}

// trim takes the ends of line from a message.
func trim(s string) string {
	for len(s) > 0 && (s[len(s)-1] == '\n' || s[len(s)-1] == '\r') {
		s = s[:len(s)-1]
	}
	return s
}
