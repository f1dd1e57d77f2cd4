package iam

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/policy"
	"github.com/reliableq/reliableq/localaws/store"
)

// maxChained is the longest session of a role that another role's session assumes
// (LAM D30).
const maxChained = time.Hour

// Assumption is a request to assume a role.
type Assumption struct {
	// RoleARN is the role.
	RoleARN string
	// Name is the session's name, which STS has validated.
	Name string
	// Duration is the length of the session; zero means an hour.
	Duration time.Duration
	// ExternalID is sts:ExternalId, or empty.
	ExternalID string
	// Policy is a session policy as JSON, or empty.
	Policy string
	// PolicyARNs are managed policies that are session policies too.
	PolicyARNs []string
	// Tags are session tags.
	Tags map[string]string
}

// AssumeRole returns new credentials of a role, if the role's trust policy and the
// caller's policies allow it (LAM D16, D30, D31). A role that does not exist is
// refused with the same text as one that does not trust the caller.
func (s *Service) AssumeRole(_ context.Context, c *awsapi.Call, in Assumption) (awsapi.Credential, error) {
	if in.Duration == 0 {
		in.Duration = defaultSession * time.Second
	}

	var out awsapi.Credential
	err := s.change(func(b *store.Batch) error {
		r, account := s.roleByARN(in.RoleARN)
		if r == nil {
			return denyAssume(c, "sts:AssumeRole", in.RoleARN)
		}

		// Permission comes first: a caller without it must not learn more.
		if err := s.mayAssume(c, r, account, in); err != nil {
			return err
		}
		if err := s.checkDuration(c, r, in.Duration); err != nil {
			return err
		}
		policies, err := s.sessionPolicies(account, in)
		if err != nil {
			return err
		}

		// The session, and the use of the role that GetRole shows.
		r.LastUsed = s.now()
		r.LastRegion = c.Region
		out, err = s.openSession(b, r, account, session{
			Name:     in.Name,
			Expires:  s.opts.Now().Add(in.Duration),
			Policies: policies,
			Tags:     in.Tags,
		})
		if err != nil {
			return err
		}
		return s.saveRole(b, account, r)
	})
	return out, err
}

func denyAssume(c *awsapi.Call, action, arn string) error {
	return errAccessDenied.With("User: %s is not authorized to perform: %s on resource: %s", c.Caller.ARN, action, arn)
}

// mayAssume checks the trust policy and the caller's policies, for sts:AssumeRole
// and, if there are session tags, for sts:TagSession.
func (s *Service) mayAssume(c *awsapi.Call, r *role, account string, in Assumption) error {
	actions := []string{"sts:AssumeRole"}
	if len(in.Tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}

	for _, action := range actions {
		a := awsapi.Access{
			Action:      action,
			Resource:    r.ARN,
			RequestTags: in.Tags,
			Keys:        assumptionKeys(in),
		}
		d, err := s.decide(c, a, account, r.Trust, policy.Trust)
		if err != nil {
			return err
		}
		if !d.Allowed {
			return denyAssume(c, action, r.ARN)
		}
	}
	return nil
}

// assumptionKeys returns the condition keys of a request to assume a role.
func assumptionKeys(in Assumption) map[string][]string {
	keys := map[string][]string{"sts:rolesessionname": {in.Name}}
	if in.ExternalID != "" {
		keys["sts:externalid"] = []string{in.ExternalID}
	}
	return keys
}

// checkDuration checks the length of a session, with mu held.
func (s *Service) checkDuration(c *awsapi.Call, r *role, d time.Duration) error {
	switch {
	case s.sessions[c.Caller.AccessKey] != nil && d > maxChained:
		// The caller is a session itself: role chaining (LAM D30).
		return errValidation.With("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	case d > time.Duration(r.MaxSession)*time.Second:
		return errValidation.With("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return nil
}

// sessionPolicies returns the documents of the session policies, with mu held.
func (s *Service) sessionPolicies(account string, in Assumption) ([]string, error) {
	var documents []string
	if in.Policy != "" {
		if _, err := s.docs.Parse(in.Policy, policy.Session); err != nil {
			return nil, malformed(err)
		}
		documents = append(documents, in.Policy)
	}

	for _, arn := range in.PolicyARNs {
		// Session policies are those of the role's account, not of the caller's.
		m := s.managedPolicy(s.accounts[account], arn)
		if m == nil {
			return nil, errNoSuchEntity.With("Policy %s does not exist.", arn)
		}
		documents = append(documents, m.document())
	}
	return documents, nil
}
