package iam

import (
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// boundaryOperations are the operations that AWS gives the condition key
// iam:PermissionsBoundary (IAM A7). For CreateRole and PutRolePermissionsBoundary
// it is the requested boundary, else the one that the role has.
var boundaryOperations = []string{
	"AttachRolePolicy", "CreateRole", "DeleteRole", "DeleteRolePermissionsBoundary", "DeleteRolePolicy", "DetachRolePolicy", "GetRole",
	"PutRolePermissionsBoundary", "PutRolePolicy", "UpdateAssumeRolePolicy", "UpdateRole", "UpdateRoleDescription",
}

// onRole returns the permission for an operation on a role. Its resource is the
// role's ARN with its path, if the role exists.
func (s *Service) onRole(c *awsapi.Call, operation, name string) awsapi.Access {
	arn, boundary := s.lookUpRole(c.Account, name)
	// The path of a role that does not exist is unknown. A caller that is permitted
	// gets NoSuchEntity from the operation.
	if arn == "" {
		arn = roleARN(c.Account, "/", name)
	}

	a := awsapi.Access{Action: "iam:" + operation, Resource: arn}
	if slices.Contains(boundaryOperations, operation) {
		setKey(&a, "iam:PermissionsBoundary", boundary)
	}
	return a
}

// lookUpRole returns ARN and permissions boundary of a role, or empty strings.
func (s *Service) lookUpRole(account, name string) (arn, boundary string) {
	s.mu.RLock()
	defer s.mu.RUnlock()

	r, err := s.accounts[account].role(name)
	if err != nil {
		return "", ""
	}
	return r.ARN, r.Boundary
}

// setKey sets a condition key to a value, unless that is empty.
func setKey(a *awsapi.Access, key, value string) {
	if value == "" {
		return
	}
	if a.Keys == nil {
		a.Keys = map[string][]string{}
	}
	a.Keys[key] = []string{value}
}

func (s *Service) accessCreateRole(c *awsapi.Call, in *CreateRoleInput) []awsapi.Access {
	// If a role of this name exists, in any case and below any path, the permission is
	// checked for that role (IAM A6).
	arn, _ := s.lookUpRole(c.Account, in.RoleName)
	if arn == "" {
		arn = roleARN(c.Account, pathOrRoot(in.Path), in.RoleName)
	}

	required := awsapi.WithRequestTags(awsapi.Access{Action: "iam:CreateRole", Resource: arn}, "iam:TagRole", awsapi.TagMap(in.Tags))
	setKey(&required[0], "iam:PermissionsBoundary", in.PermissionsBoundary)
	return required
}

func (s *Service) accessPutBoundary(c *awsapi.Call, in *PutRolePermissionsBoundaryInput) []awsapi.Access {
	a := s.onRole(c, "PutRolePermissionsBoundary", in.RoleName)
	a.Keys = nil // not the boundary that the role has
	setKey(&a, "iam:PermissionsBoundary", in.PermissionsBoundary)
	return []awsapi.Access{a}
}

func (s *Service) accessAttachment(operation string) func(*awsapi.Call, *AttachmentInput) []awsapi.Access {
	return func(c *awsapi.Call, in *AttachmentInput) []awsapi.Access {
		a := s.onRole(c, operation, in.RoleName)
		setKey(&a, "iam:PolicyARN", in.PolicyARN)
		return []awsapi.Access{a}
	}
}

func (s *Service) accessTagRole(c *awsapi.Call, in *TagRoleInput) []awsapi.Access {
	a := s.onRole(c, "TagRole", in.RoleName)
	a.RequestTags = awsapi.TagMap(in.Tags)
	return []awsapi.Access{a}
}

func (s *Service) accessUntagRole(c *awsapi.Call, in *UntagRoleInput) []awsapi.Access {
	a := s.onRole(c, "UntagRole", in.RoleName)
	a.TagKeys = in.TagKeys
	return []awsapi.Access{a}
}

func accessCreatePolicy(c *awsapi.Call, in *CreatePolicyInput) []awsapi.Access {
	a := awsapi.Access{Action: "iam:CreatePolicy", Resource: in.arn(c.Account)}
	return awsapi.WithRequestTags(a, "iam:TagPolicy", awsapi.TagMap(in.Tags))
}

func accessTagPolicy(_ *awsapi.Call, in *TagPolicyInput) []awsapi.Access {
	return []awsapi.Access{{
		Action:      "iam:TagPolicy",
		Resource:    in.PolicyARN,
		RequestTags: awsapi.TagMap(in.Tags),
	}}
}

func accessUntagPolicy(_ *awsapi.Call, in *UntagPolicyInput) []awsapi.Access {
	return []awsapi.Access{{
		Action:   "iam:UntagPolicy",
		Resource: in.PolicyARN,
		TagKeys:  in.TagKeys,
	}}
}

func accessGetUser(c *awsapi.Call, in *GetUserInput) []awsapi.Access {
	arn := c.Caller.ARN
	if in.UserName != "" {
		arn = userARN(c.Account, in.UserName)
	}
	return []awsapi.Access{{Action: "iam:GetUser", Resource: arn}}
}
