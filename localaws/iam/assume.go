package iam

import (
	"context"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/policy"
	"github.com/reliableq/reliableq/localaws/store"
)

// maxChained is how long a session of a session may last (LAM D30).
const maxChained = time.Hour

// Assumption is a request to assume a role.
type Assumption struct {
	// RoleARN is the role.
	RoleARN string
	// Name is the session's name, as the caller checked it.
	Name string
	// Duration is how long the session is to last; zero means an hour.
	Duration time.Duration
	// ExternalID is sts:ExternalId, or empty.
	ExternalID string
	// Policy is a JSON policy that narrows the session, or empty.
	Policy string
	// PolicyARNs are managed policies that narrow it.
	PolicyARNs []string
	// Tags are session tags.
	Tags map[string]string
}

// AssumeRole gives a caller credentials of a role, where the role's trust policy
// and the caller's own policies let it (LAM D16, D30, D31). A role that is not
// there is refused in the same words as one that does not trust the caller.
func (s *Service) AssumeRole(_ context.Context, c *awsapi.Call, in Assumption) (awsapi.Credential, error) {
	var out awsapi.Credential
	err := s.change(func(b *store.Batch) error {
		r, account := s.roleByARN(in.RoleARN)
		if r == nil {
			return denyAssume(c, "sts:AssumeRole", in.RoleARN)
		}
		if err := s.mayAssume(c, r, account, in); err != nil {
			return err
		}
		if in.Duration == 0 {
			in.Duration = defaultSession * time.Second
		}
		switch {
		case s.sessions[c.Caller.AccessKey] != nil && in.Duration > maxChained:
			return errValidation.With("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
		case in.Duration > time.Duration(r.MaxSession)*time.Second:
			return errValidation.With("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
		}
		texts, err := s.sessionPolicies(account, in)
		if err != nil {
			return err
		}
		r.LastUsed, r.LastRegion = s.today(), c.Region
		out, err = s.open(b, r, account, session{Name: in.Name, Expires: s.opts.Now().Add(in.Duration), Policies: texts, Tags: in.Tags})
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

// mayAssume asks the trust policy and the caller's own, for the role and, where
// there are tags, for tagging its session.
func (s *Service) mayAssume(c *awsapi.Call, r *role, account string, in Assumption) error {
	actions := []string{"sts:AssumeRole"}
	if len(in.Tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	for _, action := range actions {
		a := awsapi.Access{Action: action, Resource: r.ARN, RequestTags: in.Tags, Keys: assumptionKeys(in)}
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

func assumptionKeys(in Assumption) map[string][]string {
	keys := map[string][]string{"sts:rolesessionname": {in.Name}}
	if in.ExternalID != "" {
		keys["sts:externalid"] = []string{in.ExternalID}
	}
	return keys
}

// sessionPolicies are the texts that narrow a session.
func (s *Service) sessionPolicies(account string, in Assumption) ([]string, error) {
	var texts []string
	if in.Policy != "" {
		if _, err := s.docs.Parse(in.Policy, policy.Session); err != nil {
			return nil, malformed(err)
		}
		texts = append(texts, in.Policy)
	}
	for _, arn := range in.PolicyARNs {
		m := s.managed(s.accounts[account], arn)
		if m == nil {
			return nil, errNoSuchEntity.With("Policy %s does not exist.", arn)
		}
		texts = append(texts, m.text())
	}
	return texts, nil
}
