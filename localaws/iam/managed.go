package iam

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/policy"
	"github.com/reliableq/reliableq/localaws/store"
)

// Limits of managed policies (LAM D10).
const (
	maxPolicyName = 128
	maxManaged    = 6144
	maxVersions   = 5
)

// managed is the record of a managed policy.
type managed struct {
	Name        string
	ID          string
	Path        string
	ARN         string
	Description string
	Created     time.Time
	Updated     time.Time
	Default     string // a version's id
	Next        int    // the number of the next version
	Versions    []version
	Tags        map[string]string
}

// version is one version of a managed policy.
type version struct {
	ID      string
	Text    string
	Created time.Time
}

// version finds a version by its id, or answers nil.
func (m *managed) version(id string) *version {
	for i := range m.Versions {
		if m.Versions[i].ID == id {
			return &m.Versions[i]
		}
	}
	return nil
}

// text is the default version's.
func (m *managed) text() string { return m.version(m.Default).Text }

// managed finds a policy of an account or of AWS, or answers nil, with mu held.
func (s *Service) managed(a *account, arn string) *managed {
	if m := awsManaged()[arn]; m != nil {
		return m
	}
	if a == nil {
		return nil
	}
	return a.policies[arn]
}

// attachable checks that a role may be given a policy.
func (s *Service) attachable(a *account, arn string) error {
	if err := checkARN(arn); err != nil {
		return err
	}
	if s.managed(a, arn) == nil {
		if strings.HasPrefix(arn, "arn:aws:iam::aws:") {
			return errNoSuchEntity.With("Policy %s does not exist or is not attachable. (The embedded AWS has only some of AWS's own policies.)", arn)
		}
		return errNoSuchEntity.With("Policy %s does not exist or is not attachable.", arn)
	}
	return nil
}

// checkARN refuses what is no ARN of a policy (LAM D11).
func checkARN(arn string) error {
	a, ok := awsapi.ParseARN(arn)
	if !ok || a.Service != "iam" || !strings.HasPrefix(a.Resource, "policy/") {
		return errValidation.With("Invalid ARN:  Could not be parsed!")
	}
	return nil
}

// splitPolicyARN gives path and name of the policy that an ARN means.
func splitPolicyARN(arn string) (path, name string) {
	_, rest, _ := strings.Cut(arn, ":policy/")
	i := strings.LastIndexByte(rest, '/')
	return "/" + rest[:i+1], rest[i+1:]
}

// users counts the roles that a policy is attached to, and those that it bounds.
func (a *account) users(arn string) (attached, bounding []string) {
	if a == nil {
		return nil, nil
	}
	for _, r := range a.roles {
		for _, at := range r.Attached {
			if at == arn {
				attached = append(attached, r.Name)
			}
		}
		if r.Boundary == arn {
			bounding = append(bounding, r.Name)
		}
	}
	sort.Strings(attached)
	sort.Strings(bounding)
	return attached, bounding
}

// byARN names the policy that an input is about.
type byARN struct{ PolicyArn string }

func (in *byARN) policyARN(string) string { return in.PolicyArn }

// wirePolicy is a managed policy as the wire has it (LAM D7).
type wirePolicy struct {
	PolicyName                    string
	PolicyId                      string
	Arn                           string
	Path                          string
	DefaultVersionId              string
	AttachmentCount               int32
	PermissionsBoundaryUsageCount int32
	IsAttachable                  bool
	Description                   string `json:",omitempty"`
	CreateDate                    awsapi.Timestamp
	UpdateDate                    awsapi.Timestamp
	Tags                          []tag `json:",omitempty"`
}

func (m *managed) wire(a *account) wirePolicy {
	attached, bounding := a.users(m.ARN)
	return wirePolicy{
		PolicyName: m.Name, PolicyId: m.ID, Arn: m.ARN, Path: m.Path, DefaultVersionId: m.Default,
		AttachmentCount: int32(len(attached)), PermissionsBoundaryUsageCount: int32(len(bounding)), IsAttachable: true,
		CreateDate: awsapi.Timestamp(m.Created), UpdateDate: awsapi.Timestamp(m.Updated),
	}
}

type createPolicyInput struct {
	PolicyName     string
	PolicyDocument string
	Path           string
	Description    string
	Tags           []tag
}

func (in *createPolicyInput) policyARN(account string) string {
	return "arn:aws:iam::" + account + ":policy" + orDefault(in.Path, "/") + in.PolicyName
}

func (in *createPolicyInput) requestTags() map[string]string { return requested(in.Tags) }

func (in *createPolicyInput) tagAction() string { return "iam:TagPolicy" }

type policyOutput struct{ Policy wirePolicy }

func (s *Service) createPolicy(_ context.Context, c *awsapi.Call, in *createPolicyInput) (*policyOutput, error) {
	check := &constraints{}
	check.name("policyName", in.PolicyName, maxPolicyName).given("policyDocument", in.PolicyDocument).path(in.Path).description(in.Description)
	if err := check.err(); err != nil {
		return nil, err
	}
	if err := s.checkManaged(in.PolicyDocument); err != nil {
		return nil, err
	}
	tags, err := withTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	now := s.today()
	m := &managed{
		Name: in.PolicyName, ID: s.opts.Chance.ID("ANPA", 17), Path: orDefault(in.Path, "/"), ARN: in.policyARN(c.Account),
		Description: in.Description, Created: now, Updated: now, Default: "v1", Next: 2,
		Versions: []version{{"v1", in.PolicyDocument, now}}, Tags: tags,
	}
	var out policyOutput
	err = s.change(func(b *store.Batch) error {
		a := s.account(c.Account)
		for _, other := range a.policies {
			if strings.EqualFold(other.Name, m.Name) {
				return errExists.With("A policy called %s already exists. Duplicate names are not allowed.", m.Name)
			}
		}
		a.policies[m.ARN] = m
		out.Policy = m.wire(a)
		out.Policy.Tags = wireTags(m.Tags)
		return s.savePolicy(b, c.Account, m)
	})
	return &out, err
}

