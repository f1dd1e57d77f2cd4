package cloudwatch

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

const maxTags = 50

// TagResourceInput is the input of TagResource.
type TagResourceInput struct {
	// ResourceARN is an alarm's or a dashboard's ARN.
	ResourceARN string `json:"ResourceARN"`
	// Tags are added, or replace those of the same key.
	Tags []Tag `json:"Tags"`
}

// TagResource tags an alarm or a dashboard.
func (s *Service) TagResource(_ context.Context, c *awsapi.Call, in *TagResourceInput) (*struct{}, error) {
	if len(in.Tags) == 0 {
		return nil, missingParameter("Tags")
	}
	if err := validateTags(in.Tags); err != nil {
		return nil, err
	}
	return s.changeTags(c, in.ResourceARN, func(tags []Tag) ([]Tag, error) {
		for _, t := range in.Tags {
			tags = append(slices.DeleteFunc(tags, func(o Tag) bool { return o.Key == t.Key }), t)
		}
		if len(tags) > maxTags {
			return nil, tooManyTags()
		}
		return tags, nil
	})
}

// UntagResourceInput is the input of UntagResource.
type UntagResourceInput struct {
	// ResourceARN is an alarm's or a dashboard's ARN.
	ResourceARN string `json:"ResourceARN"`
	// TagKeys are the keys of the tags to remove.
	TagKeys []string `json:"TagKeys"`
}

// UntagResource removes tags from an alarm or a dashboard.
func (s *Service) UntagResource(_ context.Context, c *awsapi.Call, in *UntagResourceInput) (*struct{}, error) {
	return s.changeTags(c, in.ResourceARN, func(tags []Tag) ([]Tag, error) {
		return slices.DeleteFunc(tags, func(t Tag) bool { return slices.Contains(in.TagKeys, t.Key) }), nil
	})
}

// ListTagsForResourceInput is the input of ListTagsForResource.
type ListTagsForResourceInput struct {
	// ResourceARN is an alarm's or a dashboard's ARN.
	ResourceARN string `json:"ResourceARN"`
}

// ListTagsForResourceOutput is the output of ListTagsForResource.
type ListTagsForResourceOutput struct {
	// Tags may be empty, but are there.
	Tags []Tag `json:"Tags"`
}

// ListTagsForResource lists the tags of an alarm or a dashboard.
func (s *Service) ListTagsForResource(_ context.Context, c *awsapi.Call, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tags, _, err := s.findTags(c, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return &ListTagsForResourceOutput{nonNil(*tags)}, nil
}

// findTags finds the tags of a resource, and how to keep it, with mu held.
func (s *Service) findTags(c *awsapi.Call, arn string) (tags *[]Tag, keep func(*store.Batch), err error) {
	if arn == "" {
		return nil, nil, missingParameter("ResourceARN")
	}

	a, ok := awsapi.ParseARN(arn)
	if !ok || a.Service != "cloudwatch" {
		return nil, nil, errInvalidValue.With("The value '%s' for parameter ResourceARN is invalid.", arn)
	}

	if name, isAlarm := strings.CutPrefix(a.Resource, "alarm:"); isAlarm && a.Account == c.Account {
		if al := s.resourcesIn(scope{a.Account, a.Region}).alarms[name]; al != nil {
			return &al.tags, func(b *store.Batch) { s.saveAlarm(b, al) }, nil
		}
	}

	if name, isDashboard := strings.CutPrefix(a.Resource, "dashboard/"); isDashboard && a.Account == c.Account && a.Region == "" {
		if d := s.dashboards[a.Account][name]; d != nil {
			return &d.tags, func(b *store.Batch) { s.saveDashboard(b, a.Account, d) }, nil
		}
	}

	return nil, nil, errTagResourceNotFound.With("Unknown resource %s", arn)
}

func (s *Service) changeTags(c *awsapi.Call, arn string, change func([]Tag) ([]Tag, error)) (*struct{}, error) {
	commit, err := s.changeTagsLocked(c, arn, change)
	if err != nil {
		return nil, err
	}
	return &struct{}{}, commit.Wait()
}

func (s *Service) changeTagsLocked(c *awsapi.Call, arn string, change func([]Tag) ([]Tag, error)) (store.Commit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	tags, keep, err := s.findTags(c, arn)
	if err != nil {
		return store.Commit{}, err
	}

	changed, err := change(slices.Clone(*tags))
	if err != nil {
		return store.Commit{}, err
	}

	*tags = changed
	b := s.store.Batch()
	keep(b)
	return b.Apply(), nil
}

func tooManyTags() error {
	return errInvalidValue.With("A resource can have at most %d tags.", maxTags)
}

func validateTags(tags []Tag) error {
	if len(tags) > maxTags {
		return tooManyTags()
	}

	for i, t := range tags {
		switch n := utf8.RuneCountInString(t.Key); {
		case n == 0 || n > 128:
			return constraintError("tags", t.Key, "Member must have length between 1 and 128")
		case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
			return errInvalidValue.With("Tag keys must not begin with aws: (%s).", t.Key)
		case utf8.RuneCountInString(t.Value) > 256:
			return constraintError("tags", t.Value, "Member must have length less than or equal to 256")
		case slices.ContainsFunc(tags[:i], func(o Tag) bool { return o.Key == t.Key }):
			return errInvalidValue.With("The tag key %s is there more than once.", t.Key)
		}
	}

	return nil
}
