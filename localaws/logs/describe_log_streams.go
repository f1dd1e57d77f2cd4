package logs

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

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

	limit, err := pageSize(in.Limit, 50)
	if err != nil {
		return nil, err
	}

	// AWS can sort by time only without a prefix.
	switch in.OrderBy {
	case "", "LogStreamName":
	case "LastEventTime":
		if in.LogStreamNamePrefix != "" {
			return nil, errInvalidParameter.With("Cannot order by LastEventTime with a logStreamNamePrefix.")
		}
	default:
		return nil, errInvalidParameter.Violation("orderBy", in.OrderBy, awsapi.OneOf("LogStreamName", "LastEventTime"))
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	g, err := s.findGroup(c.Scope(), name)
	if err != nil {
		return nil, err
	}

	names := in.sortedStreams(g)
	names, next, err := pageOfStreams(names, in.NextToken, limit)
	if err != nil {
		return nil, err
	}

	out := &DescribeLogStreamsOutput{LogStreams: make([]LogStream, 0, len(names)), NextToken: next}
	for _, name := range names {
		out.LogStreams = append(out.LogStreams, g.streams[name].describe())
	}

	return out, nil
}

// sortedStreams returns the names of the selected streams, sorted as requested.
func (in *DescribeLogStreamsInput) sortedStreams(g *group) []string {
	names := slices.Sorted(maps.Keys(g.streams))
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, in.LogStreamNamePrefix) })

	// The sort is stable: streams with equal times stay sorted by name.
	if in.OrderBy == "LastEventTime" {
		slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(g.streams[a].lastEventTime(), g.streams[b].lastEventTime()) })
	}
	if in.Descending {
		slices.Reverse(names)
	}
	return names
}

// describe returns the stream's description.
func (st *stream) describe() LogStream {
	d := LogStream{
		LogStreamName: st.name,
		CreationTime:  st.created,
		ARN:           st.arn(),
	}

	// Blocks are sorted, so the first and last one have the times.
	if len(st.blocks) > 0 {
		first := st.blocks[0].first.time
		last := st.lastEventTime()
		d.FirstEventTimestamp = &first
		d.LastEventTimestamp = &last
	}

	// A stream that was never written has no token.
	if st.ingested > 0 {
		at := st.ingested
		d.LastIngestionTime = &at
		d.UploadSequenceToken = st.token
	}

	return d
}

// pageOfStreams returns the page of names that follows the name in the token. Names
// may be in any order, so the name is looked for.
func pageOfStreams(names []string, token string, size int) (page []string, next string, err error) {
	after, ok := awsapi.ParsePageToken(token)
	start := slices.Index(names, after) + 1
	if !ok || after != "" && start == 0 {
		return nil, "", invalidToken()
	}

	page = names[start:]
	if len(page) <= size {
		return page, "", nil
	}
	return page[:size], awsapi.PageToken(page[size-1]), nil
}
