package lambda

import (
	"context"
	"maps"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// TagsInput is the input of ListTags, TagResource and UntagResource.
type TagsInput struct {
	// Resource is the ARN of a function or an event source mapping.
	Resource string `json:"-" path:"Resource"`
	// Tags are the tags to set.
	Tags map[string]string `json:"Tags"`
	// TagKeys are the keys of the tags to remove.
	TagKeys []string `json:"-" querystring:"tagKeys"`
}

// ListTagsOutput is the output of ListTags.
type ListTagsOutput struct {
	// Tags are tags by key.
	Tags map[string]string `json:"Tags"`
}

// taggablePattern is the model's pattern of an ARN that can have tags.
const taggablePattern = `arn:(aws[a-zA-Z-]*):lambda:[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|event-source-mapping:[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12})`

// isMappingARN reports whether an ARN is that of an event source mapping.
func isMappingARN(arn string) bool {
	a, ok := awsapi.ParseARN(arn)
	return ok && a.Service == "lambda" && strings.HasPrefix(a.Resource, "event-source-mapping:")
}

// ListTags is ListTags, for functions and mappings.
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

func orEmpty(tags map[string]string) map[string]string {
	if tags == nil {
		return map[string]string{}
	}
	return tags
}

// TagResource is TagResource (LAM C33).
func (s *Service) TagResource(_ context.Context, c *awsapi.Call, in *TagsInput) (*awsapi.None, error) {
	if len(in.Tags) == 0 {
		return nil, errParameter.With("An error occurred and the request cannot be processed.")
	}
	if isMappingARN(in.Resource) && s.mappingTags != nil {
		return &awsapi.None{}, mappingNotFound(s.mappingTags.SetTags(in.Resource, in.Tags), in.Resource)
	}
	return s.changeTags(c, in.Resource, func(tags map[string]string) { maps.Copy(tags, in.Tags) })
}

// UntagResource is UntagResource.
func (s *Service) UntagResource(_ context.Context, c *awsapi.Call, in *TagsInput) (*awsapi.None, error) {
	var check constraints
	if len(in.TagKeys) == 0 {
		check.add("null", "tagKeys", "Member must not be null")
	}

	if err := check.err(); err != nil {
		return nil, err
	}

	if isMappingARN(in.Resource) && s.mappingTags != nil {
		return &awsapi.None{}, mappingNotFound(s.mappingTags.RemoveTags(in.Resource, in.TagKeys), in.Resource)
	}

	return s.changeTags(c, in.Resource, func(tags map[string]string) {
		for _, name := range in.TagKeys {
			delete(tags, name)
		}
	})
}

// mappingNotFound gives the error of a mapping that is not there its words
// (LAM C33).
func mappingNotFound(err error, arn string) error {
	if err != nil && awsapi.AsError(err).Code == errNotFound.Code {
		return errNotFound.With("Event source mapping not found: %s", arn)
	}
	return err
}

func (s *Service) changeTags(c *awsapi.Call, resource string, change func(map[string]string)) (*awsapi.None, error) {
	ref, err := parseTaggable(c, resource)
	if err != nil {
		return nil, err
	}

	return &awsapi.None{}, s.changeFunction(ref, func(f *function) error {
		tags := orEmpty(maps.Clone(f.tags))
		change(tags)
		if err := checkTags(tags); err != nil {
			return err
		}
		f.tags = tags
		return nil
	})
}

// parseTaggable reads the ARN of a function. Its name alone will not do.
func parseTaggable(c *awsapi.Call, arn string) (reference, error) {
	if a, ok := awsapi.ParseARN(arn); !ok || a.Service != "lambda" {
		var check constraints
		check.add("'"+arn+"'", "resource", "Member must satisfy regular expression pattern: "+taggablePattern)
		return reference{}, check.err()
	}
	ref, err := parseReference(c, arn, "")
	if err == nil && ref.qualifier != "" {
		err = errParameter.With("Tags on function aliases and versions are not supported. Please specify a function ARN.")
	}
	return ref, err
}
