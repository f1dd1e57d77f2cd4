package iam

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/policy"
)

type rolePolicyInput struct {
	byRole
	PolicyName string
}

type putRolePolicyInput struct {
	byRole
	PolicyName     string
	PolicyDocument string
}

func (s *Service) putRolePolicy(_ context.Context, c *awsapi.Call, in *putRolePolicyInput) (*awsapi.None, error) {
	check := &constraints{}
	if err := check.name("policyName", in.PolicyName, maxPolicyName).given("policyDocument", in.PolicyDocument).err(); err != nil {
		return nil, err
	}
	if _, err := s.docs.Parse(in.PolicyDocument, policy.Identity); err != nil {
		return nil, malformed(err)
	}
	return s.changeRole(c, in.RoleName, func(r *role) error {
		total := inkLength(in.PolicyDocument)
		for name, text := range r.Inline {
			if name != in.PolicyName {
				total += inkLength(text)
			}
		}
		if total > maxInline {
			return errLimit.With("Maximum policy size of %d bytes exceeded for role %s", maxInline, r.Name)
		}
		r.Inline[in.PolicyName] = in.PolicyDocument
		return nil
	})
}

// inkLength counts a document without its white space, as IAM's quotas do.
func inkLength(text string) int {
	n := 0
	for _, r := range text {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}

type getRolePolicyOutput struct {
	RoleName       string
	PolicyName     string
	PolicyDocument string
}

func (s *Service) getRolePolicy(_ context.Context, c *awsapi.Call, in *rolePolicyInput) (*getRolePolicyOutput, error) {
	var out getRolePolicyOutput
	err := s.readRole(c, in.RoleName, func(r *role) {
		if text, ok := r.Inline[in.PolicyName]; ok {
			out = getRolePolicyOutput{r.Name, in.PolicyName, escaped(text)}
		}
	})
	if err == nil && out.PolicyName == "" {
		err = noRolePolicy(in.PolicyName)
	}
	return &out, err
}

func noRolePolicy(name string) error {
	return errNoSuchEntity.With("The role policy with name %s cannot be found.", name)
}

func (s *Service) deleteRolePolicy(_ context.Context, c *awsapi.Call, in *rolePolicyInput) (*awsapi.None, error) {
	return s.changeRole(c, in.RoleName, func(r *role) error {
		if _, ok := r.Inline[in.PolicyName]; !ok {
			return noRolePolicy(in.PolicyName)
		}
		delete(r.Inline, in.PolicyName)
		return nil
	})
}

type listRolePoliciesInput struct {
	byRole
	paging
}

type listRolePoliciesOutput struct {
	PolicyNames []string
	page
}

func (s *Service) listRolePolicies(_ context.Context, c *awsapi.Call, in *listRolePoliciesInput) (*listRolePoliciesOutput, error) {
	var all []string
	if err := s.readRole(c, in.RoleName, func(r *role) { all = sortedKeys(r.Inline) }); err != nil {
		return nil, err
	}
	list, p, err := cut(all, in.paging, self)
	return &listRolePoliciesOutput{list, p}, err
}

type attachInput struct {
	byRole
	PolicyArn string
}

func (in *attachInput) attachedPolicy() string { return in.PolicyArn }

func (s *Service) attachRolePolicy(_ context.Context, c *awsapi.Call, in *attachInput) (*awsapi.None, error) {
	return s.changeRole(c, in.RoleName, func(r *role) error {
		if err := s.attachable(s.accounts[c.Account], in.PolicyArn); err != nil {
			return err
		}
		switch {
		case slices.Contains(r.Attached, in.PolicyArn):
			return nil
		case len(r.Attached) >= maxAttached:
			return errLimit.With("Cannot exceed quota for PoliciesPerRole: %d", maxAttached)
		}
		r.Attached = append(slices.Clone(r.Attached), in.PolicyArn)
		return nil
	})
}

func (s *Service) detachRolePolicy(_ context.Context, c *awsapi.Call, in *attachInput) (*awsapi.None, error) {
	return s.changeRole(c, in.RoleName, func(r *role) error {
		i := slices.Index(r.Attached, in.PolicyArn)
		if i < 0 {
			return noPolicy(in.PolicyArn)
		}
		r.Attached = slices.Delete(slices.Clone(r.Attached), i, i+1)
		return nil
	})
}

type listAttachedInput struct {
	byRole
	paging
	PathPrefix string
}

type attachedPolicy struct {
	PolicyName string
	PolicyArn  string
}

type listAttachedOutput struct {
	AttachedPolicies []attachedPolicy
	page
}

func (s *Service) listAttachedRolePolicies(_ context.Context, c *awsapi.Call, in *listAttachedInput) (*listAttachedOutput, error) {
	var all []attachedPolicy
	err := s.readRole(c, in.RoleName, func(r *role) {
		for _, arn := range r.Attached {
			path, name := splitPolicyARN(arn)
			if strings.HasPrefix(path, in.PathPrefix) {
				all = append(all, attachedPolicy{name, arn})
			}
		}
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b attachedPolicy) int { return strings.Compare(a.PolicyArn, b.PolicyArn) })
	list, p, err := cut(all, in.paging, func(a attachedPolicy) string { return a.PolicyArn })
	return &listAttachedOutput{list, p}, err
}
