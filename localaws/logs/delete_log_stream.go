package logs

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// DeleteLogStreamInput is the input of DeleteLogStream.
type DeleteLogStreamInput struct {
	// LogGroupName is the group's name.
	LogGroupName string `json:"logGroupName"`
	// LogStreamName is the stream's name.
	LogStreamName string `json:"logStreamName"`
}

// DeleteLogStream deletes a stream and its events.
func (s *Service) DeleteLogStream(_ context.Context, c *awsapi.Call, in *DeleteLogStreamInput) error {
	if err := validateStreamName(in.LogStreamName); err != nil {
		return err
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
