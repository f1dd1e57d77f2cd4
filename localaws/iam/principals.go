package iam

import (
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/policy"
)

// Principals returns the directory of roles and users, with which services store
// resource policies (IAM A1). It is safe for concurrent use.
func (s *Service) Principals() policy.Directory {
	unlocked := s.principals()
	return policy.Directory{
		ID: func(arn string) (string, bool) {
			s.mu.RLock()
			defer s.mu.RUnlock()
			return unlocked.ID(arn)
		},
		ARN: func(id string) (string, bool) {
			s.mu.RLock()
			defer s.mu.RUnlock()
			return unlocked.ARN(id)
		},
	}
}

// principals returns the directory for use with mu held.
func (s *Service) principals() policy.Directory {
	return policy.Directory{ID: s.principalID, ARN: s.principalARN}
}

// principalID returns the unique id of a role, of the operator, or of a role's
// session: the role's id, a colon and the session's name. An ARN of an account that
// does not exist here cannot be looked up and is returned unchanged.
func (s *Service) principalID(arn string) (string, bool) {
	a, ok := awsapi.ParseARN(arn)
	switch {
	case !ok:
		return "", false
	case s.accounts[a.Account] == nil && a.Account != s.opts.Account:
		return arn, true
	case arn == s.operator.Caller.ARN:
		return s.operator.Caller.UserID, true
	case a.Service == "iam":
		r, _ := s.roleByARN(arn)
		if r == nil {
			return "", false
		}
		return r.ID, true
	}

	// What is left is a session: assumed-role/ROLE/SESSION.
	kind, rest, _ := strings.Cut(a.Resource, "/")
	name, session, _ := strings.Cut(rest, "/")
	// role ignores case, but an ARN in a policy names its role by exact case (IAM E18).
	r, err := s.accounts[a.Account].role(name)
	if kind != "assumed-role" || err != nil || r.Name != name {
		return "", false
	}
	return r.ID + ":" + session, true
}

// principalARN returns the ARN of the principal with an id of principalID.
func (s *Service) principalARN(id string) (string, bool) {
	if id == s.operator.Caller.UserID {
		return s.operator.Caller.ARN, true
	}

	// Ids of roles do not have the account.
	roleID, session, isSession := strings.Cut(id, ":")
	for account, a := range s.accounts {
		for _, r := range a.roles {
			switch {
			case r.ID != roleID:
			case isSession:
				return sessionARN(account, r.Name, session), true
			default:
				return r.ARN, true
			}
		}
	}
	return "", false
}
