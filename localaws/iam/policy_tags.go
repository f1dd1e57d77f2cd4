package iam

import (
	"context"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

type tagPolicyInput struct {
	byARN
	Tags []tag
}

func (in *tagPolicyInput) requestTags() map[string]string { return requested(in.Tags) }

func (s *Service) tagPolicy(_ context.Context, c *awsapi.Call, in *tagPolicyInput) (*awsapi.None, error) {
	return &awsapi.None{}, s.changePolicy(c, in.PolicyArn, func(m *managed) error {
		tags, err := withTags(m.Tags, in.Tags)
		if err == nil {
			m.Tags = tags
		}
		return err
	})
}

type untagPolicyInput struct {
	byARN
	TagKeys []string
}

func (in *untagPolicyInput) removedTags() []string { return in.TagKeys }

func (s *Service) untagPolicy(_ context.Context, c *awsapi.Call, in *untagPolicyInput) (*awsapi.None, error) {
	return &awsapi.None{}, s.changePolicy(c, in.PolicyArn, func(m *managed) error {
		m.Tags = withoutTags(m.Tags, in.TagKeys)
		return nil
	})
}

type listPolicyTagsInput struct {
	byARN
	paging
}

func (s *Service) listPolicyTags(_ context.Context, c *awsapi.Call, in *listPolicyTagsInput) (*listTagsOutput, error) {
	var all []tag
	err := s.readPolicy(c, in.PolicyArn, func(_ *account, m *managed) error {
		all = wireTags(m.Tags)
		return nil
	})
	if err != nil {
		return nil, err
	}
	list, p, err := cut(all, in.paging, func(t tag) string { return t.Key })
	return &listTagsOutput{list, p}, err
}

type listEntitiesInput struct {
	byARN
	paging
	EntityFilter      string
	PathPrefix        string
	PolicyUsageFilter string
}

type policyRole struct {
	RoleName string
	RoleId   string
}

type policyGroup struct{ GroupName string }

type policyUser struct{ UserName string }

type listEntitiesOutput struct {
	PolicyGroups []policyGroup
	PolicyUsers  []policyUser
	PolicyRoles  []policyRole
	page
}

// listEntitiesForPolicy lists roles: no groups or users can have a policy here.
func (s *Service) listEntitiesForPolicy(_ context.Context, c *awsapi.Call, in *listEntitiesInput) (*listEntitiesOutput, error) {
	var all []policyRole
	err := s.readPolicy(c, in.PolicyArn, func(a *account, m *managed) error {
		attached, bounding := a.users(m.ARN)
		if in.PolicyUsageFilter == policyUsedFor {
			attached = nil
		}
		if in.PolicyUsageFilter == "PermissionsPolicy" {
			bounding = nil
		}
		names := slices.Compact(slices.Sorted(slices.Values(append(attached, bounding...))))
		for _, name := range names {
			r := a.roles[strings.ToLower(name)]
			if strings.HasPrefix(r.Path, in.PathPrefix) && (in.EntityFilter == "" || in.EntityFilter == "Role") {
				all = append(all, policyRole{r.Name, r.ID})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	list, p, err := cut(all, in.paging, func(r policyRole) string { return r.RoleName })
	return &listEntitiesOutput{PolicyRoles: list, page: p}, err
}
