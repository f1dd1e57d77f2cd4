package iam

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/store"
)

// DeletePolicyInput is the input of DeletePolicy.
type DeletePolicyInput struct {
	// PolicyARN is the policy's ARN.
	PolicyARN string `json:"PolicyArn"`
}

// DeletePolicy deletes a managed policy that no role uses and that has no version
// but the default one.
func (s *Service) DeletePolicy(_ context.Context, c *awsapi.Call, in *DeletePolicyInput) error {
	if err := checkPolicyARN(in.PolicyARN); err != nil {
		return err
	}

	return s.change(func(b *store.Batch) error {
		a := s.accounts[c.Account]
		m := s.managedPolicy(a, in.PolicyARN)
		attached, bounded := a.users(in.PolicyARN)
		switch {
		case m == nil:
			return noPolicy(in.PolicyARN)
		case awsManaged()[in.PolicyARN] != nil:
			return ownedByAWS(c, in.PolicyARN)
		case len(attached)+len(bounded) > 0:
			return errDeleteConflict.With("Cannot delete a policy attached to entities.")
		case len(m.Versions) > 1:
			return errDeleteConflict.With("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. " +
				"The default version is deleted with the policy.")
		}

		// The default version is deleted with its policy.
		delete(a.policies, m.ARN)
		b.Delete(policyTable, c.Account+"/"+m.ARN)
		return nil
	})
}
