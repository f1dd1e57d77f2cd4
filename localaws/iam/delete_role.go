package iam

import (
	"context"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// DeleteRoleInput is the input of DeleteRole.
type DeleteRoleInput struct {
	// RoleName is the role's name.
	RoleName string
}

// DeleteRole deletes a role that has no policies, and its sessions (LAM D12).
func (s *Service) DeleteRole(_ context.Context, c *awsapi.Call, in *DeleteRoleInput) error {
	return s.change(func(b *store.Batch) error {
		r, err := s.accounts[c.Account].role(in.RoleName)
		switch {
		case err != nil:
			return err
		case len(r.Attached) > 0:
			return errDeleteConflict.With("Cannot delete entity, must detach all policies first.")
		case len(r.Inline) > 0:
			return errDeleteConflict.With("Cannot delete entity, must delete policies first.")
		}

		// Processes that still have credentials of the role lose their permissions.
		key := strings.ToLower(r.Name)
		delete(s.accounts[c.Account].roles, key)
		b.Delete(roleTable, c.Account+"/"+key)
		s.deleteSessions(b, func(t *session) bool { return t.RoleID == r.ID })
		return nil
	})
}

// ListInstanceProfilesForRoleInput is the input of ListInstanceProfilesForRole.
type ListInstanceProfilesForRoleInput struct {
	// RoleName is the role's name.
	RoleName string
	// Marker is that of the page before, or empty.
	Marker string
	// MaxItems is 1 to 1,000; nil means 100.
	MaxItems *int
}

// InstanceProfile is an instance profile of EC2. None exists here.
type InstanceProfile struct {
	// InstanceProfileName is the name.
	InstanceProfileName string
}

// ListInstanceProfilesForRoleOutput is the output of ListInstanceProfilesForRole.
type ListInstanceProfilesForRoleOutput struct {
	// InstanceProfiles is empty.
	InstanceProfiles []InstanceProfile
	// IsTruncated is false.
	IsTruncated bool
	// Marker is empty.
	Marker string `json:",omitempty"`
}

// ListInstanceProfilesForRole returns an empty list: Terraform requests it before
// it deletes a role (LAM D5).
func (s *Service) ListInstanceProfilesForRole(_ context.Context, c *awsapi.Call, in *ListInstanceProfilesForRoleInput) (*ListInstanceProfilesForRoleOutput, error) {
	if err := s.readRole(c, in.RoleName, func(*role) {}); err != nil {
		return nil, err
	}
	return &ListInstanceProfilesForRoleOutput{}, nil
}
