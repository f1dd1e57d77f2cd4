package iam

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/policy"
)

// Authorize decides on one permission of a call (LAM D14 to D21). It returns nil if
// the call is allowed. Else it returns an *awsapi.Error with code AccessDenied and
// AWS's text (LAM D24), which the gateway gives the service's form.
func (s *Service) Authorize(_ context.Context, c *awsapi.Call, a awsapi.Access) error {
	owner := c.Account
	// AWS's own policies have aws in place of an account (LAM D9).
	if arn, ok := awsapi.ParseARN(a.Resource); ok && arn.Account != "" && arn.Account != "aws" {
		owner = arn.Account
	}

	s.mu.RLock()
	defer s.mu.RUnlock()
	d, err := s.decide(c, a, owner, a.ResourcePolicy, policy.Resource)
	if err != nil {
		return err
	}

	// The alternative action is enough, unless either is explicitly denied.
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
		return a.Refusal.With("%s", denialText(c, a, d))
	}
	return errAccessDenied.With("%s", denialText(c, a, d))
}

// denialText returns the reason why a call is denied (LAM D24). Actions of SQS are
// in lower case (LAM D25).
func denialText(c *awsapi.Call, a awsapi.Access, d policy.Decision) string {
	action := a.Action
	if strings.HasPrefix(action, "sqs:") {
		action = strings.ToLower(action)
	}
	caller := cmp.Or(c.Caller.ARN, c.Caller.ServicePrincipal, "anonymous")

	// An explicit deny and a missing allow have different endings.
	text := fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s", caller, action, a.Resource)
	if !d.Explicit {
		return text + fmt.Sprintf(" because no %s allows the %s action", d.By, action)
	}
	article := "a "
	if d.By == policy.Identity {
		article = "an "
	}
	return text + " with an explicit deny in " + article + d.By.String()
}

// decide evaluates every policy that applies to one permission, with mu held. The
// resource's policy is of kind Resource, or Trust for assuming a role.
func (s *Service) decide(c *awsapi.Call, a awsapi.Access, owner, resourcePolicy string, kind policy.Kind) (policy.Decision, error) {
	who := &c.Caller
	if who.Administrator && who.ServicePrincipal == "" && who.Account == owner && resourcePolicy == "" && kind == policy.Resource {
		return policy.Decision{Allowed: true}, nil // no policy could deny it
	}

	// The resource's policy.
	p := policy.Policies{MustGrant: kind == policy.Trust}
	// Tags of a queue are keys of IAM policies only (IAM E62).
	if strings.HasPrefix(a.Action, "sqs:") {
		p.IdentityOnlyPrefix = "aws:resourcetag/"
	}
	if resourcePolicy != "" {
		var err error
		p.Resource, err = s.docs.Parse(resourcePolicy, kind)
		switch {
		case err != nil && who.Administrator && kind == policy.Resource:
			return policy.Decision{Allowed: true}, nil // else no caller could repair the policy
		case err != nil:
			return policy.Decision{}, fmt.Errorf("read the policy of %s: %w", a.Resource, err)
		}
	}

	// The caller's policies, and the condition keys that come from its role.
	r := s.request(c, a, owner)
	if !who.Administrator {
		if err := s.addCallerPolicies(who, &p, r); err != nil {
			return policy.Decision{}, err
		}
	}
	return p.Decide(r), nil
}

// addCallerPolicies adds the policies of the caller's role and session to p, and the
// condition keys that come from them to r. A caller without a role has none.
func (s *Service) addCallerPolicies(who *awsapi.Caller, p *policy.Policies, r *policy.Request) error {
	role, account := s.roleByARN(who.PrincipalARN)
	if role == nil {
		return nil
	}
	if id, _, isSession := strings.Cut(who.UserID, ":"); isSession && id != role.ID {
		return nil // a session of a deleted role whose name another role has now
	}

	// Tags of the session replace those of the role, in any case.
	var sessionPolicies []string
	setPrincipalTags(r, role.Tags)
	if t := s.sessions[who.AccessKey]; t != nil {
		sessionPolicies = t.Policies
		setPrincipalTags(r, t.Tags)
		if !t.Issued.IsZero() {
			r.SetKey("aws:TokenIssueTime", t.Issued.UTC().Format(time.RFC3339))
		}
	}
	r.SetKey("aws:MultiFactorAuthPresent", "false") // exists for temporary credentials only (IAM E61)

	return s.addPolicies(p, role, s.accounts[account], sessionPolicies)
}

