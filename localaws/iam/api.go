package iam

import (
	"context"
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// API returns the service's table of operations: Query, version 2010-05-08. An
// operation that is not in it is refused by name.
func (s *Service) API() *awsapi.Service {
	return &awsapi.Service{
		Name:         "iam",
		QueryVersion: "2010-05-08",
		Namespace:    "https://iam.amazonaws.com/doc/2010-05-08/",
		Operations:   awsapi.Table(slices.Concat(s.roleOperations(), s.rolePolicyOperations(), s.policyOperations(), s.userOperations())...),
	}
}

func (s *Service) roleOperations() []awsapi.Operation {
	return []awsapi.Operation{
		awsapi.Op("CreateRole", s.CreateRole, s.accessCreateRole),
		roleOp(s, "GetRole", s.GetRole, func(in *GetRoleInput) string { return in.RoleName }),
		awsapi.Op("ListRoles", s.ListRoles, func(c *awsapi.Call, _ *ListRolesInput) []awsapi.Access {
			return []awsapi.Access{{Action: "iam:ListRoles", Resource: roleARN(c.Account, "/", "")}}
		}),
		roleOp(s, "UpdateRole", s.UpdateRole, func(in *UpdateRoleInput) string { return in.RoleName }),
		roleOp(s, "UpdateRoleDescription", s.UpdateRoleDescription, func(in *UpdateRoleDescriptionInput) string { return in.RoleName }),
		roleOpNoOutput(s, "UpdateAssumeRolePolicy", s.UpdateAssumeRolePolicy, func(in *UpdateAssumeRolePolicyInput) string { return in.RoleName }),
		roleOpNoOutput(s, "DeleteRole", s.DeleteRole, func(in *DeleteRoleInput) string { return in.RoleName }),
		roleOp(s, "ListInstanceProfilesForRole", s.ListInstanceProfilesForRole, func(in *ListInstanceProfilesForRoleInput) string { return in.RoleName }),

		awsapi.OpNoOutput("PutRolePermissionsBoundary", s.PutRolePermissionsBoundary, s.accessPutBoundary),
		roleOpNoOutput(s, "DeleteRolePermissionsBoundary", s.DeleteRolePermissionsBoundary, func(in *DeleteRolePermissionsBoundaryInput) string { return in.RoleName }),

		awsapi.OpNoOutput("TagRole", s.TagRole, s.accessTagRole),
		awsapi.OpNoOutput("UntagRole", s.UntagRole, s.accessUntagRole),
		roleOp(s, "ListRoleTags", s.ListRoleTags, func(in *ListRoleTagsInput) string { return in.RoleName }),
	}
}

// rolePolicyOperations are about the inline and attached policies of a role.
func (s *Service) rolePolicyOperations() []awsapi.Operation {
	return []awsapi.Operation{
		roleOpNoOutput(s, "PutRolePolicy", s.PutRolePolicy, func(in *PutRolePolicyInput) string { return in.RoleName }),
		roleOp(s, "GetRolePolicy", s.GetRolePolicy, func(in *RolePolicyInput) string { return in.RoleName }),
		roleOpNoOutput(s, "DeleteRolePolicy", s.DeleteRolePolicy, func(in *RolePolicyInput) string { return in.RoleName }),
		roleOp(s, "ListRolePolicies", s.ListRolePolicies, func(in *ListRolePoliciesInput) string { return in.RoleName }),

		awsapi.OpNoOutput("AttachRolePolicy", s.AttachRolePolicy, s.accessAttachment("AttachRolePolicy")),
		awsapi.OpNoOutput("DetachRolePolicy", s.DetachRolePolicy, s.accessAttachment("DetachRolePolicy")),
		roleOp(s, "ListAttachedRolePolicies", s.ListAttachedRolePolicies, func(in *ListAttachedRolePoliciesInput) string { return in.RoleName }),
	}
}

// policyOperations are about managed policies.
func (s *Service) policyOperations() []awsapi.Operation {
	return []awsapi.Operation{
		awsapi.Op("CreatePolicy", s.CreatePolicy, accessCreatePolicy),
		policyOp("GetPolicy", s.GetPolicy, func(in *GetPolicyInput) string { return in.PolicyARN }),
		awsapi.Op("ListPolicies", s.ListPolicies, func(*awsapi.Call, *ListPoliciesInput) []awsapi.Access {
			return []awsapi.Access{{Action: "iam:ListPolicies", Resource: "*"}}
		}),
		policyOpNoOutput("DeletePolicy", s.DeletePolicy, func(in *DeletePolicyInput) string { return in.PolicyARN }),
		policyOp("ListEntitiesForPolicy", s.ListEntitiesForPolicy, func(in *ListEntitiesForPolicyInput) string { return in.PolicyARN }),

		policyOp("CreatePolicyVersion", s.CreatePolicyVersion, func(in *CreatePolicyVersionInput) string { return in.PolicyARN }),
		policyOp("GetPolicyVersion", s.GetPolicyVersion, func(in *PolicyVersionInput) string { return in.PolicyARN }),
		policyOp("ListPolicyVersions", s.ListPolicyVersions, func(in *ListPolicyVersionsInput) string { return in.PolicyARN }),
		policyOpNoOutput("DeletePolicyVersion", s.DeletePolicyVersion, func(in *PolicyVersionInput) string { return in.PolicyARN }),
		policyOpNoOutput("SetDefaultPolicyVersion", s.SetDefaultPolicyVersion, func(in *PolicyVersionInput) string { return in.PolicyARN }),

		awsapi.OpNoOutput("TagPolicy", s.TagPolicy, accessTagPolicy),
		awsapi.OpNoOutput("UntagPolicy", s.UntagPolicy, accessUntagPolicy),
		policyOp("ListPolicyTags", s.ListPolicyTags, func(in *ListPolicyTagsInput) string { return in.PolicyARN }),
	}
}

func (s *Service) userOperations() []awsapi.Operation {
	return []awsapi.Operation{awsapi.Op("GetUser", s.GetUser, accessGetUser)}
}

// roleOp is an operation that needs its own action on the role that the input
// names.
func roleOp[In, Out any](
	s *Service, name string, do func(context.Context, *awsapi.Call, *In) (*Out, error), roleName func(*In) string,
) awsapi.Operation {
	return awsapi.Op(name, do, func(c *awsapi.Call, in *In) []awsapi.Access {
		return []awsapi.Access{s.onRole(c, name, roleName(in))}
	})
}

func roleOpNoOutput[In any](
	s *Service, name string, do func(context.Context, *awsapi.Call, *In) error, roleName func(*In) string,
) awsapi.Operation {
	return awsapi.OpNoOutput(name, do, func(c *awsapi.Call, in *In) []awsapi.Access {
		return []awsapi.Access{s.onRole(c, name, roleName(in))}
	})
}

// policyOp is an operation that needs its own action on the policy that the input
// names.
func policyOp[In, Out any](name string, do func(context.Context, *awsapi.Call, *In) (*Out, error), policyARN func(*In) string) awsapi.Operation {
	return awsapi.Op(name, do, func(_ *awsapi.Call, in *In) []awsapi.Access {
		return []awsapi.Access{{Action: "iam:" + name, Resource: policyARN(in)}}
	})
}

func policyOpNoOutput[In any](name string, do func(context.Context, *awsapi.Call, *In) error, policyARN func(*In) string) awsapi.Operation {
	return awsapi.OpNoOutput(name, do, func(_ *awsapi.Call, in *In) []awsapi.Access {
		return []awsapi.Access{{Action: "iam:" + name, Resource: policyARN(in)}}
	})
}
