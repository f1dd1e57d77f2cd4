package logs

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// CreateLogStreamInput is the input of CreateLogStream.
type CreateLogStreamInput struct {
	// LogGroupName is the group's name.
	LogGroupName string `json:"logGroupName"`
	// LogStreamName has 1 to 512 characters without : and * (LAM E2).
	LogStreamName string `json:"logStreamName"`
}

// CreateLogStream creates an empty stream.
func (s *Service) CreateLogStream(_ context.Context, c *awsapi.Call, in *CreateLogStreamInput) (*awsapi.None, error) {
	if err := validateStreamName(in.LogStreamName); err != nil {
		return nil, err
	}
	return s.changeGroup(c, in.LogGroupName, func(b *store.Batch, g *group) error {
		if g.streams[in.LogStreamName] != nil {
			return errExists.With("The specified log stream already exists")
		}
		s.createStream(b, g, in.LogStreamName, false)
		return nil
	})
}

// ensureStream returns a stream of the group, which it creates if there is none.
// The caller holds mu.
func (s *Service) ensureStream(b *store.Batch, g *group, name string) *stream {
	if st := g.streams[name]; st != nil {
		return st
	}
	return s.createStream(b, g, name, true)
}

// createStream creates a stream. implicit reports that a write needs it. The caller
// holds mu.
func (s *Service) createStream(b *store.Batch, g *group, name string, implicit bool) *stream {
	st := &stream{
		group:    g,
		name:     name,
		id:       s.nextID(),
		implicit: implicit,
		created:  s.now(),
		token:    s.newSequenceToken(),
	}

	if implicit {
		s.addUsage(g, 0, streamOverhead)
	}

	g.streams[name] = st
	s.saveStream(b, st)
	return st
}

// newSequenceToken returns a sequence token in AWS's form. Requests need none (LAM
// E5).
func (s *Service) newSequenceToken() string {
	digits := make([]byte, 56)
	s.chance.Bytes(digits)
	for i := range digits {
		digits[i] = '0' + digits[i]%10
	}
	return "49" + string(digits[2:])
}

// DeleteLogStreamInput is the input of DeleteLogStream.
type DeleteLogStreamInput struct {
	// LogGroupName is the group's name.
	LogGroupName string `json:"logGroupName"`
	// LogStreamName is the stream's name.
	LogStreamName string `json:"logStreamName"`
}

// DeleteLogStream deletes a stream and its events.
func (s *Service) DeleteLogStream(_ context.Context, c *awsapi.Call, in *DeleteLogStreamInput) (*awsapi.None, error) {
	if err := validateStreamName(in.LogStreamName); err != nil {
		return nil, err
	}
	return s.changeGroup(c, in.LogGroupName, func(b *store.Batch, g *group) error {
		st := g.streams[in.LogStreamName]
		if st == nil {
			return streamNotFound()
		}
		s.removeStream(b, st)
		return nil
	})
}

// DescribeLogStreamsInput is the input of DescribeLogStreams.
type DescribeLogStreamsInput struct {
	// LogGroupName is the group's name. It or LogGroupIdentifier is required.
	LogGroupName string `json:"logGroupName,omitempty"`
	// LogGroupIdentifier is the group's name or ARN.
	LogGroupIdentifier string `json:"logGroupIdentifier,omitempty"`
	// LogStreamNamePrefix selects streams by the prefix of their names.
	LogStreamNamePrefix string `json:"logStreamNamePrefix,omitempty"`
	// OrderBy is LogStreamName, the default, or LastEventTime, which cannot be used
	// with the prefix.
	OrderBy string `json:"orderBy,omitempty"`
	// Descending reverses the order.
	Descending bool `json:"descending,omitempty"`
	// NextToken is the token of the page to return.
	NextToken string `json:"nextToken,omitempty"`
	// Limit is the size of a page, 1 to 50; absent means 50.
	Limit *int `json:"limit,omitempty"`
}