// addPolicies adds the identity policies of a role, its boundary and the session
// policies to p.
func (s *Service) addPolicies(p *policy.Policies, role *role, a *account, sessionPolicies []string) error {
	for _, document := range role.Inline {
		if err := s.addPolicy(&p.Identity, document, policy.Identity); err != nil {
			return err
		}
	}
	for _, arn := range role.Attached {
		// AWS managed policies of an older data file may no longer exist.
		if m := s.managedPolicy(a, arn); m != nil {
			if err := s.addPolicy(&p.Identity, m.document(), policy.Identity); err != nil {
				return err
			}
		}
	}

	for _, document := range sessionPolicies {
		if err := s.addPolicy(&p.Session, document, policy.Session); err != nil {
			return err
		}
	}

	if role.Boundary == "" {
		return nil
	}
	m := s.managedPolicy(a, role.Boundary)
	if m == nil {
		// A boundary of an older data file that no longer exists allows
		// nothing. Without it the role would have more permissions than before.
		p.Boundary = &policy.Document{}
		return nil
	}

	var err error
	p.Boundary, err = s.docs.Parse(m.document(), policy.Boundary)
	return err
}

func (s *Service) addPolicy(to *[]*policy.Document, document string, kind policy.Kind) error {
	d, err := s.docs.Parse(document, kind)
	if err != nil {
		return err
	}
	*to = append(*to, d)
	return nil
}

func setPrincipalTags(r *policy.Request, tags map[string]string) {
	for _, t := range awsapi.TagList(tags) {
		r.SetKey("aws:PrincipalTag/"+t.Key, t.Value)
	}
}

// request returns the request that the policies decide on, with the global
// condition keys (LAM D21).
func (s *Service) request(c *awsapi.Call, a awsapi.Access, owner string) *policy.Request {
	who := &c.Caller
	r := &policy.Request{
		Principal: policy.Principal{
			Account:       who.Account,
			ARN:           who.ARN,
			RoleARN:       who.PrincipalARN,
			ID:            who.UserID,
			Service:       who.ServicePrincipal,
			Administrator: who.Administrator,
		},
		Action:   a.Action,
		Resource: a.Resource,
		Owner:    owner,
		Now:      s.opts.Clock.Now(),
		Keys:     make(map[string][]string, 16),
	}

	// A key without a value does not exist.
	for key, value := range map[string]string{
		"aws:PrincipalArn":         who.PrincipalARN,
		"aws:PrincipalAccount":     who.Account,
		"aws:userid":               who.UserID,
		"aws:SourceArn":            who.SourceARN,
		"aws:SourceAccount":        who.SourceAccount,
		"aws:PrincipalServiceName": who.ServicePrincipal,
		"aws:SourceIp":             c.SourceIP,
		"aws:UserAgent":            c.UserAgent,
		"aws:RequestedRegion":      c.Region,
		"aws:ResourceAccount":      owner,
		"aws:PrincipalType":        principalType(who),
		"aws:username":             userName(who),
	} {
		if value != "" {
			r.SetKey(key, value)
		}
	}
	r.SetKey("aws:SecureTransport", strconv.FormatBool(c.Secure))
	r.SetKey("aws:PrincipalIsAWSService", strconv.FormatBool(who.ServicePrincipal != ""))
	// No embedded service forwards the credentials of its caller.
	r.SetKey("aws:ViaAWSService", "false")

	for key, values := range a.Keys {
		r.SetKey(key, values...)
	}
	s.setTagKeys(r, a)
	return r
}

// setTagKeys sets the condition keys of tags. Tags whose keys differ only by case
// share one condition key with the values of all, so that no spelling bypasses a
// Deny.
func (s *Service) setTagKeys(r *policy.Request, a awsapi.Access) {
	set := func(prefix string, tags map[string]string) {
		for _, t := range awsapi.TagList(tags) {
			key := strings.ToLower(prefix + t.Key)
			r.SetKey(key, append(r.Keys[key], t.Value)...)
		}
	}

	// Roles have their tags under two names.
	resourceTags, ofIdentity := s.entityTags(a)
	set("aws:ResourceTag/", a.ResourceTags)
	set("aws:ResourceTag/", resourceTags)
	if ofIdentity {
		set("iam:ResourceTag/", resourceTags)
	}

	set("aws:RequestTag/", a.RequestTags)
	if keys := append(slices.Sorted(maps.Keys(a.RequestTags)), a.TagKeys...); len(keys) > 0 {
		r.SetKey("aws:TagKeys", keys...)
	}
}

// entityTags returns the tags of the role or policy that a permission is about,
// and whether it is an identity, with mu held. It returns none for iam:PassRole: by
// AWS's documentation tags do not reliably control who may pass a role (IAM A8).
func (s *Service) entityTags(a awsapi.Access) (tags map[string]string, identity bool) {
	arn, ok := awsapi.ParseARN(a.Resource)
	if !ok || arn.Service != "iam" || a.Action == "iam:PassRole" {
		return nil, false
	}
	if role, _ := s.roleByARN(a.Resource); role != nil {
		return role.Tags, true
	}
	if m := s.managedPolicy(s.accounts[arn.Account], a.Resource); m != nil {
		return m.Tags, false
	}
	return nil, false
}

// principalType returns aws:PrincipalType.
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

// userName returns aws:username, which only users have.
func userName(who *awsapi.Caller) string {
	if i := strings.LastIndexByte(who.ARN, '/'); i >= 0 && strings.Contains(who.ARN, ":user/") {
		return who.ARN[i+1:]
	}
	return ""
}
