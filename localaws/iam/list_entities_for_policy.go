package iam

import (
	"context"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// The values of PolicyUsageFilter: a policy is attached to a role, or bounds it.
const (
	usedAsPermissions = "PermissionsPolicy"
	usedAsBoundary    = "PermissionsBoundary"
)

// ListEntitiesForPolicyInput is the input of ListEntitiesForPolicy.
type ListEntitiesForPolicyInput struct {
	// PolicyARN is the policy's ARN.
	PolicyARN string `json:"PolicyArn"`
	// Marker is that of the page before, or empty.
	Marker string
	// MaxItems is 1 to 1,000; nil means 100.
	MaxItems *int
	// EntityFilter is Role; any other value but empty selects nothing.
	EntityFilter string
	// PathPrefix selects roles by their path; empty selects all.
	PathPrefix string
	// PolicyUsageFilter is PermissionsPolicy for roles that the policy is attached
	// to, and PermissionsBoundary for those that it bounds; empty selects
	// both.
	PolicyUsageFilter string
}

// PolicyRole is a role that uses a policy.
type PolicyRole struct {
	// RoleName is the name.
	RoleName string
	// RoleID is the unique id, AROA….
	RoleID string `json:"RoleId"`
}

// PolicyGroup is a group that uses a policy. None exists here.
type PolicyGroup struct {
	// GroupName is the name.
	GroupName string
}

// PolicyUser is a user that uses a policy. None exists here.
type PolicyUser struct {
	// UserName is the name.
	UserName string
}

// ListEntitiesForPolicyOutput is the output of ListEntitiesForPolicy.
type ListEntitiesForPolicyOutput struct {
	// PolicyGroups is empty.
	PolicyGroups []PolicyGroup
	// PolicyUsers is empty.
	PolicyUsers []PolicyUser
	// PolicyRoles are sorted by name.
	PolicyRoles []PolicyRole
	// IsTruncated reports whether there are more pages.
	IsTruncated bool
	// Marker requests the next page; empty on the last.
	Marker string `json:",omitempty"`
}

// ListEntitiesForPolicy lists the roles that use a managed policy.
func (s *Service) ListEntitiesForPolicy(_ context.Context, c *awsapi.Call, in *ListEntitiesForPolicyInput) (*ListEntitiesForPolicyOutput, error) {
	var roles []PolicyRole
	err := s.readPolicy(c, in.PolicyARN, func(a *account, m *managedPolicy) error {
		roles = in.roles(a, m)
		return nil
	})
	if err != nil {
		return nil, err
	}

	page, next, err := paginate(roles, in.Marker, in.MaxItems, func(r PolicyRole) string { return r.RoleName })
	if err != nil {
		return nil, err
	}
	return &ListEntitiesForPolicyOutput{
		PolicyRoles: page,
		IsTruncated: next != "",
		Marker:      next,
	}, nil
}

// roles returns the roles that the input selects, sorted by name.
func (in *ListEntitiesForPolicyInput) roles(a *account, m *managedPolicy) []PolicyRole {
	if in.EntityFilter != "" && in.EntityFilter != "Role" {
		return nil
	}

	attached, bounded := a.users(m.ARN)
	var names []string
	if in.PolicyUsageFilter != usedAsBoundary {
		names = append(names, attached...)
	}
	if in.PolicyUsageFilter != usedAsPermissions {
		names = append(names, bounded...)
	}
	slices.Sort(names)

	var roles []PolicyRole
	// A role that the policy is attached to and also bounds is listed once.
	for _, name := range slices.Compact(names) {
		r := a.roles[strings.ToLower(name)]
		if strings.HasPrefix(r.Path, in.PathPrefix) {
			roles = append(roles, PolicyRole{RoleName: r.Name, RoleID: r.ID})
		}
	}
	return roles
}