// DescribeLogStreamsOutput is the output of DescribeLogStreams.
type DescribeLogStreamsOutput struct {
	// LogStreams are sorted as requested.
	LogStreams []LogStream `json:"logStreams"`
	// NextToken is empty on the last page.
	NextToken string `json:"nextToken,omitempty"`
}

// LogStream is the description of a stream (LAM E4). Times are epoch ms.
type LogStream struct {
	// LogStreamName is the name.
	LogStreamName string `json:"logStreamName"`
	// CreationTime is when it was created.
	CreationTime int64 `json:"creationTime"`
	// FirstEventTimestamp is the time of its oldest event; absent if there is none.
	FirstEventTimestamp *int64 `json:"firstEventTimestamp,omitempty"`
	// LastEventTimestamp is the time of its newest event; absent if there is none.
	LastEventTimestamp *int64 `json:"lastEventTimestamp,omitempty"`
	// LastIngestionTime is when it was last written; absent if it never was.
	LastIngestionTime *int64 `json:"lastIngestionTime,omitempty"`
	// UploadSequenceToken has no meaning (LAM E5).
	UploadSequenceToken string `json:"uploadSequenceToken,omitempty"`
	// ARN is the stream's.
	ARN string `json:"arn"`
	// StoredBytes is always 0 (LAM E4).
	StoredBytes int64 `json:"storedBytes"`
}

// DescribeLogStreams lists a group's streams.
func (s *Service) DescribeLogStreams(_ context.Context, c *awsapi.Call, in *DescribeLogStreamsInput) (*DescribeLogStreamsOutput, error) {
	name, err := resolveGroupName(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}

	limit, err := pageSize(in.Limit, 50, 50)
	if err != nil {
		return nil, err
	}

	switch in.OrderBy {
	case "", "LogStreamName":
	case "LastEventTime":
		if in.LogStreamNamePrefix != "" {
			return nil, errInvalidParameter.With("Cannot order by LastEventTime with a logStreamNamePrefix.")
		}
	default:
		return nil, constraintError("orderBy", in.OrderBy, "Member must satisfy enum value set: [LogStreamName, LastEventTime]")
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	g, err := s.findGroup(scopeOf(c), name)
	if err != nil {
		return nil, err
	}

	names := in.sortedStreams(g)
	from, to, next, err := page(names, in.NextToken, limit)
	if err != nil {
		return nil, err
	}

	out := &DescribeLogStreamsOutput{LogStreams: make([]LogStream, 0, to-from), NextToken: next}
	for _, name := range names[from:to] {
		out.LogStreams = append(out.LogStreams, g.streams[name].describe())
	}

	return out, nil
}

// sortedStreams returns the names of the selected streams, sorted as requested.
func (in *DescribeLogStreamsInput) sortedStreams(g *group) []string {
	names := slices.Sorted(maps.Keys(g.streams))
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, in.LogStreamNamePrefix) })
	if in.OrderBy == "LastEventTime" {
		slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(g.streams[a].lastEventTime(), g.streams[b].lastEventTime()) })
	}
	if in.Descending {
		slices.Reverse(names)
	}
	return names
}

// lastEventTime returns the time of the newest event in epoch ms, or 0 if there is
// none.
func (st *stream) lastEventTime() int64 {
	if len(st.blocks) == 0 {
		return 0
	}
	return st.blocks[len(st.blocks)-1].last.time
}

// describe returns the stream's description.
func (st *stream) describe() LogStream {
	d := LogStream{
		LogStreamName: st.name,
		CreationTime:  st.created,
		ARN:           st.arn(),
	}

	if len(st.blocks) > 0 {
		first := st.blocks[0].first.time
		last := st.lastEventTime()
		d.FirstEventTimestamp = &first
		d.LastEventTimestamp = &last
	}

	if st.ingested > 0 {
		at := st.ingested
		d.LastIngestionTime = &at
		d.UploadSequenceToken = st.token
	}

	return d
}
