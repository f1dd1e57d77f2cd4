package lambda

import (
	"context"
	"maps"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// TagResource adds tags to a function or an event source mapping, or changes their values
// (LAM C33).
func (s *Service) TagResource(_ context.Context, c *awsapi.Call, in *TagsInput) error {
	if len(in.Tags) == 0 {
		return errParameter.With("An error occurred and the request cannot be processed.")
	}
	if isMappingARN(in.Resource) && s.mappingTags != nil {
		return mappingNotFound(s.mappingTags.SetTags(in.Resource, in.Tags), in.Resource)
	}
	return s.changeTags(c, in.Resource, func(tags map[string]string) { maps.Copy(tags, in.Tags) })
}
