package iam

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// AttachmentInput is the input of AttachRolePolicy and DetachRolePolicy.
type AttachmentInput struct {
	// RoleName is the role's name.
	RoleName string
	// PolicyARN is the ARN of a managed policy.
	PolicyARN string `json:"PolicyArn"`
}

// AttachRolePolicy attaches a managed policy to a role. A policy that is attached
// already stays so.
func (s *Service) AttachRolePolicy(_ context.Context, c *awsapi.Call, in *AttachmentInput) error {
	return s.changeRole(c, in.RoleName, func(r *role) error {
		if err := s.checkAttachable(s.accounts[c.Account], in.PolicyARN); err != nil {
			return err
		}

		switch {
		case slices.Contains(r.Attached, in.PolicyARN):
			// Attaching twice succeeds (LAM D12), even where the quota is exhausted.
			return nil
		case len(r.Attached) >= maxAttached:
			return errLimit.With("Cannot exceed quota for PoliciesPerRole: %d", maxAttached)
		}
		r.Attached = append(slices.Clone(r.Attached), in.PolicyARN)
		return nil
	})
}

// DetachRolePolicy detaches a managed policy from a role.
func (s *Service) DetachRolePolicy(_ context.Context, c *awsapi.Call, in *AttachmentInput) error {
	return s.changeRole(c, in.RoleName, func(r *role) error {
		i := slices.Index(r.Attached, in.PolicyARN)
		if i < 0 {
			return noPolicy(in.PolicyARN)
		}

		// A copy: readers may hold the old list.
		r.Attached = slices.Delete(slices.Clone(r.Attached), i, i+1)
		return nil
	})
}

// ListAttachedRolePoliciesInput is the input of ListAttachedRolePolicies.
type ListAttachedRolePoliciesInput struct {
	// RoleName is the role's name.
	RoleName string
	// Marker is that of the page before, or empty.
	Marker string
	// MaxItems is 1 to 1,000; nil means 100.
	MaxItems *int
	// PathPrefix selects policies by their path; empty selects all.
	PathPrefix string
}

// AttachedPolicy is a managed policy that is attached to a role.
type AttachedPolicy struct {
	// PolicyName is the name.
	PolicyName string
	// PolicyARN is the ARN.
	PolicyARN string `json:"PolicyArn"`
}

// ListAttachedRolePoliciesOutput is the output of ListAttachedRolePolicies.
type ListAttachedRolePoliciesOutput struct {
	// AttachedPolicies are sorted by ARN.
	AttachedPolicies []AttachedPolicy
	// IsTruncated reports whether there are more pages.
	IsTruncated bool
	// Marker requests the next page; empty on the last.
	Marker string `json:",omitempty"`
}

// ListAttachedRolePolicies lists the managed policies that are attached to a role.
func (s *Service) ListAttachedRolePolicies(_ context.Context, c *awsapi.Call, in *ListAttachedRolePoliciesInput) (*ListAttachedRolePoliciesOutput, error) {
	var attached []AttachedPolicy
	err := s.readRole(c, in.RoleName, func(r *role) {
		for _, arn := range r.Attached {
			path, name := splitPolicyARN(arn)
			if strings.HasPrefix(path, in.PathPrefix) {
				attached = append(attached, AttachedPolicy{PolicyName: name, PolicyARN: arn})
			}
		}
	})
	if err != nil {
		return nil, err
	}

	// Pages need an order by key; the role has the order of attachment.
	slices.SortFunc(attached, func(a, b AttachedPolicy) int { return cmp.Compare(a.PolicyARN, b.PolicyARN) })
	page, next, err := paginate(attached, in.Marker, in.MaxItems, func(a AttachedPolicy) string { return a.PolicyARN })
	if err != nil {
		return nil, err
	}
	return &ListAttachedRolePoliciesOutput{
		AttachedPolicies: page,
		IsTruncated:      next != "",
		Marker:           next,
	}, nil
}
