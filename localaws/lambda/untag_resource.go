package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// UntagResource removes tags from a function or an event source mapping.
func (s *Service) UntagResource(_ context.Context, c *awsapi.Call, in *TagsInput) error {
	if len(in.TagKeys) == 0 {
		return errValidation.Violation("tagKeys", nil, awsapi.NotNull)
	}
	if isMappingARN(in.Resource) && s.mappingTags != nil {
		return mappingNotFound(s.mappingTags.RemoveTags(in.Resource, in.TagKeys), in.Resource)
	}
	return s.changeTags(c, in.Resource, func(tags map[string]string) {
		for _, name := range in.TagKeys {
			delete(tags, name)
		}
	})
}
