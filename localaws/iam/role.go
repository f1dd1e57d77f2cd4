package iam

import (
	"context"
	"sort"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/policy"
	"github.com/reliableq/reliableq/localaws/store"
)

// Limits of roles (LAM D10).
const (
	maxRoleName     = 64
	maxTrust        = 2048
	maxInline       = 10240
	maxAttached     = 10
	minSession      = 3600
	maxSession      = 43200
	defaultSession  = 3600
	maxDescription  = 1000
	policyUsedFor   = "PermissionsBoundaryPolicy"
	maxSessionField = "maxSessionDuration"
)

// role is the record of a role.
type role struct {
	Name        string
	ID          string
	Path        string
	ARN         string
	Description string
	Trust       string // the trust policy, with the unique ids of its principals
	MaxSession  int32  // seconds
	Created     time.Time
	Boundary    string            // ARN, or empty
	Inline      map[string]string // policy text by name
	Attached    []string          // ARNs of managed policies, in order of attachment
	Tags        map[string]string
	LastUsed    time.Time
	LastRegion  string
}

// find gives a role, with mu held.
func (a *account) find(name string) (*role, error) {
	if a != nil {
		if r := a.roles[strings.ToLower(name)]; r != nil {
			return r, nil
		}
	}
	return nil, noRole(name)
}

// changeRole lets f change a role and keeps it.
func (s *Service) changeRole(c *awsapi.Call, name string, f func(r *role) error) (*awsapi.None, error) {
	return &awsapi.None{}, s.change(func(b *store.Batch) error {
		r, err := s.accounts[c.Account].find(name)
		if err != nil {
			return err
		}
		if err := f(r); err != nil {
			return err
		}
		return s.saveRole(b, c.Account, r)
	})
}

// readRole shows a role to f.
func (s *Service) readRole(c *awsapi.Call, name string, f func(r *role)) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, err := s.accounts[c.Account].find(name)
	if err != nil {
		return err
	}
	f(r)
	return nil
}

// byRole names the role that an input is about.
type byRole struct{ RoleName string }

func (in *byRole) roleName() string { return in.RoleName }

// wireRole is a role as the wire has it. What an answer leaves out is nil.
type wireRole struct {
	Path                     string
	RoleName                 string
	RoleId                   string
	Arn                      string
	CreateDate               awsapi.Timestamp
	AssumeRolePolicyDocument string
	Description              string        `json:",omitempty"`
	MaxSessionDuration       int32         `json:",omitempty"`
	PermissionsBoundary      *wireBoundary `json:",omitempty"`
	Tags                     []tag         `json:",omitempty"`
	RoleLastUsed             *lastUsed     `json:",omitempty"`
}

type wireBoundary struct {
	PermissionsBoundaryType string
	PermissionsBoundaryArn  string
}

type lastUsed struct {
	LastUsedDate *awsapi.Timestamp `json:",omitempty"`
	Region       string            `json:",omitempty"`
}

// wireRole returns a role as every response describes it (LAM D6), with mu held.
func (s *Service) wireRole(r *role) wireRole {
	w := wireRole{
		Path: r.Path, RoleName: r.Name, RoleId: r.ID, Arn: r.ARN, CreateDate: awsapi.Timestamp(r.Created),
		AssumeRolePolicyDocument: escaped(s.principals().Show(r.Trust)), Description: r.Description,
	}
	if r.Boundary != "" {
		w.PermissionsBoundary = &wireBoundary{policyUsedFor, r.Boundary}
	}
	return w
}

type createRoleInput struct {
	byRole
	AssumeRolePolicyDocument string
	Path                     string
	Description              string
	MaxSessionDuration       *int32
	PermissionsBoundary      string
	Tags                     []tag
}

func (in *createRoleInput) rolePath() string { return in.Path }

func (in *createRoleInput) requestTags() map[string]string { return requested(in.Tags) }

func (in *createRoleInput) tagAction() string { return "iam:TagRole" }

func (in *createRoleInput) requestedBoundary() string { return in.PermissionsBoundary }

type roleOutput struct{ Role wireRole }

