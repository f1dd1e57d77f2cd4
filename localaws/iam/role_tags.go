package iam

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// TagRoleInput is the input of TagRole.
type TagRoleInput struct {
	// RoleName is the role's name.
	RoleName string
	// Tags are added, or replace those of the same key.
	Tags []awsapi.Tag
}

// TagRole adds tags to a role.
func (s *Service) TagRole(_ context.Context, c *awsapi.Call, in *TagRoleInput) error {
	return s.changeRole(c, in.RoleName, func(r *role) error {
		tags, err := addTags(r.Tags, in.Tags)
		if err != nil {
			return err
		}
		r.Tags = tags
		return nil
	})
}

// UntagRoleInput is the input of UntagRole.
type UntagRoleInput struct {
	// RoleName is the role's name.
	RoleName string
	// TagKeys are the keys of the tags to remove. Others are ignored.
	TagKeys []string
}

// UntagRole removes tags from a role.
func (s *Service) UntagRole(_ context.Context, c *awsapi.Call, in *UntagRoleInput) error {
	return s.changeRole(c, in.RoleName, func(r *role) error {
		r.Tags = removeTags(r.Tags, in.TagKeys)
		return nil
	})
}

// ListRoleTagsInput is the input of ListRoleTags.
type ListRoleTagsInput struct {
	// RoleName is the role's name.
	RoleName string
	// Marker is that of the page before, or empty.
	Marker string
	// MaxItems is 1 to 1,000; nil means 100.
	MaxItems *int
}

// ListTagsOutput is the output of ListRoleTags and ListPolicyTags.
type ListTagsOutput struct {
	// Tags are sorted by key.
	Tags []awsapi.Tag
	// IsTruncated reports whether there are more pages.
	IsTruncated bool
	// Marker requests the next page; empty on the last.
	Marker string `json:",omitempty"`
}

// ListRoleTags lists the tags of a role.
func (s *Service) ListRoleTags(_ context.Context, c *awsapi.Call, in *ListRoleTagsInput) (*ListTagsOutput, error) {
	var tags []awsapi.Tag
	err := s.readRole(c, in.RoleName, func(r *role) { tags = awsapi.TagList(r.Tags) })
	if err != nil {
		return nil, err
	}
	return listTags(tags, in.Marker, in.MaxItems)
}

// listTags returns a page of tags, which are sorted by key.
func listTags(tags []awsapi.Tag, marker string, maxItems *int) (*ListTagsOutput, error) {
	page, next, err := paginate(tags, marker, maxItems, func(t awsapi.Tag) string { return t.Key })
	if err != nil {
		return nil, err
	}
	return &ListTagsOutput{
		Tags:        page,
		IsTruncated: next != "",
		Marker:      next,
	}, nil
}
