package iam

import (
	"context"
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

type wireVersion struct {
	Document         string `json:",omitempty"`
	VersionId        string
	IsDefaultVersion bool
	CreateDate       awsapi.Timestamp
}

func (m *managed) wireVersion(v *version) wireVersion {
	return wireVersion{VersionId: v.ID, IsDefaultVersion: v.ID == m.Default, CreateDate: awsapi.Timestamp(v.Created)}
}

func noVersion(arn, id string) error {
	return errNoSuchEntity.With("Policy %s version %s does not exist or is not attachable.", arn, id)
}

type createPolicyVersionInput struct {
	byARN
	PolicyDocument string
	SetAsDefault   bool
}

type policyVersionOutput struct{ PolicyVersion wireVersion }

func (s *Service) createPolicyVersion(_ context.Context, c *awsapi.Call, in *createPolicyVersionInput) (*policyVersionOutput, error) {
	check := &constraints{}
	if err := check.given("policyDocument", in.PolicyDocument).err(); err != nil {
		return nil, err
	}
	if err := s.checkManaged(in.PolicyDocument); err != nil {
		return nil, err
	}
	var out policyVersionOutput
	err := s.changePolicy(c, in.PolicyArn, func(m *managed) error {
		if len(m.Versions) >= maxVersions {
			return errLimit.With("A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", maxVersions)
		}
		v := version{versionID(m.Next), in.PolicyDocument, s.today()}
		m.Next++
		m.Updated = v.Created
		m.Versions = append(slices.Clone(m.Versions), v)
		if in.SetAsDefault {
			m.Default = v.ID
		}
		out.PolicyVersion = m.wireVersion(&v)
		return nil
	})
	return &out, err
}

type policyVersionInput struct {
	byARN
	VersionId string
}

func (s *Service) getPolicyVersion(_ context.Context, c *awsapi.Call, in *policyVersionInput) (*policyVersionOutput, error) {
	var out policyVersionOutput
	err := s.readPolicy(c, in.PolicyArn, func(_ *account, m *managed) error {
		v := m.version(in.VersionId)
		if v == nil {
			return noVersion(in.PolicyArn, in.VersionId)
		}
		out.PolicyVersion = m.wireVersion(v)
		out.PolicyVersion.Document = escaped(v.Text)
		return nil
	})
	return &out, err
}

type listPolicyVersionsInput struct {
	byARN
	paging
}

type listPolicyVersionsOutput struct {
	Versions []wireVersion
	page
}

// listPolicyVersions answers the newest first. There are never more than five, so
// that no page ends early but by MaxItems.
func (s *Service) listPolicyVersions(_ context.Context, c *awsapi.Call, in *listPolicyVersionsInput) (*listPolicyVersionsOutput, error) {
	var all []wireVersion
	err := s.readPolicy(c, in.PolicyArn, func(_ *account, m *managed) error {
		for i := range m.Versions {
			all = append(all, m.wireVersion(&m.Versions[i]))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Reverse(all)
	place := func(w wireVersion) string {
		i := slices.IndexFunc(all, func(o wireVersion) bool { return o.VersionId == w.VersionId })
		return string(rune('a' + i))
	}
	list, p, err := cut(all, in.paging, place)
	return &listPolicyVersionsOutput{list, p}, err
}

func (s *Service) deletePolicyVersion(_ context.Context, c *awsapi.Call, in *policyVersionInput) (*awsapi.None, error) {
	return &awsapi.None{}, s.changePolicy(c, in.PolicyArn, func(m *managed) error {
		switch {
		case m.version(in.VersionId) == nil:
			return noVersion(in.PolicyArn, in.VersionId)
		case in.VersionId == m.Default:
			return errDeleteConflict.With("Cannot delete the default version of a policy.")
		}
		m.Versions = slices.DeleteFunc(slices.Clone(m.Versions), func(v version) bool { return v.ID == in.VersionId })
		m.Updated = s.today()
		return nil
	})
}

func (s *Service) setDefaultPolicyVersion(_ context.Context, c *awsapi.Call, in *policyVersionInput) (*awsapi.None, error) {
	return &awsapi.None{}, s.changePolicy(c, in.PolicyArn, func(m *managed) error {
		if m.version(in.VersionId) == nil {
			return noVersion(in.PolicyArn, in.VersionId)
		}
		m.Default, m.Updated = in.VersionId, s.today()
		return nil
	})
}
