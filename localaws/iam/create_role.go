package iam

import (
	"context"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// CreateRoleInput is the input of CreateRole.
type CreateRoleInput struct {
	// RoleName is the name, which must be unique in any case. Required.
	RoleName string
	// AssumeRolePolicyDocument is the trust policy, as JSON. Required.
	AssumeRolePolicyDocument string
	// Path begins and ends with a slash; empty means "/".
	Path string
	// Description has at most 1,000 characters.
	Description string
	// MaxSessionDuration is 3,600 to 43,200 seconds; nil means 3,600.
	MaxSessionDuration *int
	// PermissionsBoundary is the ARN of a managed policy, or empty.
	PermissionsBoundary string
	// Tags are at most 50.
	Tags []awsapi.Tag
}

func (in *CreateRoleInput) validate() error {
	var v awsapi.Validation
	validateName(&v, "roleName", in.RoleName, maxRoleName)
	v.Required("assumeRolePolicyDocument", in.AssumeRolePolicyDocument)
	validatePath(&v, in.Path)
	v.Between("maxSessionDuration", in.MaxSessionDuration, minSession, maxSession)
	v.MaxLength("description", in.Description, maxDescription)
	return v.Err(errValidation)
}

// CreateRole creates a role.
func (s *Service) CreateRole(_ context.Context, c *awsapi.Call, in *CreateRoleInput) (*RoleOutput, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	if err := s.checkTrust(in.AssumeRolePolicyDocument); err != nil {
		return nil, err
	}
	tags, err := addTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}

	r := &role{
		Name:        in.RoleName,
		ID:          s.opts.Chance.ID("AROA", 17),
		Path:        pathOrRoot(in.Path),
		Description: in.Description,
		MaxSession:  defaultSession,
		Created:     s.now(),
		Boundary:    in.PermissionsBoundary,
		Inline:      map[string]string{},
		Tags:        tags,
	}
	r.ARN = roleARN(c.Account, r.Path, r.Name)
	if in.MaxSessionDuration != nil {
		r.MaxSession = *in.MaxSessionDuration
	}

	// What needs the lock: the name must be free, and the principals must exist.
	var out RoleOutput
	err = s.change(func(b *store.Batch) error {
		if err := s.insertRole(c.Account, r, in.AssumeRolePolicyDocument); err != nil {
			return err
		}
		out.Role = s.describe(r)
		out.Role.Tags = awsapi.TagList(tags)
		return s.saveRole(b, c.Account, r)
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// insertRole adds a role to its account, with mu held. The principals of its trust
// policy must exist.
func (s *Service) insertRole(id string, r *role, trust string) error {
	a := s.account(id)
	key := strings.ToLower(r.Name)
	if a.roles[key] != nil {
		return errExists.With("Role with name %s already exists.", r.Name)
	}
	if r.Boundary != "" {
		if err := s.checkAttachable(a, r.Boundary); err != nil {
			return err
		}
	}

	// Store the trust policy with unique ids (IAM A1).
	bound, err := s.principals().WithIDs(trust)
	if err != nil {
		return malformed(err)
	}
	// Last: an error must leave the state as it was (see change).
	r.Trust = bound
	a.roles[key] = r
	return nil
}
