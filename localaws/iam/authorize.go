package iam

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/policy"
)

// Authorize decides on one permission of a call (LAM D14 to D21). A refusal is an
// *awsapi.Error with code AccessDenied and AWS's words (LAM D24); the gateway
// gives it each service's form.
func (s *Service) Authorize(_ context.Context, c *awsapi.Call, a awsapi.Access) error {
	owner := c.Account
	if arn, ok := awsapi.ParseARN(a.Resource); ok && arn.Account != "" && arn.Account != "aws" {
		owner = arn.Account
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	d, err := s.decide(c, a, owner, a.ResourcePolicy, policy.Resource)
	if err != nil {
		return err
	}

	if a.Alternative != "" && !d.Explicit {
		other := a
		other.Action = a.Alternative
		alternative, err := s.decide(c, other, owner, a.ResourcePolicy, policy.Resource)
		switch {
		case err != nil:
			return err
		case alternative.Explicit:
			a, d = other, alternative
		case alternative.Allowed:
			d = alternative
		}
	}

	switch {
	case d.Allowed:
		return nil
	case a.Refusal != nil && a.Refusal.Message != "":
		return a.Refusal
	case a.Refusal != nil:
		return a.Refusal.With("%s", refusal(c, a, d))
	}
	return errAccessDenied.With("%s", refusal(c, a, d))
}

// refusal says why (LAM D24). SQS prints actions in lower case (LAM D25).
func refusal(c *awsapi.Call, a awsapi.Access, d policy.Decision) string {
	action, who := a.Action, c.Caller.ARN
	if strings.HasPrefix(action, "sqs:") {
		action = strings.ToLower(action)
	}
	if who == "" {
		who = orDefault(c.Caller.ServicePrincipal, "anonymous")
	}
	text := fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s", who, action, a.Resource)
	if !d.Explicit {
		return text + fmt.Sprintf(" because no %s allows the %s action", d.By, action)
	}
	article := "a "
	if d.By == policy.Identity {
		article = "an "
	}
	return text + " with an explicit deny in " + article + d.By.String()
}

// decide evaluates all that bears on one permission, with mu held. The resource's
// policy is of the kind Resource, or Trust where a role is to be assumed.
func (s *Service) decide(c *awsapi.Call, a awsapi.Access, owner, resourcePolicy string, kind policy.Kind) (policy.Decision, error) {
	who := &c.Caller
	if who.Administrator && who.ServicePrincipal == "" && who.Account == owner && resourcePolicy == "" && kind == policy.Resource {
		return policy.Decision{Allowed: true}, nil // nothing there that could deny: no request to describe
	}
	p := policy.Policies{MustGrant: kind == policy.Trust}
	if strings.HasPrefix(a.Action, "sqs:") {
		p.ResourceLacks = "aws:resourcetag/"
	}
	var err error
	if resourcePolicy != "" {
		p.Resource, err = s.docs.Parse(resourcePolicy, kind)
		switch {
		case err != nil && who.Administrator && kind == policy.Resource:
			return policy.Decision{Allowed: true}, nil // else nobody could put it right
		case err != nil:
			return policy.Decision{}, fmt.Errorf("read the policy of %s: %w", a.Resource, err)
		}
	}
	r := s.request(c, a, owner)
	if !who.Administrator {
		if err := s.own(who, &p, r); err != nil {
			return policy.Decision{}, err
		}
	}
	return p.Decide(r), nil
}

// own finds the caller's own policies, and the keys that come from its role.
func (s *Service) own(who *awsapi.Caller, p *policy.Policies, r *policy.Request) error {
	role, account := s.roleByARN(who.PrincipalARN)
	if role == nil {
		return nil // a service, or nobody: it has none
	}
	if id, _, session := strings.Cut(who.UserID, ":"); session && id != role.ID {
		return nil // a session of a role that was deleted; another has its name now
	}
	var texts []string
	setPrincipalTags(r, role.Tags)
	if t := s.sessions[who.AccessKey]; t != nil {
		texts = t.Policies
		setPrincipalTags(r, t.Tags) // over the role's, whatever the case of their keys
		if !t.Issued.IsZero() {
			r.SetKey("aws:TokenIssueTime", t.Issued.UTC().Format(time.RFC3339))
		}
	}
	r.SetKey("aws:MultiFactorAuthPresent", "false") // of temporary credentials only (IAM E61)
	for _, text := range role.Inline {
		if err := s.add(&p.Identity, text, policy.Identity); err != nil {
			return err
		}
	}
	for _, arn := range role.Attached {
		if m := s.managed(s.accounts[account], arn); m != nil {
			if err := s.add(&p.Identity, m.text(), policy.Identity); err != nil {
				return err
			}
		}
	}
	for _, text := range texts {
		if err := s.add(&p.Session, text, policy.Session); err != nil {
			return err
		}
	}
	if m := s.managed(s.accounts[account], role.Boundary); m != nil {
		var err error
		p.Boundary, err = s.docs.Parse(m.text(), policy.Boundary)
		return err
	}
	return nil
}

func setPrincipalTags(r *policy.Request, tags map[string]string) {
	for _, key := range sortedKeys(tags) {
		r.SetKey("aws:PrincipalTag/"+key, tags[key])
	}
}

func (s *Service) add(to *[]*policy.Document, text string, kind policy.Kind) error {
	d, err := s.docs.Parse(text, kind)
	if err == nil {
		*to = append(*to, d)
	}
	return err
}

// request describes a permission to the evaluator, with the global condition keys
// (LAM D21).
func (s *Service) request(c *awsapi.Call, a awsapi.Access, owner string) *policy.Request {
	who := &c.Caller
	r := &policy.Request{
		Principal: policy.Principal{
			Account: who.Account, ARN: who.ARN, RoleARN: who.PrincipalARN, ID: who.UserID,
			Service: who.ServicePrincipal, Administrator: who.Administrator,
		},
		Action: a.Action, Resource: a.Resource, Owner: owner, Now: s.opts.Clock.Now(), Keys: make(map[string][]string, 16),
	}
	for key, value := range map[string]string{
		"aws:PrincipalArn": who.PrincipalARN, "aws:PrincipalAccount": who.Account, "aws:userid": who.UserID,
		"aws:SourceArn": who.SourceARN, "aws:SourceAccount": who.SourceAccount, "aws:PrincipalServiceName": who.ServicePrincipal,
		"aws:SourceIp": c.SourceIP, "aws:UserAgent": c.UserAgent, "aws:RequestedRegion": c.Region, "aws:ResourceAccount": owner,
		"aws:PrincipalType": principalType(who), "aws:username": userName(who),
	} {
		if value != "" {
			r.SetKey(key, value)
		}
	}
	r.SetKey("aws:SecureTransport", strconv.FormatBool(c.Secure))
	r.SetKey("aws:PrincipalIsAWSService", strconv.FormatBool(who.ServicePrincipal != ""))
	r.SetKey("aws:ViaAWSService", "false")
	for key, values := range a.Keys {
		r.SetKey(key, values...)
	}
	s.setTagKeys(r, a)
	return r
}

// setTagKeys sets the condition keys of tags. A key whose tags differ in nothing
// but case has the values of all of them, so that no spelling escapes a Deny.
func (s *Service) setTagKeys(r *policy.Request, a awsapi.Access) {
	set := func(prefix string, tags map[string]string) {
		for _, name := range sortedKeys(tags) {
			key := strings.ToLower(prefix + name)
			r.SetKey(key, append(r.Keys[key], tags[name])...)
		}
	}

	resourceTags, ofIdentity := s.entityTags(a)
	set("aws:ResourceTag/", a.ResourceTags)
	set("aws:ResourceTag/", resourceTags)
	if ofIdentity {
		set("iam:ResourceTag/", resourceTags)
	}

	set("aws:RequestTag/", a.RequestTags)
	if keys := append(sortedKeys(a.RequestTags), a.TagKeys...); len(keys) > 0 {
		r.SetKey("aws:TagKeys", keys...)
	}
}

// entityTags returns the tags of the role or policy that a permission is about,
// and whether it is an identity, with mu held. For iam:PassRole they are left out:
// By AWS's documentation tags do not reliably control who may pass a role (IAM A8).
func (s *Service) entityTags(a awsapi.Access) (tags map[string]string, identity bool) {
	arn, ok := awsapi.ParseARN(a.Resource)
	if !ok || arn.Service != "iam" || a.Action == "iam:PassRole" {
		return nil, false
	}
	if role, _ := s.roleByARN(a.Resource); role != nil {
		return role.Tags, true
	}
	if m := s.managed(s.accounts[arn.Account], a.Resource); m != nil {
		return m.Tags, false
	}
	return nil, false
}

func principalType(who *awsapi.Caller) string {
	switch {
	case who.ServicePrincipal != "":
		return "Service"
	case strings.Contains(who.ARN, ":assumed-role/"):
		return "AssumedRole"
	case strings.HasSuffix(who.ARN, ":root"):
		return "Account"
	case strings.Contains(who.ARN, ":user/"):
		return "User"
	}
	return "Anonymous"
}

// userName is aws:username, which only users have.
func userName(who *awsapi.Caller) string {
	if i := strings.LastIndexByte(who.ARN, '/'); i >= 0 && strings.Contains(who.ARN, ":user/") {
		return who.ARN[i+1:]
	}
	return ""
}
