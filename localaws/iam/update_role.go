package iam

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// UpdateRoleInput is the input of UpdateRole.
type UpdateRoleInput struct {
	// RoleName is the role's name.
	RoleName string
	// Description has at most 1,000 characters; nil leaves it unchanged.
	Description *string
	// MaxSessionDuration is 3,600 to 43,200 seconds; nil leaves it unchanged.
	MaxSessionDuration *int
}

// UpdateRoleOutput is the output of UpdateRole. It is empty, but AWS's model has it.
type UpdateRoleOutput struct{}

// UpdateRole changes a role's description and longest session.
func (s *Service) UpdateRole(_ context.Context, c *awsapi.Call, in *UpdateRoleInput) (*UpdateRoleOutput, error) {
	var v awsapi.Validation
	v.Between("maxSessionDuration", in.MaxSessionDuration, minSession, maxSession)
	if in.Description != nil {
		v.MaxLength("description", *in.Description, maxDescription)
	}
	if err := v.Err(errValidation); err != nil {
		return nil, err
	}

	err := s.changeRole(c, in.RoleName, func(r *role) error {
		if in.Description != nil {
			r.Description = *in.Description
		}
		if in.MaxSessionDuration != nil {
			r.MaxSession = *in.MaxSessionDuration
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &UpdateRoleOutput{}, nil
}

// UpdateRoleDescriptionInput is the input of UpdateRoleDescription.
type UpdateRoleDescriptionInput struct {
	// RoleName is the role's name.
	RoleName string
	// Description has at most 1,000 characters. Required; it may be empty.
	Description *string
}

// UpdateRoleDescription changes a role's description. It is older than UpdateRole,
// and returns the role.
func (s *Service) UpdateRoleDescription(_ context.Context, c *awsapi.Call, in *UpdateRoleDescriptionInput) (*RoleOutput, error) {
	var v awsapi.Validation
	if in.Description == nil {
		v.Add("description", nil, awsapi.NotNull)
	} else {
		v.MaxLength("description", *in.Description, maxDescription)
	}
	if err := v.Err(errValidation); err != nil {
		return nil, err
	}

	var out RoleOutput
	err := s.changeRole(c, in.RoleName, func(r *role) error {
		r.Description = *in.Description
		out.Role = s.describe(r)
		out.Role.MaxSessionDuration = r.MaxSession
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// UpdateAssumeRolePolicyInput is the input of UpdateAssumeRolePolicy.
type UpdateAssumeRolePolicyInput struct {
	// RoleName is the role's name.
	RoleName string
	// PolicyDocument is the new trust policy, as JSON.
	PolicyDocument string
}

// UpdateAssumeRolePolicy replaces a role's trust policy.
func (s *Service) UpdateAssumeRolePolicy(_ context.Context, c *awsapi.Call, in *UpdateAssumeRolePolicyInput) error {
	var v awsapi.Validation
	v.Required("policyDocument", in.PolicyDocument)
	if err := v.Err(errValidation); err != nil {
		return err
	}
	if err := s.checkTrust(in.PolicyDocument); err != nil {
		return err
	}

	return s.changeRole(c, in.RoleName, func(r *role) error {
		// With the lock held: the principals must exist when the policy is stored (IAM A1).
		bound, err := s.principals().WithIDs(in.PolicyDocument)
		if err != nil {
			return malformed(err)
		}

		r.Trust = bound
		return nil
	})
}
