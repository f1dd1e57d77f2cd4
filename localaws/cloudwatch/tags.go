package cloudwatch

import (
	"context"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// TagResourceInput is the input of TagResource.
type TagResourceInput struct {
	// ResourceARN is an alarm's or a dashboard's ARN.
	ResourceARN string `json:"ResourceARN"`
	// Tags are added; they replace tags with the same key.
	Tags []awsapi.Tag `json:"Tags"`
}

// TagResource tags an alarm or a dashboard.
func (s *Service) TagResource(_ context.Context, c *awsapi.Call, in *TagResourceInput) (*awsapi.None, error) {
	if len(in.Tags) == 0 {
		return nil, missingParameter("Tags")
	}
	if err := validateTags(in.Tags); err != nil {
		return nil, err
	}
	return s.changeTags(c, in.ResourceARN, func(tags []awsapi.Tag) ([]awsapi.Tag, error) {
		for _, t := range in.Tags {
			tags = append(slices.DeleteFunc(tags, func(o awsapi.Tag) bool { return o.Key == t.Key }), t)
		}
		if len(tags) > awsapi.MaxTags {
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
func (s *Service) UntagResource(_ context.Context, c *awsapi.Call, in *UntagResourceInput) (*awsapi.None, error) {
	return s.changeTags(c, in.ResourceARN, func(tags []awsapi.Tag) ([]awsapi.Tag, error) {
		return slices.DeleteFunc(tags, func(t awsapi.Tag) bool { return slices.Contains(in.TagKeys, t.Key) }), nil
	})
}

// ListTagsForResourceInput is the input of ListTagsForResource.
type ListTagsForResourceInput struct {
	// ResourceARN is an alarm's or a dashboard's ARN.
	ResourceARN string `json:"ResourceARN"`
}

// ListTagsForResourceOutput is the output of ListTagsForResource.
type ListTagsForResourceOutput struct {
	// Tags may be empty, but is never absent.
	Tags []awsapi.Tag `json:"Tags"`
}

// ListTagsForResource lists the tags of an alarm or a dashboard.
func (s *Service) ListTagsForResource(_ context.Context, c *awsapi.Call, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tags, _, err := s.findTags(c, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return &ListTagsForResourceOutput{Tags: nonNil(*tags)}, nil
}

// findTags returns the tags of an alarm or dashboard, to be read or changed under
// the lock, and a function that saves the resource. The caller holds mu.
func (s *Service) findTags(c *awsapi.Call, arn string) (tags *[]awsapi.Tag, save func(*store.Batch), err error) {
	if arn == "" {
		return nil, nil, missingParameter("ResourceARN")
	}

	a, ok := awsapi.ParseARN(arn)
	if !ok || a.Service != "cloudwatch" {
		return nil, nil, errInvalidValue.With("The value '%s' for parameter ResourceARN is invalid.", arn)
	}

	// An alarm has a region, a dashboard has none.
	if name, isAlarm := strings.CutPrefix(a.Resource, "alarm:"); isAlarm && a.Account == c.Account {
		if al := s.resourcesIn(awsapi.Scope{Account: a.Account, Region: a.Region}).alarms[name]; al != nil {
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

// changeTags replaces the tags of a resource by what change returns for a copy of
// them, and waits until that is durable.
func (s *Service) changeTags(c *awsapi.Call, arn string, change func([]awsapi.Tag) ([]awsapi.Tag, error)) (*awsapi.None, error) {
	commit, err := s.changeTagsLocked(c, arn, change)
	if err != nil {
		return nil, err
	}
	return &awsapi.None{}, commit.Wait()
}

// changeTagsLocked is changeTags without the wait, which must not happen under the
// lock.
func (s *Service) changeTagsLocked(c *awsapi.Call, arn string, change func([]awsapi.Tag) ([]awsapi.Tag, error)) (store.Commit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	tags, save, err := s.findTags(c, arn)
	if err != nil {
		return store.Commit{}, err
	}

	// Work on a copy, so that an error leaves the tags unchanged.
	changed, err := change(slices.Clone(*tags))
	if err != nil {
		return store.Commit{}, err
	}

	*tags = changed
	b := s.store.Batch()
	save(b)
	return b.Apply(), nil
}

// tooManyTags returns the error for a resource with too many tags.
func tooManyTags() error {
	return errInvalidValue.With("A resource can have at most %d tags.", awsapi.MaxTags)
}

// validateTags checks the tags of a request.
func validateTags(tags []awsapi.Tag) error {
	if len(tags) > awsapi.MaxTags {
		return tooManyTags()
	}

	for i, t := range tags {
		switch awsapi.CheckTag(t.Key, t.Value) {
		case awsapi.TagKeyLength:
			return errValidation.Violation("tags", t.Key, "Member must have length between 1 and 128")
		case awsapi.TagKeyReserved:
			return errInvalidValue.With("Tag keys must not begin with aws: (%s).", t.Key)
		case awsapi.TagValueLength:
			return errValidation.Violation("tags", t.Value, awsapi.MaxLength(256))
		}

		if slices.ContainsFunc(tags[:i], func(o awsapi.Tag) bool { return o.Key == t.Key }) {
			return errInvalidValue.With("The tag key %s occurs more than once.", t.Key)
		}
	}

	return nil
}
