package logs

import (
	"context"

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
func (s *Service) CreateLogStream(_ context.Context, c *awsapi.Call, in *CreateLogStreamInput) error {
	if err := validateStreamName(in.LogStreamName); err != nil {
		return err
	}
	return s.changeGroup(c, in.LogGroupName, func(b *store.Batch, g *group) error {
		if g.streams[in.LogStreamName] != nil {
			return errExists.With("The specified log stream already exists")
		}
		s.createStream(b, g, in.LogStreamName, false)
		return nil
	})
}
