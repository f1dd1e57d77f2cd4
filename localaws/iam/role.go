package iam

import (
	"cmp"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/policy"
	"github.com/reliableq/reliableq/localaws/store"
)

// Limits of roles (LAM D10).
const (
	maxRoleName    = 64
	maxTrustPolicy = 2048  // characters
	maxInline      = 10240 // characters of all inline policies, without white space
	maxAttached    = 10
	minSession     = 3600 // seconds
	maxSession     = 43200
	defaultSession = 3600
)

// boundaryType is the only value of PermissionsBoundaryType.
const boundaryType = "PermissionsBoundaryPolicy"

// role is the record of a role, in memory and in the store.
type role struct {
	Name        string
	ID          string
	Path        string
	ARN         string
	Description string
	Trust       string // the trust policy, with unique ids of principals instead of ARNs
	MaxSession  int    // seconds
	Created     time.Time
	Boundary    string            // ARN of the permissions boundary, or empty
	Inline      map[string]string // policy documents by name
	Attached    []string          // ARNs of managed policies, in order of attachment
	Tags        map[string]string
	LastUsed    time.Time
	LastRegion  string
}

// roleARN returns the ARN of a role. A path begins and ends with a slash.
func roleARN(account, path, name string) string {
	return awsapi.Scope{Account: account}.ARN("iam", "role"+path+name)
}

// pathOrRoot returns a path, or "/" where none is given.
func pathOrRoot(path string) string { return cmp.Or(path, "/") }

// role returns a role by name, in any case, with mu held.
func (a *account) role(name string) (*role, error) {
	if a != nil {
		if r := a.roles[strings.ToLower(name)]; r != nil {
			return r, nil
		}
	}
	return nil, noRole(name)
}

// roleByARN returns a role and its account, or nil, with mu held.
func (s *Service) roleByARN(arn string) (*role, string) {
	a, ok := awsapi.ParseARN(arn)
	if !ok || a.Service != "iam" {
		return nil, ""
	}

	name := a.Resource[strings.LastIndexByte(a.Resource, '/')+1:]
	r, err := s.accounts[a.Account].role(name)
	// role ignores path and case; the ARN has to match in both.
	if err != nil || r.ARN != arn {
		return nil, ""
	}
	return r, a.Account
}

// changeRole calls change with a role and stores it.
func (s *Service) changeRole(c *awsapi.Call, name string, change func(r *role) error) error {
	return s.change(func(b *store.Batch) error {
		r, err := s.accounts[c.Account].role(name)
		if err != nil {
			return err
		}
		if err := change(r); err != nil {
			return err
		}

		return s.saveRole(b, c.Account, r)
	})
}

// readRole calls read with a role, under the lock. What read takes from the role
// must not be changed by others later.
func (s *Service) readRole(c *awsapi.Call, name string, read func(r *role)) error {
	s.mu.RLock()
	defer s.mu.RUnlock()

	r, err := s.accounts[c.Account].role(name)
	if err != nil {
		return err
	}

	read(r)
	return nil
}

// checkTrust checks that a trust policy is valid.
func (s *Service) checkTrust(document string) error {
	if len(document) > maxTrustPolicy {
		return errLimit.With("Cannot exceed quota for ACLSizePerRole: %d", maxTrustPolicy)
	}
	_, err := s.docs.Parse(document, policy.Trust)
	return malformed(err)
}

// Role is a role in a response. Operations leave out different fields (LAM D6).
type Role struct {
	// Path begins and ends with a slash.
	Path string
	// RoleName is the name.
	RoleName string
	// RoleID is the unique id, AROA….
	RoleID string `json:"RoleId"`
	// ARN is the role's ARN.
	ARN string `json:"Arn"`
	// CreateDate is when the role was created, in whole seconds.
	CreateDate awsapi.Timestamp
	// AssumeRolePolicyDocument is the trust policy, percent-encoded (LAM D8).
	AssumeRolePolicyDocument string
	// Description may be empty.
	Description string `json:",omitempty"`
	// MaxSessionDuration is in seconds; 0 is left out.
	MaxSessionDuration int `json:",omitempty"`
	// PermissionsBoundary is nil for a role without one.
	PermissionsBoundary *AttachedBoundary `json:",omitempty"`
	// Tags are sorted by key.
	Tags []awsapi.Tag `json:",omitempty"`
	// RoleLastUsed is nil in responses that leave it out.
	RoleLastUsed *RoleLastUsed `json:",omitempty"`
}

// AttachedBoundary is the permissions boundary of a role.
type AttachedBoundary struct {
	// Type is PermissionsBoundaryPolicy.
	Type string `json:"PermissionsBoundaryType"`
	// ARN is the policy's ARN.
	ARN string `json:"PermissionsBoundaryArn"`
}

// RoleLastUsed is when and where a role was assumed last.
type RoleLastUsed struct {
	// LastUsedDate is nil for a role that was never assumed.
	LastUsedDate *awsapi.Timestamp `json:",omitempty"`
	// Region is the region of the call.
	Region string `json:",omitempty"`
}

// RoleOutput is the output of the operations that return one role.
type RoleOutput struct {
	// Role is the role.
	Role Role
}

// describe returns what every response shows of a role (LAM D6), with mu held.
func (s *Service) describe(r *role) Role {
	out := Role{
		Path:                     r.Path,
		RoleName:                 r.Name,
		RoleID:                   r.ID,
		ARN:                      r.ARN,
		CreateDate:               awsapi.Timestamp(r.Created),
		AssumeRolePolicyDocument: percentEncode(s.principals().WithARNs(r.Trust)),
		Description:              r.Description,
	}
	if r.Boundary != "" {
		out.PermissionsBoundary = &AttachedBoundary{Type: boundaryType, ARN: r.Boundary}
	}
	return out
}
