package logs

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// DeleteLogGroupInput is the input of DeleteLogGroup.
type DeleteLogGroupInput struct {
	// LogGroupName is the group's name.
	LogGroupName string `json:"logGroupName"`
}

// DeleteLogGroup deletes a group and all its events.
func (s *Service) DeleteLogGroup(_ context.Context, c *awsapi.Call, in *DeleteLogGroupInput) error {
	return s.changeGroup(c, in.LogGroupName, func(b *store.Batch, g *group) error {
		s.deleteGroup(b, g)
		return nil
	})
}
