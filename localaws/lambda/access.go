package lambda

import (
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// access makes the permission check of an action on a function.
func (s *Service) access(action string) func(c *awsapi.Call, name, qualifier string) []awsapi.Access {
	return func(c *awsapi.Call, name, qualifier string) []awsapi.Access {
		ref := splitReference(c, name)
		if ref.qualifier == "" {
			ref.qualifier = qualifier
		}

		policy, tags := s.resourcePolicyAndTags(ref)
		return []awsapi.Access{{
			Action:         "lambda:" + action,
			Resource:       ref.arn(),
			ResourcePolicy: policy,
			ResourceTags:   tags,
		}}
	}
}

func (s *Service) qualifiedAccess(action string) func(*awsapi.Call, *QualifiedInput) []awsapi.Access {
	return func(c *awsapi.Call, in *QualifiedInput) []awsapi.Access {
		return s.access(action)(c, in.FunctionName, in.Qualifier)
	}
}

func (s *Service) unqualifiedAccess(action string) func(*awsapi.Call, *FunctionInput) []awsapi.Access {
	return func(c *awsapi.Call, in *FunctionInput) []awsapi.Access {
		return s.access(action)(c, in.FunctionName, "")
	}
}

func (s *Service) aliasAccess(action string) func(*awsapi.Call, *AliasInput) []awsapi.Access {
	return func(c *awsapi.Call, in *AliasInput) []awsapi.Access {
		return s.access(action)(c, in.FunctionName, "")
	}
}

// accountAccess is the permission of an action without a resource.
func accountAccess(action string) []awsapi.Access {
	return []awsapi.Access{{Action: "lambda:" + action, Resource: "*"}}
}

// accessCreate returns what CreateFunction needs: the action itself, that of
// tagging where there are tags (IAM A3), and the permission to pass the role.
func (s *Service) accessCreate(c *awsapi.Call, in *CreateFunctionInput) []awsapi.Access {
	need := s.access("CreateFunction")(c, in.FunctionName, "")
	if len(in.Tags) > 0 {
		need = append(need, s.access("TagResource")(c, in.FunctionName, "")...)
	}
	for i := range need {
		need[i].RequestTags = in.Tags
	}
	return append(need, passRole(in.Role, splitReference(c, in.FunctionName).functionKey)...)
}

// passRole is the permission to give a role to a function (LAM D23).
func passRole(role *string, to functionKey) []awsapi.Access {
	if deref(role) == "" {
		return nil
	}
	return []awsapi.Access{{
		Action:   "iam:PassRole",
		Resource: *role,
		Keys: map[string][]string{
			"iam:PassedToService":       {"lambda.amazonaws.com"},
			"iam:AssociatedResourceArn": {to.arn()},
		},
	}}
}

// tagAccess makes the permission check of an action on the tags of a function or an
// event source mapping.
func (s *Service) tagAccess(action string) func(*awsapi.Call, *TagsInput) []awsapi.Access {
	return func(c *awsapi.Call, in *TagsInput) []awsapi.Access {
		var need awsapi.Access
		if isMappingARN(in.Resource) && s.mappingTags != nil {
			need.Resource = in.Resource
			need.ResourceTags, _ = s.mappingTags.Tags(in.Resource) // one that is missing has none
		} else {
			ref := splitReference(c, in.Resource)
			need.Resource = ref.arn()
			need.ResourcePolicy, need.ResourceTags = s.resourcePolicyAndTags(ref)
		}

		need.Action = "lambda:" + action
		switch action {
		case "TagResource":
			need.RequestTags = in.Tags
		case "UntagResource":
			need.TagKeys = in.TagKeys
		}

		return []awsapi.Access{need}
	}
}

// removedPrincipal returns the principal of the statement that RemovePermission is to
// remove, or nothing.
func (s *Service) removedPrincipal(c *awsapi.Call, in *RemovePermissionInput) string {
	ref := splitReference(c, in.FunctionName)
	if ref.qualifier == "" {
		ref.qualifier = in.Qualifier
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.functions[ref.functionKey]
	if f == nil || f.policies[ref.qualifier] == nil {
		return ""
	}

	for _, st := range f.policies[ref.qualifier].Statements {
		if st.Sid == in.StatementID {
			name := st.name()
			if arn, ok := s.opts.Principals.ShowPrincipal(name); ok {
				return arn
			}
			return name
		}
	}

	return ""
}

// resourcePolicyAndTags returns the policy and the tags of a function, a version or an alias. The
// tags are the function's.
func (s *Service) resourcePolicyAndTags(ref reference) (policy string, tags map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.functions[ref.functionKey]
	if f == nil {
		return "", nil
	}
	return f.policies[strings.TrimPrefix(ref.qualifier, latest)].document(), f.tags
}
