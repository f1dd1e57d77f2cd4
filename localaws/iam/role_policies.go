package iam

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/policy"
)

// PutRolePolicyInput is the input of PutRolePolicy.
type PutRolePolicyInput struct {
	// RoleName is the role's name.
	RoleName string
	// PolicyName is the name of the inline policy.
	PolicyName string
	// PolicyDocument is the policy, as JSON.
	PolicyDocument string
}

// PutRolePolicy adds an inline policy to a role, or replaces the one of that name.
func (s *Service) PutRolePolicy(_ context.Context, c *awsapi.Call, in *PutRolePolicyInput) error {
	var v awsapi.Validation
	validateName(&v, "policyName", in.PolicyName, maxPolicyName)
	v.Required("policyDocument", in.PolicyDocument)
	if err := v.Err(errValidation); err != nil {
		return err
	}
	if _, err := s.docs.Parse(in.PolicyDocument, policy.Identity); err != nil {
		return malformed(err)
	}

	return s.changeRole(c, in.RoleName, func(r *role) error {
		// The limit is for all inline policies of the role.
		total := lengthWithoutSpace(in.PolicyDocument)
		for name, document := range r.Inline {
			// The policy that this one replaces does not count.
			if name != in.PolicyName {
				total += lengthWithoutSpace(document)
			}
		}
		if total > maxInline {
			return errLimit.With("Maximum policy size of %d bytes exceeded for role %s", maxInline, r.Name)
		}

		r.Inline[in.PolicyName] = in.PolicyDocument
		return nil
	})
}

// lengthWithoutSpace returns the number of characters of a document that are not
// white space, which IAM's quotas count.
func lengthWithoutSpace(document string) int {
	n := 0
	for _, r := range document {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}

// percentEncode returns a document as responses have it: encoded by RFC 3986
// (LAM D8).
func percentEncode(document string) string {
	// QueryEscape writes a space as a plus sign, where RFC 3986 has %20.
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}

// RolePolicyInput is the input of GetRolePolicy and DeleteRolePolicy.
type RolePolicyInput struct {
	// RoleName is the role's name.
	RoleName string
	// PolicyName is the name of the inline policy.
	PolicyName string
}

// GetRolePolicyOutput is the output of GetRolePolicy.
type GetRolePolicyOutput struct {
	// RoleName is the role's name.
	RoleName string
	// PolicyName is the name of the inline policy.
	PolicyName string
	// PolicyDocument is the policy, percent-encoded (LAM D8).
	PolicyDocument string
}

// GetRolePolicy returns an inline policy of a role.
func (s *Service) GetRolePolicy(_ context.Context, c *awsapi.Call, in *RolePolicyInput) (*GetRolePolicyOutput, error) {
	var out *GetRolePolicyOutput
	err := s.readRole(c, in.RoleName, func(r *role) {
		if document, ok := r.Inline[in.PolicyName]; ok {
			out = &GetRolePolicyOutput{
				RoleName:       r.Name,
				PolicyName:     in.PolicyName,
				PolicyDocument: percentEncode(document),
			}
		}
	})
	switch {
	case err != nil:
		return nil, err
	case out == nil:
		return nil, noRolePolicy(in.PolicyName)
	}
	return out, nil
}

// DeleteRolePolicy deletes an inline policy of a role.
func (s *Service) DeleteRolePolicy(_ context.Context, c *awsapi.Call, in *RolePolicyInput) error {
	return s.changeRole(c, in.RoleName, func(r *role) error {
		if _, ok := r.Inline[in.PolicyName]; !ok {
			return noRolePolicy(in.PolicyName)
		}

		delete(r.Inline, in.PolicyName)
		return nil
	})
}

// ListRolePoliciesInput is the input of ListRolePolicies.
type ListRolePoliciesInput struct {
	// RoleName is the role's name.
	RoleName string
	// Marker is that of the page before, or empty.
	Marker string
	// MaxItems is 1 to 1,000; nil means 100.
	MaxItems *int
}

// ListRolePoliciesOutput is the output of ListRolePolicies.
type ListRolePoliciesOutput struct {
	// PolicyNames are the names of inline policies, sorted.
	PolicyNames []string
	// IsTruncated reports whether there are more pages.
	IsTruncated bool
	// Marker requests the next page; empty on the last.
	Marker string `json:",omitempty"`
}

// ListRolePolicies lists the inline policies of a role.
func (s *Service) ListRolePolicies(_ context.Context, c *awsapi.Call, in *ListRolePoliciesInput) (*ListRolePoliciesOutput, error) {
	var names []string
	err := s.readRole(c, in.RoleName, func(r *role) { names = slices.Sorted(maps.Keys(r.Inline)) })
	if err != nil {
		return nil, err
	}

	page, next, err := paginate(names, in.Marker, in.MaxItems, func(name string) string { return name })
	if err != nil {
		return nil, err
	}
	return &ListRolePoliciesOutput{
		PolicyNames: page,
		IsTruncated: next != "",
		Marker:      next,
	}, nil
}
