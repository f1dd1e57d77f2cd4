package iam

import (
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// access is what a permission is asked for.
type access struct {
	resource string
	boundary string // of the role, as it is now
}

// Inputs say which role, policy or user they are about, and what they bring along
// that condition keys look at.
type (
	aboutRole      interface{ roleName() string }
	aboutPolicy    interface{ policyARN(account string) string }
	aboutUser      interface{ userName() string }
	namesPolicy    interface{ attachedPolicy() string }
	setsBoundary   interface{ requestedBoundary() string }
	setsTags       interface{ requestTags() map[string]string }
	removesTags    interface{ removedTags() []string }
	tagsOnCreation interface{ tagAction() string }
)

// boundaryOperations are those for which AWS has the condition key
// iam:PermissionsBoundary (IAM A7).
var boundaryOperations = []string{
	"AttachRolePolicy", "CreateRole", "DeleteRole", "DeleteRolePermissionsBoundary", "DeleteRolePolicy", "DetachRolePolicy", "GetRole",
	"PutRolePermissionsBoundary", "PutRolePolicy", "UpdateAssumeRolePolicy", "UpdateRole", "UpdateRoleDescription",
}

// permissions returns what an operation needs: its own action, and that of tagging
// where it creates something with tags (IAM A3).
func permissions(operation string, on access, in any) []awsapi.Access {
	a := awsapi.Access{Action: "iam:" + operation, Resource: on.resource}
	if t, ok := in.(setsTags); ok {
		a.RequestTags = t.requestTags()
	}
	if t, ok := in.(removesTags); ok {
		a.TagKeys = t.removedTags()
	}

	all := []awsapi.Access{a}
	if t, ok := in.(tagsOnCreation); ok && len(a.RequestTags) > 0 {
		all = append(all, awsapi.Access{Action: t.tagAction(), Resource: on.resource, RequestTags: a.RequestTags})
	}

	keys := map[string][]string{}
	if p, ok := in.(namesPolicy); ok {
		keys["iam:PolicyARN"] = []string{p.attachedPolicy()}
	}
	if boundary := boundaryOf(operation, on, in); boundary != "" {
		keys["iam:PermissionsBoundary"] = []string{boundary}
	}
	all[0].Keys = keys
	return all
}

// boundaryOf returns the boundary that iam:PermissionsBoundary stands for: the one
// that is asked for, else the one that the role has.
func boundaryOf(operation string, on access, in any) string {
	if !slices.Contains(boundaryOperations, operation) {
		return ""
	}
	if b, ok := in.(setsBoundary); ok {
		return b.requestedBoundary()
	}
	return on.boundary
}

// onRole is the role's own ARN, path included, where it is there already.
func (s *Service) onRole(c *awsapi.Call, in any) access {
	name, path := in.(aboutRole).roleName(), "/"
	if p, ok := in.(interface{ rolePath() string }); ok {
		path = orDefault(p.rolePath(), "/")
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if r, err := s.accounts[c.Account].find(name); err == nil {
		return access{resource: r.ARN, boundary: r.Boundary}
	}
	return access{resource: "arn:aws:iam::" + c.Account + ":role" + path + name}
}

func onPolicy(c *awsapi.Call, in any) access {
	return access{resource: in.(aboutPolicy).policyARN(c.Account)}
}

func onUser(c *awsapi.Call, in any) access {
	if name := in.(aboutUser).userName(); name != "" {
		return access{resource: "arn:aws:iam::" + c.Account + ":user/" + name}
	}
	return access{resource: c.Caller.ARN}
}

func onRoles(c *awsapi.Call, _ any) access {
	return access{resource: "arn:aws:iam::" + c.Account + ":role/"}
}

func onPolicies(*awsapi.Call, any) access { return access{resource: "*"} }
