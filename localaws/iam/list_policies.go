package iam

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// ListPoliciesInput is the input of ListPolicies.
type ListPoliciesInput struct {
	// Marker is that of the page before, or empty.
	Marker string
	// MaxItems is 1 to 1,000; nil means 100.
	MaxItems *int
	// Scope is AWS for AWS's managed policies, Local for the account's, or All;
	// empty means All.
	Scope string
	// OnlyAttached leaves out policies that no role uses.
	OnlyAttached bool
	// PathPrefix selects policies by their path; empty selects all.
	PathPrefix string
	// PolicyUsageFilter is PermissionsPolicy for policies that are attached, and
	// PermissionsBoundary for those that bound a role; empty selects all.
	PolicyUsageFilter string
}

// ListPoliciesOutput is the output of ListPolicies.
type ListPoliciesOutput struct {
	// Policies are sorted by ARN.
	Policies []Policy
	// IsTruncated reports whether there are more pages.
	IsTruncated bool
	// Marker requests the next page; empty on the last.
	Marker string `json:",omitempty"`
}

// selects reports whether the input asks for a policy.
func (in *ListPoliciesInput) selects(p *Policy) bool {
	if !strings.HasPrefix(p.Path, in.PathPrefix) {
		return false
	}
	attached := p.AttachmentCount > 0 && in.PolicyUsageFilter != usedAsBoundary
	bounds := p.PermissionsBoundaryUsageCount > 0 && in.PolicyUsageFilter != usedAsPermissions
	return attached || bounds || !in.OnlyAttached && in.PolicyUsageFilter == ""
}

// ListPolicies lists managed policies.
func (s *Service) ListPolicies(_ context.Context, c *awsapi.Call, in *ListPoliciesInput) (*ListPoliciesOutput, error) {
	policies := s.describePolicies(c.Account, in)
	page, next, err := paginate(policies, in.Marker, in.MaxItems, func(p Policy) string { return p.ARN })
	if err != nil {
		return nil, err
	}
	return &ListPoliciesOutput{
		Policies:    page,
		IsTruncated: next != "",
		Marker:      next,
	}, nil
}

// describePolicies returns the policies that the input selects, sorted by ARN.
func (s *Service) describePolicies(account string, in *ListPoliciesInput) []Policy {
	s.mu.RLock()
	defer s.mu.RUnlock()
	a := s.accounts[account]

	var policies []Policy
	add := func(m *managedPolicy) {
		if p := m.describe(a); in.selects(&p) {
			policies = append(policies, p)
		}
	}
	if a != nil && in.Scope != "AWS" {
		for _, m := range a.policies {
			add(m)
		}
	}
	if in.Scope != "Local" {
		for _, m := range awsManaged() {
			add(m)
		}
	}

	slices.SortFunc(policies, func(a, b Policy) int { return cmp.Compare(a.ARN, b.ARN) })
	return policies
}
