package iam

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// TagPolicyInput is the input of TagPolicy.
type TagPolicyInput struct {
	// PolicyARN is the policy's ARN.
	PolicyARN string `json:"PolicyArn"`
	// Tags are added, or replace those of the same key.
	Tags []awsapi.Tag
}

// TagPolicy adds tags to a managed policy.
func (s *Service) TagPolicy(_ context.Context, c *awsapi.Call, in *TagPolicyInput) error {
	return s.changePolicy(c, in.PolicyARN, func(m *managedPolicy) error {
		tags, err := addTags(m.Tags, in.Tags)
		if err != nil {
			return err
		}
		m.Tags = tags
		return nil
	})
}

// UntagPolicyInput is the input of UntagPolicy.
type UntagPolicyInput struct {
	// PolicyARN is the policy's ARN.
	PolicyARN string `json:"PolicyArn"`
	// TagKeys are the keys of the tags to remove. Others are ignored.
	TagKeys []string
}

// UntagPolicy removes tags from a managed policy.
func (s *Service) UntagPolicy(_ context.Context, c *awsapi.Call, in *UntagPolicyInput) error {
	return s.changePolicy(c, in.PolicyARN, func(m *managedPolicy) error {
		m.Tags = removeTags(m.Tags, in.TagKeys)
		return nil
	})
}

// ListPolicyTagsInput is the input of ListPolicyTags.
type ListPolicyTagsInput struct {
	// PolicyARN is the policy's ARN.
	PolicyARN string `json:"PolicyArn"`
	// Marker is that of the page before, or empty.
	Marker string
	// MaxItems is 1 to 1,000; nil means 100.
	MaxItems *int
}

// ListPolicyTags lists the tags of a managed policy.
func (s *Service) ListPolicyTags(_ context.Context, c *awsapi.Call, in *ListPolicyTagsInput) (*ListTagsOutput, error) {
	var tags []awsapi.Tag
	err := s.readPolicy(c, in.PolicyARN, func(_ *account, m *managedPolicy) error {
		tags = awsapi.TagList(m.Tags)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return listTags(tags, in.Marker, in.MaxItems)
}
