package iam

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/policy"
	"github.com/reliableq/reliableq/localaws/store"
)

// Limits of managed policies (LAM D10).
const (
	maxPolicyName    = 128
	maxManagedPolicy = 6144 // characters, without white space
	maxVersions      = 5
)

// managedPolicy is the record of a managed policy, in memory and in the store.
type managedPolicy struct {
	Name        string
	ID          string
	Path        string
	ARN         string
	Description string
	Created     time.Time
	Updated     time.Time
	Default     string // id of the version in effect
	Next        int    // number of the next version
	Versions    []version
	Tags        map[string]string
}

// version is one version of a managed policy.
type version struct {
	ID      string
	Text    string
	Created time.Time
}

// version returns a version by its id, or nil.
func (m *managedPolicy) version(id string) *version {
	for i := range m.Versions {
		if m.Versions[i].ID == id {
			return &m.Versions[i]
		}
	}
	return nil
}

// document returns the policy document in effect.
func (m *managedPolicy) document() string { return m.version(m.Default).Text }

// versionID returns the id of the nth version.
func versionID(n int) string { return "v" + strconv.Itoa(n) }

// managedPolicy returns a policy of AWS or of an account, which may be nil, with mu
// held. It returns nil if there is none.
func (s *Service) managedPolicy(a *account, arn string) *managedPolicy {
	if m := awsManaged()[arn]; m != nil {
		return m
	}

	if a == nil {
		return nil
	}
	return a.policies[arn]
}

// checkAttachable checks that a policy exists, so that a role can have it.
func (s *Service) checkAttachable(a *account, arn string) error {
	if err := checkPolicyARN(arn); err != nil {
		return err
	}

	switch {
	case s.managedPolicy(a, arn) != nil:
		return nil
	case strings.HasPrefix(arn, "arn:aws:iam::aws:"):
		return errNoSuchEntity.With("Policy %s does not exist or is not attachable. (The embedded AWS has only some of AWS's own policies.)", arn)
	default:
		return notAttachable(arn)
	}
}

// checkPolicyARN refuses what is not the ARN of a policy (LAM D11).
func checkPolicyARN(arn string) error {
	a, ok := awsapi.ParseARN(arn)
	if !ok || a.Service != "iam" || !strings.HasPrefix(a.Resource, "policy/") {
		return errValidation.With("Invalid ARN:  Could not be parsed!")
	}
	return nil
}

// splitPolicyARN returns path and name of the policy that an ARN names.
func splitPolicyARN(arn string) (path, name string) {
	_, rest, _ := strings.Cut(arn, ":policy/")
	i := strings.LastIndexByte(rest, '/')
	return "/" + rest[:i+1], rest[i+1:]
}

// users returns the names of the roles that a policy is attached to, and of those
// that have it as their permissions boundary. Both are sorted.
func (a *account) users(arn string) (attached, bounded []string) {
	if a == nil {
		return nil, nil
	}

	for _, r := range a.roles {
		if slices.Contains(r.Attached, arn) {
			attached = append(attached, r.Name)
		}
		if r.Boundary == arn {
			bounded = append(bounded, r.Name)
		}
	}
	slices.Sort(attached)
	slices.Sort(bounded)
	return attached, bounded
}

// readPolicy calls read with a managed policy, under the lock.
func (s *Service) readPolicy(c *awsapi.Call, arn string, read func(a *account, m *managedPolicy) error) error {
	if err := checkPolicyARN(arn); err != nil {
		return err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()

	a := s.accounts[c.Account]
	m := s.managedPolicy(a, arn)
	if m == nil {
		return noPolicy(arn)
	}
	return read(a, m)
}

// changePolicy calls change with a managed policy of the account, and stores it.
func (s *Service) changePolicy(c *awsapi.Call, arn string, change func(m *managedPolicy) error) error {
	if err := checkPolicyARN(arn); err != nil {
		return err
	}

	return s.change(func(b *store.Batch) error {
		m := s.managedPolicy(s.accounts[c.Account], arn)
		switch {
		case m == nil:
			return noPolicy(arn)
		case awsManaged()[arn] != nil:
			return ownedByAWS(c, arn)
		}

		if err := change(m); err != nil {
			return err
		}
		return s.savePolicy(b, c.Account, m)
	})
}

// checkManagedPolicy checks that the document of a managed policy is valid.
func (s *Service) checkManagedPolicy(document string) error {
	if lengthWithoutSpace(document) > maxManagedPolicy {
		return errLimit.With("Cannot exceed quota for PolicySize: %d", maxManagedPolicy)
	}

	doc, err := s.docs.Parse(document, policy.Identity)
	if err != nil {
		return malformed(err)
	}

	// Managed policies must not have an older version (IAM E50); other policies may.
	if doc.Version != "2012-10-17" {
		return errMalformed.With("Policy document must be version 2012-10-17 or greater.")
	}
	return nil
}

// Policy is a managed policy in a response (LAM D7).
type Policy struct {
	// PolicyName is the name.
	PolicyName string
	// PolicyID is the unique id, ANPA….
	PolicyID string `json:"PolicyId"`
	// ARN is the policy's ARN.
	ARN string `json:"Arn"`
	// Path begins and ends with a slash.
	Path string
	// DefaultVersionID is the version in effect.
	DefaultVersionID string `json:"DefaultVersionId"`
	// AttachmentCount is the number of roles that the policy is attached to.
	AttachmentCount int
	// PermissionsBoundaryUsageCount is the number of roles that it bounds.
	PermissionsBoundaryUsageCount int
	// IsAttachable is true.
	IsAttachable bool
	// Description is in responses of GetPolicy only.
	Description string `json:",omitempty"`
	// CreateDate is when the policy was created.
	CreateDate awsapi.Timestamp
	// UpdateDate is when its last version was created or the default changed.
	UpdateDate awsapi.Timestamp
	// Tags are sorted by key.
	Tags []awsapi.Tag `json:",omitempty"`
}

// PolicyOutput is the output of CreatePolicy and GetPolicy.
type PolicyOutput struct {
	// Policy is the policy.
	Policy Policy
}

// describe returns what every response shows of a policy (LAM D7), with the
// service's lock held.
func (m *managedPolicy) describe(a *account) Policy {
	attached, bounded := a.users(m.ARN)
	return Policy{
		PolicyName:                    m.Name,
		PolicyID:                      m.ID,
		ARN:                           m.ARN,
		Path:                          m.Path,
		DefaultVersionID:              m.Default,
		AttachmentCount:               len(attached),
		PermissionsBoundaryUsageCount: len(bounded),
		IsAttachable:                  true,
		CreateDate:                    awsapi.Timestamp(m.Created),
		UpdateDate:                    awsapi.Timestamp(m.Updated),
	}
}

// GetPolicyInput is the input of GetPolicy.
type GetPolicyInput struct {
	// PolicyARN is the policy's ARN.
	PolicyARN string `json:"PolicyArn"`
}

// GetPolicy returns a managed policy.
func (s *Service) GetPolicy(_ context.Context, c *awsapi.Call, in *GetPolicyInput) (*PolicyOutput, error) {
	var out PolicyOutput
	err := s.readPolicy(c, in.PolicyARN, func(a *account, m *managedPolicy) error {
		out.Policy = m.describe(a)
		out.Policy.Description = m.Description
		out.Policy.Tags = awsapi.TagList(m.Tags)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}