func (s *Service) createRole(_ context.Context, c *awsapi.Call, in *createRoleInput) (*roleOutput, error) {
	check := &constraints{}
	check.name("roleName", in.RoleName, maxRoleName).given("assumeRolePolicyDocument", in.AssumeRolePolicyDocument).
		path(in.Path).between(maxSessionField, in.MaxSessionDuration, minSession, maxSession).description(in.Description)
	if err := check.err(); err != nil {
		return nil, err
	}
	if err := s.checkTrust(in.AssumeRolePolicyDocument); err != nil {
		return nil, err
	}
	tags, err := withTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	r := &role{
		Name: in.RoleName, ID: s.opts.Chance.ID("AROA", 17), Path: orDefault(in.Path, "/"), Description: in.Description,
		MaxSession: defaultSession, Created: s.today(),
		Boundary: in.PermissionsBoundary, Inline: map[string]string{}, Tags: tags,
	}
	r.ARN = "arn:aws:iam::" + c.Account + ":role" + r.Path + r.Name
	if in.MaxSessionDuration != nil {
		r.MaxSession = *in.MaxSessionDuration
	}
	var w wireRole
	err = s.change(func(b *store.Batch) error {
		a := s.account(c.Account)
		if a.roles[strings.ToLower(r.Name)] != nil {
			return errExists.With("Role with name %s already exists.", r.Name)
		}
		if err := s.attachable(a, r.Boundary); r.Boundary != "" && err != nil {
			return err
		}
		trust, err := s.principals().Bind(in.AssumeRolePolicyDocument)
		if err != nil {
			return malformed(err)
		}
		r.Trust = trust
		w = s.wireRole(r)
		a.roles[strings.ToLower(r.Name)] = r
		return s.saveRole(b, c.Account, r)
	})
	if err != nil {
		return nil, err
	}
	w.Tags = wireTags(tags)
	return &roleOutput{w}, nil
}

// checkTrust reads a trust policy to see that it is one.
func (s *Service) checkTrust(text string) error {
	if len(text) > maxTrust {
		return errLimit.With("Cannot exceed quota for ACLSizePerRole: %d", maxTrust)
	}
	_, err := s.docs.Parse(text, policy.Trust)
	return malformed(err)
}

type getRoleInput struct{ byRole }

func (s *Service) getRole(_ context.Context, c *awsapi.Call, in *getRoleInput) (*roleOutput, error) {
	var out roleOutput
	err := s.readRole(c, in.RoleName, func(r *role) {
		out.Role = s.wireRole(r)
		out.Role.Tags = wireTags(r.Tags)
		out.Role.MaxSessionDuration = r.MaxSession
		out.Role.RoleLastUsed = &lastUsed{}
		if !r.LastUsed.IsZero() {
			at := awsapi.Timestamp(r.LastUsed)
			out.Role.RoleLastUsed = &lastUsed{&at, r.LastRegion}
		}
	})
	return &out, err
}

type listRolesInput struct {
	paging
	PathPrefix string
}

type listRolesOutput struct {
	Roles []wireRole
	page
}

func (s *Service) listRoles(_ context.Context, c *awsapi.Call, in *listRolesInput) (*listRolesOutput, error) {
	s.mu.RLock()
	var all []wireRole
	if a := s.accounts[c.Account]; a != nil {
		for _, r := range a.roles {
			if strings.HasPrefix(r.Path, in.PathPrefix) {
				w := s.wireRole(r)
				w.MaxSessionDuration = r.MaxSession
				all = append(all, w)
			}
		}
	}
	s.mu.RUnlock()
	sort.Slice(all, func(i, j int) bool { return all[i].RoleName < all[j].RoleName })
	list, p, err := cut(all, in.paging, func(r wireRole) string { return r.RoleName })
	return &listRolesOutput{list, p}, err
}

type updateRoleInput struct {
	byRole
	Description        *string
	MaxSessionDuration *int32
}

func (s *Service) updateRole(_ context.Context, c *awsapi.Call, in *updateRoleInput) (*awsapi.None, error) {
	check := &constraints{}
	check.between(maxSessionField, in.MaxSessionDuration, minSession, maxSession)
	if in.Description != nil {
		check.description(*in.Description)
	}
	if err := check.err(); err != nil {
		return nil, err
	}
	return s.changeRole(c, in.RoleName, func(r *role) error {
		if in.Description != nil {
			r.Description = *in.Description
		}
		if in.MaxSessionDuration != nil {
			r.MaxSession = *in.MaxSessionDuration
		}
		return nil
	})
}