// checkManaged reads a managed policy's text to see that it is one.
func (s *Service) checkManaged(text string) error {
	if inkLength(text) > maxManaged {
		return errLimit.With("Cannot exceed quota for PolicySize: %d", maxManaged)
	}
	doc, err := s.docs.Parse(text, policy.Identity)
	if err != nil {
		return malformed(err)
	}
	if doc.Version != "2012-10-17" {
		return errMalformed.With("Policy document must be version 2012-10-17 or greater.")
	}
	return nil
}

// readPolicy shows a policy to f.
func (s *Service) readPolicy(c *awsapi.Call, arn string, f func(a *account, m *managed) error) error {
	if err := checkARN(arn); err != nil {
		return err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	a := s.accounts[c.Account]
	m := s.managed(a, arn)
	if m == nil {
		return noPolicy(arn)
	}
	return f(a, m)
}

// changePolicy lets f change a policy of the account and keeps it.
func (s *Service) changePolicy(c *awsapi.Call, arn string, f func(m *managed) error) error {
	if err := checkARN(arn); err != nil {
		return err
	}
	return s.change(func(b *store.Batch) error {
		a := s.accounts[c.Account]
		switch m := s.managed(a, arn); {
		case m == nil:
			return noPolicy(arn)
		case awsManaged()[arn] != nil:
			return errAccessDenied.With("User: %s is not authorized to change the policy %s, which is AWS's own", c.Caller.ARN, arn)
		default:
			if err := f(m); err != nil {
				return err
			}
			return s.savePolicy(b, c.Account, m)
		}
	})
}

type getPolicyInput struct{ byARN }

func (s *Service) getPolicy(_ context.Context, c *awsapi.Call, in *getPolicyInput) (*policyOutput, error) {
	var out policyOutput
	err := s.readPolicy(c, in.PolicyArn, func(a *account, m *managed) error {
		out.Policy = m.wire(a)
		out.Policy.Description, out.Policy.Tags = m.Description, wireTags(m.Tags)
		return nil
	})
	return &out, err
}

type deletePolicyInput struct{ byARN }

func (s *Service) deletePolicy(_ context.Context, c *awsapi.Call, in *deletePolicyInput) (*awsapi.None, error) {
	if err := checkARN(in.PolicyArn); err != nil {
		return nil, err
	}
	return &awsapi.None{}, s.change(func(b *store.Batch) error {
		a := s.accounts[c.Account]
		m := s.managed(a, in.PolicyArn)
		attached, bounding := a.users(in.PolicyArn)
		switch {
		case m == nil:
			return noPolicy(in.PolicyArn)
		case awsManaged()[in.PolicyArn] != nil:
			return errAccessDenied.With("User: %s is not authorized to change the policy %s, which is AWS's own", c.Caller.ARN, in.PolicyArn)
		case len(attached)+len(bounding) > 0:
			return errDeleteConflict.With("Cannot delete a policy attached to entities.")
		case len(m.Versions) > 1:
			return errDeleteConflict.With("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. " +
				"The default version is deleted with the policy.")
		}
		delete(a.policies, m.ARN)
		b.Delete(policyTable, c.Account+"/"+m.ARN)
		return nil
	})
}

type listPoliciesInput struct {
	paging
	Scope             string
	OnlyAttached      bool
	PathPrefix        string
	PolicyUsageFilter string
}

type listPoliciesOutput struct {
	Policies []wirePolicy
	page
}

func (s *Service) listPolicies(_ context.Context, c *awsapi.Call, in *listPoliciesInput) (*listPoliciesOutput, error) {
	s.mu.RLock()
	a := s.accounts[c.Account]
	var all []wirePolicy
	take := func(m *managed) {
		w := m.wire(a)
		used := w.AttachmentCount > 0 && in.PolicyUsageFilter != policyUsedFor || w.PermissionsBoundaryUsageCount > 0 && in.PolicyUsageFilter != "PermissionsPolicy"
		if strings.HasPrefix(m.Path, in.PathPrefix) && (used || !in.OnlyAttached && in.PolicyUsageFilter == "") {
			all = append(all, w)
		}
	}
	if a != nil && in.Scope != "AWS" {
		for _, m := range a.policies {
			take(m)
		}
	}
	if in.Scope != "Local" {
		for _, m := range awsManaged() {
			take(m)
		}
	}
	s.mu.RUnlock()
	sort.Slice(all, func(i, j int) bool { return all[i].Arn < all[j].Arn })
	list, p, err := cut(all, in.paging, func(w wirePolicy) string { return w.Arn })
	return &listPoliciesOutput{list, p}, err
}

// versionID makes a version's id.
func versionID(n int) string { return fmt.Sprintf("v%d", n) }
