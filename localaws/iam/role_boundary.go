package iam

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// PutRolePermissionsBoundaryInput is the input of PutRolePermissionsBoundary.
type PutRolePermissionsBoundaryInput struct {
	// RoleName is the role's name.
	RoleName string
	// PermissionsBoundary is the ARN of a managed policy.
	PermissionsBoundary string
}

// PutRolePermissionsBoundary sets a role's permissions boundary.
func (s *Service) PutRolePermissionsBoundary(_ context.Context, c *awsapi.Call, in *PutRolePermissionsBoundaryInput) error {
	return s.changeRole(c, in.RoleName, func(r *role) error {
		if err := s.checkAttachable(s.accounts[c.Account], in.PermissionsBoundary); err != nil {
			return err
		}

		r.Boundary = in.PermissionsBoundary
		return nil
	})
}

// DeleteRolePermissionsBoundaryInput is the input of DeleteRolePermissionsBoundary.
type DeleteRolePermissionsBoundaryInput struct {
	// RoleName is the role's name.
	RoleName string
}

// DeleteRolePermissionsBoundary removes a role's permissions boundary, if it has
// one.
func (s *Service) DeleteRolePermissionsBoundary(_ context.Context, c *awsapi.Call, in *DeleteRolePermissionsBoundaryInput) error {
	return s.changeRole(c, in.RoleName, func(r *role) error {
		r.Boundary = ""
		return nil
	})
}
