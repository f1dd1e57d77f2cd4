package iam

import (
	"github.com/reliableq/reliableq/localaws/awsapi"
)

// access is what a permission is asked for.
type access struct {
	resource string
	keys     map[string][]string
}

// Inputs say which role, policy or user they are about.
type (
	aboutRole   interface{ roleName() string }
	aboutPolicy interface{ policyARN(account string) string }
	aboutUser   interface{ userName() string }
	withKeys    interface{ conditionKeys() map[string][]string }
)

// onRole is the role's own ARN, path included, where it is there already.
func (s *Service) onRole(c *awsapi.Call, in any) access {
	name, path := in.(aboutRole).roleName(), "/"
	if p, ok := in.(interface{ rolePath() string }); ok {
		path = orDefault(p.rolePath(), "/")
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if r, err := s.accounts[c.Account].find(name); err == nil {
		return access{r.ARN, keysOf(in)}
	}
	return access{"arn:aws:iam::" + c.Account + ":role" + path + name, keysOf(in)}
}

func onPolicy(c *awsapi.Call, in any) access {
	return access{in.(aboutPolicy).policyARN(c.Account), keysOf(in)}
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

func keysOf(in any) map[string][]string {
	if k, ok := in.(withKeys); ok {
		return k.conditionKeys()
	}
	return nil
}
