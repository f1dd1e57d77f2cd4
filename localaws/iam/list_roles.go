package iam

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// ListRolesInput is the input of ListRoles.
type ListRolesInput struct {
	// Marker is that of the page before, or empty.
	Marker string
	// MaxItems is 1 to 1,000; nil means 100.
	MaxItems *int
	// PathPrefix selects roles by their path; empty selects all.
	PathPrefix string
}

// ListRolesOutput is the output of ListRoles.
type ListRolesOutput struct {
	// Roles are sorted by name.
	Roles []Role
	// IsTruncated reports whether there are more pages.
	IsTruncated bool
	// Marker requests the next page; empty on the last.
	Marker string `json:",omitempty"`
}

// ListRoles lists the roles of the account.
func (s *Service) ListRoles(_ context.Context, c *awsapi.Call, in *ListRolesInput) (*ListRolesOutput, error) {
	roles := s.describeRoles(c.Account, in.PathPrefix)
	page, next, err := paginate(roles, in.Marker, in.MaxItems, func(r Role) string { return r.RoleName })
	if err != nil {
		return nil, err
	}
	return &ListRolesOutput{
		Roles:       page,
		IsTruncated: next != "",
		Marker:      next,
	}, nil
}

// describeRoles returns the roles below a path, sorted by name.
func (s *Service) describeRoles(account, pathPrefix string) []Role {
	s.mu.RLock()
	defer s.mu.RUnlock()

	var roles []Role
	if a := s.accounts[account]; a != nil {
		for _, r := range a.roles {
			if strings.HasPrefix(r.Path, pathPrefix) {
				out := s.describe(r)
				// Neither tags nor last use are in lists (LAM D6).
				out.MaxSessionDuration = r.MaxSession
				roles = append(roles, out)
			}
		}
	}
	slices.SortFunc(roles, func(a, b Role) int { return cmp.Compare(a.RoleName, b.RoleName) })
	return roles
}
