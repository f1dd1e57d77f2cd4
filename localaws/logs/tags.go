package logs

import (
	"context"
	"maps"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// TagResourceInput is the input of TagResource.
type TagResourceInput struct {
	// ResourceARN is a group's ARN without ":*" (LAM E10).
	ResourceARN string `json:"resourceArn"`
	// Tags are added; they replace tags with the same key.
	Tags map[string]string `json:"tags"`
}

// TagResource tags a group.
func (s *Service) TagResource(_ context.Context, c *awsapi.Call, in *TagResourceInput) error {
	name, err := s.groupFromARN(c, in.ResourceARN)
	if err != nil {
		return err
	}
	return s.addTags(c, name, in.Tags)
}

// UntagResourceInput is the input of UntagResource.
type UntagResourceInput struct {
	// ResourceARN is a group's ARN without ":*".
	ResourceARN string `json:"resourceArn"`
	// TagKeys are the keys of the tags to remove.
	TagKeys []string `json:"tagKeys"`
}

// UntagResource removes tags from a group.
func (s *Service) UntagResource(_ context.Context, c *awsapi.Call, in *UntagResourceInput) error {
	name, err := s.groupFromARN(c, in.ResourceARN)
	if err != nil {
		return err
	}
	return s.removeTags(c, name, in.TagKeys)
}

// ListTagsForResourceInput is the input of ListTagsForResource.
type ListTagsForResourceInput struct {
	// ResourceARN is a group's ARN without ":*".
	ResourceARN string `json:"resourceArn"`
}

// TagsOutput is the output of ListTagsForResource and ListTagsLogGroup.
type TagsOutput struct {
	// Tags may be empty, but is never absent.
	Tags map[string]string `json:"tags"`
}

// ListTagsForResource lists a group's tags.
func (s *Service) ListTagsForResource(_ context.Context, c *awsapi.Call, in *ListTagsForResourceInput) (*TagsOutput, error) {
	name, err := s.groupFromARN(c, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return s.listTags(c, name)
}

// TagLogGroupInput is the input of TagLogGroup.
type TagLogGroupInput struct {
	// LogGroupName is the group's name.
	LogGroupName string `json:"logGroupName"`
	// Tags are added; they replace tags with the same key.
	Tags map[string]string `json:"tags"`
}

// TagLogGroup is an older form of TagResource.
func (s *Service) TagLogGroup(_ context.Context, c *awsapi.Call, in *TagLogGroupInput) error {
	return s.addTags(c, in.LogGroupName, in.Tags)
}

// UntagLogGroupInput is the input of UntagLogGroup.
type UntagLogGroupInput struct {
	// LogGroupName is the group's name.
	LogGroupName string `json:"logGroupName"`
	// Tags are the keys of the tags to remove.
	Tags []string `json:"tags"`
}

// UntagLogGroup is an older form of UntagResource.
func (s *Service) UntagLogGroup(_ context.Context, c *awsapi.Call, in *UntagLogGroupInput) error {
	return s.removeTags(c, in.LogGroupName, in.Tags)
}

// ListTagsLogGroupInput is the input of ListTagsLogGroup.
type ListTagsLogGroupInput struct {
	// LogGroupName is the group's name.
	LogGroupName string `json:"logGroupName"`
}

// ListTagsLogGroup is an older form of ListTagsForResource.
func (s *Service) ListTagsLogGroup(_ context.Context, c *awsapi.Call, in *ListTagsLogGroupInput) (*TagsOutput, error) {
	return s.listTags(c, in.LogGroupName)
}

// groupFromARN returns the name of the group with the given ARN, which must be in
// the account and region of the call.
func (s *Service) groupFromARN(c *awsapi.Call, arn string) (string, error) {
	if arn == "" {
		return "", errInvalidParameter.Violation("resourceArn", nil, awsapi.NotNull)
	}

	a, ok := awsapi.ParseARN(arn)
	name, isGroup := strings.CutPrefix(a.Resource, "log-group:")
	if !ok || a.Service != "logs" || !isGroup || strings.Contains(name, ":") {
		return "", errInvalidParameter.With("Invalid resource ARN: %s", arn)
	}

	// A group of another account or region is not visible to the call.
	if a.Account != c.Account || a.Region != c.Region {
		return "", groupNotFound()
	}

	return name, nil
}

// addTags adds tags to a group.
func (s *Service) addTags(c *awsapi.Call, name string, tags map[string]string) error {
	if len(tags) == 0 {
		return errInvalidParameter.Violation("tags", nil, awsapi.NotNull)
	}
	if err := validateTags(tags); err != nil {
		return err
	}
	return s.changeGroup(c, name, func(b *store.Batch, g *group) error {
		// Build a new map: others may hold the old one.
		all := map[string]string{}
		maps.Copy(all, g.tags)
		maps.Copy(all, tags)
		if len(all) > awsapi.MaxTags {
			return tooManyTags()
		}
		g.tags = all
		s.saveGroup(b, g)
		return nil
	})
}

// removeTags removes tags from a group.
func (s *Service) removeTags(c *awsapi.Call, name string, keys []string) error {
	return s.changeGroup(c, name, func(b *store.Batch, g *group) error {
		for _, k := range keys {
			delete(g.tags, k)
		}
		s.saveGroup(b, g)
		return nil
	})
}

// listTags returns the tags of a group.
func (s *Service) listTags(c *awsapi.Call, name string) (*TagsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.findGroup(c.Scope(), name)
	if err != nil {
		return nil, err
	}
	out := &TagsOutput{Tags: map[string]string{}}
	maps.Copy(out.Tags, g.tags)
	return out, nil
}

// tooManyTags returns the error for a group with too many tags.
func tooManyTags() error {
	return errTooManyTags.With("A resource can have at most %d tags.", awsapi.MaxTags)
}

// validateTags checks the tags of a request.
func validateTags(tags map[string]string) error {
	if len(tags) > awsapi.MaxTags {
		return tooManyTags()
	}

	for k, v := range tags {
		switch awsapi.CheckTag(k, v) {
		case awsapi.TagKeyLength:
			return errInvalidParameter.Violation("tags", k, "Map keys must have length between 1 and 128")
		case awsapi.TagKeyReserved:
			return errInvalidParameter.With("aws: prefixed tag key names are not allowed for external use.")
		case awsapi.TagValueLength:
			return errInvalidParameter.Violation("tags", v, "Map values must have length less than or equal to 256")
		}
	}

	return nil
}
