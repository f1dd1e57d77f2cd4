package lambda

import (
	"context"
	"maps"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// ListTagsOutput is the output of ListTags.
type ListTagsOutput struct {
	// Tags are tags by key.
	Tags map[string]string `json:"Tags"`
}

// ListTags returns the tags of a function or an event source mapping.
func (s *Service) ListTags(_ context.Context, c *awsapi.Call, in *TagsInput) (*ListTagsOutput, error) {
	if isMappingARN(in.Resource) && s.mappingTags != nil {
		tags, err := s.mappingTags.Tags(in.Resource)
		return &ListTagsOutput{orEmpty(tags)}, mappingNotFound(err, in.Resource)
	}

	ref, err := parseTaggable(c, in.Resource)
	if err != nil {
		return nil, err
	}

	out := &ListTagsOutput{}
	return out, s.readFunction(ref, func(f *function) error {
		out.Tags = orEmpty(maps.Clone(f.tags))
		return nil
	})
}
