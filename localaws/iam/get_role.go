package iam

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// GetRoleInput is the input of GetRole.
type GetRoleInput struct {
	// RoleName is the role's name.
	RoleName string
}

// GetRole returns a role.
func (s *Service) GetRole(_ context.Context, c *awsapi.Call, in *GetRoleInput) (*RoleOutput, error) {
	var out RoleOutput
	err := s.readRole(c, in.RoleName, func(r *role) {
		out.Role = s.describe(r)

		// Only GetRole returns all of these (LAM D6).
		out.Role.Tags = awsapi.TagList(r.Tags)
		out.Role.MaxSessionDuration = r.MaxSession
		out.Role.RoleLastUsed = &RoleLastUsed{}
		if !r.LastUsed.IsZero() {
			lastUsed := awsapi.Timestamp(r.LastUsed)
			out.Role.RoleLastUsed = &RoleLastUsed{LastUsedDate: &lastUsed, Region: r.LastRegion}
		}
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}