type updateDescriptionInput struct {
	byRole
	Description *string
}

// updateRoleDescription is UpdateRole of an older time, and returns the role.
func (s *Service) updateRoleDescription(_ context.Context, c *awsapi.Call, in *updateDescriptionInput) (*roleOutput, error) {
	check := &constraints{}
	if in.Description == nil {
		check.fail("null", "description", "not be null")
	} else {
		check.description(*in.Description)
	}
	if err := check.err(); err != nil {
		return nil, err
	}

	var out roleOutput
	_, err := s.changeRole(c, in.RoleName, func(r *role) error {
		r.Description = *in.Description
		out.Role = s.wireRole(r)
		out.Role.MaxSessionDuration = r.MaxSession
		return nil
	})
	return &out, err
}

type updateTrustInput struct {
	byRole
	PolicyDocument string
}

func (s *Service) updateAssumeRolePolicy(_ context.Context, c *awsapi.Call, in *updateTrustInput) (*awsapi.None, error) {
	check := &constraints{}
	if err := check.given("policyDocument", in.PolicyDocument).err(); err != nil {
		return nil, err
	}
	if err := s.checkTrust(in.PolicyDocument); err != nil {
		return nil, err
	}
	return s.changeRole(c, in.RoleName, func(r *role) error {
		trust, err := s.principals().Bind(in.PolicyDocument)
		if err != nil {
			return malformed(err)
		}
		r.Trust = trust
		return nil
	})
}

type deleteRoleInput struct{ byRole }

// deleteRole takes a role's sessions with it (LAM D12).
func (s *Service) deleteRole(_ context.Context, c *awsapi.Call, in *deleteRoleInput) (*awsapi.None, error) {
	return &awsapi.None{}, s.change(func(b *store.Batch) error {
		r, err := s.accounts[c.Account].find(in.RoleName)
		switch {
		case err != nil:
			return err
		case len(r.Attached) > 0:
			return errDeleteConflict.With("Cannot delete entity, must detach all policies first.")
		case len(r.Inline) > 0:
			return errDeleteConflict.With("Cannot delete entity, must delete policies first.")
		}
		key := strings.ToLower(r.Name)
		delete(s.accounts[c.Account].roles, key)
		b.Delete(roleTable, c.Account+"/"+key)
		s.dropSessions(b, func(t *session) bool { return t.RoleID == r.ID })
		return nil
	})
}

type putBoundaryInput struct {
	byRole
	PermissionsBoundary string
}

func (in *putBoundaryInput) requestedBoundary() string { return in.PermissionsBoundary }

func (s *Service) putBoundary(_ context.Context, c *awsapi.Call, in *putBoundaryInput) (*awsapi.None, error) {
	return s.changeRole(c, in.RoleName, func(r *role) error {
		if err := s.attachable(s.accounts[c.Account], in.PermissionsBoundary); err != nil {
			return err
		}
		r.Boundary = in.PermissionsBoundary
		return nil
	})
}

type deleteBoundaryInput struct{ byRole }

func (s *Service) deleteBoundary(_ context.Context, c *awsapi.Call, in *deleteBoundaryInput) (*awsapi.None, error) {
	return s.changeRole(c, in.RoleName, func(r *role) error {
		r.Boundary = ""
		return nil
	})
}

type listInstanceProfilesInput struct {
	byRole
	paging
}

type instanceProfile struct{ InstanceProfileName string }

type listInstanceProfilesOutput struct {
	InstanceProfiles []instanceProfile
	page
}

// listInstanceProfiles has none to list: Terraform asks before it deletes a role.
func (s *Service) listInstanceProfiles(_ context.Context, c *awsapi.Call, in *listInstanceProfilesInput) (*listInstanceProfilesOutput, error) {
	return &listInstanceProfilesOutput{}, s.readRole(c, in.RoleName, func(*role) {})
}

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
