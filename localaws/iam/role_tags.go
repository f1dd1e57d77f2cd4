package iam

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

type tagRoleInput struct {
	byRole
	Tags []tag
}

func (in *tagRoleInput) requestTags() map[string]string { return requested(in.Tags) }

func (s *Service) tagRole(_ context.Context, c *awsapi.Call, in *tagRoleInput) (*awsapi.None, error) {
	return s.changeRole(c, in.RoleName, func(r *role) error {
		tags, err := withTags(r.Tags, in.Tags)
		if err == nil {
			r.Tags = tags
		}
		return err
	})
}

type untagRoleInput struct {
	byRole
	TagKeys []string
}

func (in *untagRoleInput) removedTags() []string { return in.TagKeys }

func (s *Service) untagRole(_ context.Context, c *awsapi.Call, in *untagRoleInput) (*awsapi.None, error) {
	return s.changeRole(c, in.RoleName, func(r *role) error {
		r.Tags = withoutTags(r.Tags, in.TagKeys)
		return nil
	})
}

type listRoleTagsInput struct {
	byRole
	paging
}

type listTagsOutput struct {
	Tags []tag
	page
}

func (s *Service) listRoleTags(_ context.Context, c *awsapi.Call, in *listRoleTagsInput) (*listTagsOutput, error) {
	var all []tag
	if err := s.readRole(c, in.RoleName, func(r *role) { all = wireTags(r.Tags) }); err != nil {
		return nil, err
	}
	list, p, err := cut(all, in.paging, func(t tag) string { return t.Key })
	return &listTagsOutput{list, p}, err
}
