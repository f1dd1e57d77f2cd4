package iam

import (
	"context"
	"slices"
	"strconv"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// PolicyVersion is a version of a managed policy in a response.
type PolicyVersion struct {
	// Document is the policy, percent-encoded (LAM D8), in responses of
	// GetPolicyVersion only.
	Document string `json:",omitempty"`
	// VersionID is v1, v2, ….
	VersionID string `json:"VersionId"`
	// IsDefaultVersion reports whether the version is in effect.
	IsDefaultVersion bool
	// CreateDate is when the version was created.
	CreateDate awsapi.Timestamp
}

func (m *managedPolicy) describeVersion(v *version) PolicyVersion {
	return PolicyVersion{
		VersionID:        v.ID,
		IsDefaultVersion: v.ID == m.Default,
		CreateDate:       awsapi.Timestamp(v.Created),
	}
}

// CreatePolicyVersionInput is the input of CreatePolicyVersion.
type CreatePolicyVersionInput struct {
	// PolicyARN is the policy's ARN.
	PolicyARN string `json:"PolicyArn"`
	// PolicyDocument is the new version, as JSON.
	PolicyDocument string
	// SetAsDefault puts the version into effect.
	SetAsDefault bool
}

// PolicyVersionOutput is the output of CreatePolicyVersion and GetPolicyVersion.
type PolicyVersionOutput struct {
	// PolicyVersion is the version.
	PolicyVersion PolicyVersion
}

// CreatePolicyVersion adds a version to a managed policy, which can have five.
func (s *Service) CreatePolicyVersion(_ context.Context, c *awsapi.Call, in *CreatePolicyVersionInput) (*PolicyVersionOutput, error) {
	var check awsapi.Validation
	check.Required("policyDocument", in.PolicyDocument)
	if err := check.Err(errValidation); err != nil {
		return nil, err
	}
	if err := s.checkManagedPolicy(in.PolicyDocument); err != nil {
		return nil, err
	}

	var out PolicyVersionOutput
	err := s.changePolicy(c, in.PolicyARN, func(m *managedPolicy) error {
		if len(m.Versions) >= maxVersions {
			return errLimit.With("A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", maxVersions)
		}

		// Numbers of deleted versions are not used again.
		v := version{
			ID:      versionID(m.Next),
			Text:    in.PolicyDocument,
			Created: s.now(),
		}
		m.Next++
		m.Updated = v.Created
		m.Versions = append(slices.Clone(m.Versions), v)
		if in.SetAsDefault {
			m.Default = v.ID
		}
		out.PolicyVersion = m.describeVersion(&v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// PolicyVersionInput is the input of GetPolicyVersion, DeletePolicyVersion and
// SetDefaultPolicyVersion.
type PolicyVersionInput struct {
	// PolicyARN is the policy's ARN.
	PolicyARN string `json:"PolicyArn"`
	// VersionID is v1, v2, ….
	VersionID string `json:"VersionId"`
}

// GetPolicyVersion returns a version of a managed policy, with its document.
func (s *Service) GetPolicyVersion(_ context.Context, c *awsapi.Call, in *PolicyVersionInput) (*PolicyVersionOutput, error) {
	var out PolicyVersionOutput
	err := s.readPolicy(c, in.PolicyARN, func(_ *account, m *managedPolicy) error {
		v := m.version(in.VersionID)
		if v == nil {
			return noVersion(in.PolicyARN, in.VersionID)
		}

		out.PolicyVersion = m.describeVersion(v)
		out.PolicyVersion.Document = percentEncode(v.Text)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// ListPolicyVersionsInput is the input of ListPolicyVersions.
type ListPolicyVersionsInput struct {
	// PolicyARN is the policy's ARN.
	PolicyARN string `json:"PolicyArn"`
	// Marker is that of the page before, or empty.
	Marker string
	// MaxItems is 1 to 1,000; nil means 100.
	MaxItems *int
}

// ListPolicyVersionsOutput is the output of ListPolicyVersions.
type ListPolicyVersionsOutput struct {
	// Versions are sorted from the newest to the oldest.
	Versions []PolicyVersion
	// IsTruncated reports whether there are more pages.
	IsTruncated bool
	// Marker requests the next page; empty on the last.
	Marker string `json:",omitempty"`
}

// ListPolicyVersions lists the versions of a managed policy.
func (s *Service) ListPolicyVersions(_ context.Context, c *awsapi.Call, in *ListPolicyVersionsInput) (*ListPolicyVersionsOutput, error) {
	var versions []PolicyVersion
	err := s.readPolicy(c, in.PolicyARN, func(_ *account, m *managedPolicy) error {
		for i := range m.Versions {
			versions = append(versions, m.describeVersion(&m.Versions[i]))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Reverse(versions)

	// There are at most five, so that their positions, as one digit, sort as text.
	position := func(p PolicyVersion) string {
		return strconv.Itoa(slices.IndexFunc(versions, func(o PolicyVersion) bool { return o.VersionID == p.VersionID }))
	}
	page, next, err := paginate(versions, in.Marker, in.MaxItems, position)
	if err != nil {
		return nil, err
	}
	return &ListPolicyVersionsOutput{
		Versions:    page,
		IsTruncated: next != "",
		Marker:      next,
	}, nil
}

// DeletePolicyVersion deletes a version of a managed policy that is not in effect.
func (s *Service) DeletePolicyVersion(_ context.Context, c *awsapi.Call, in *PolicyVersionInput) error {
	return s.changePolicy(c, in.PolicyARN, func(m *managedPolicy) error {
		switch {
		case m.version(in.VersionID) == nil:
			return noVersion(in.PolicyARN, in.VersionID)
		case in.VersionID == m.Default:
			return errDeleteConflict.With("Cannot delete the default version of a policy.")
		}

		m.Versions = slices.DeleteFunc(slices.Clone(m.Versions), func(v version) bool { return v.ID == in.VersionID })
		m.Updated = s.now()
		return nil
	})
}

// SetDefaultPolicyVersion puts a version of a managed policy into effect.
func (s *Service) SetDefaultPolicyVersion(_ context.Context, c *awsapi.Call, in *PolicyVersionInput) error {
	return s.changePolicy(c, in.PolicyARN, func(m *managedPolicy) error {
		if m.version(in.VersionID) == nil {
			return noVersion(in.PolicyARN, in.VersionID)
		}
		m.Default = in.VersionID
		m.Updated = s.now()
		return nil
	})
}
