package iam

import (
	"context"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// CreatePolicyInput is the input of CreatePolicy.
type CreatePolicyInput struct {
	// PolicyName is the name, which must be unique in any case. Required.
	PolicyName string
	// PolicyDocument is the policy, as JSON. Required.
	PolicyDocument string
	// Path begins and ends with a slash; empty means "/".
	Path string
	// Description has at most 1,000 characters.
	Description string
	// Tags are at most 50.
	Tags []awsapi.Tag
}

func (in *CreatePolicyInput) validate() error {
	var v awsapi.Validation
	validateName(&v, "policyName", in.PolicyName, maxPolicyName)
	v.Required("policyDocument", in.PolicyDocument)
	validatePath(&v, in.Path)
	v.MaxLength("description", in.Description, maxDescription)
	return v.Err(errValidation)
}

// arn returns the ARN that the policy gets.
func (in *CreatePolicyInput) arn(account string) string {
	return awsapi.Scope{Account: account}.ARN("iam", "policy"+pathOrRoot(in.Path)+in.PolicyName)
}

// CreatePolicy creates a managed policy.
func (s *Service) CreatePolicy(_ context.Context, c *awsapi.Call, in *CreatePolicyInput) (*PolicyOutput, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	if err := s.checkManagedPolicy(in.PolicyDocument); err != nil {
		return nil, err
	}
	tags, err := addTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}

	now := s.now()
	m := &managedPolicy{
		Name:        in.PolicyName,
		ID:          s.opts.Chance.ID("ANPA", 17),
		Path:        pathOrRoot(in.Path),
		ARN:         in.arn(c.Account),
		Description: in.Description,
		Created:     now,
		Updated:     now,
		Default:     versionID(1),
		Next:        2,
		Versions:    []version{{ID: versionID(1), Text: in.PolicyDocument, Created: now}},
		Tags:        tags,
	}

	var out PolicyOutput
	err = s.change(func(b *store.Batch) error {
		a := s.account(c.Account)
		// Names are unique in the account, in any path and any case.
		for _, other := range a.policies {
			if strings.EqualFold(other.Name, m.Name) {
				return errExists.With("A policy called %s already exists. Duplicate names are not allowed.", m.Name)
			}
		}

		a.policies[m.ARN] = m
		out.Policy = m.describe(a)
		out.Policy.Tags = awsapi.TagList(m.Tags)
		return s.savePolicy(b, c.Account, m)
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}
