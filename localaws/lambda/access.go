package lambda

import (
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// access makes the permission check of an action on a function.
func (s *Service) access(action string) func(c *awsapi.Call, name, qualifier string) []awsapi.Access {
	return func(c *awsapi.Call, name, qualifier string) []awsapi.Access {
		ref := split(c, name)
		if ref.qualifier == "" {
			ref.qualifier = qualifier
		}
		policy, tags := s.guard(ref)
		return []awsapi.Access{{Action: "lambda:" + action, Resource: ref.arn(), ResourcePolicy: policy, ResourceTags: tags}}
	}
}

func (s *Service) qualified(action string) func(*awsapi.Call, *qualifiedInput) []awsapi.Access {
	return func(c *awsapi.Call, in *qualifiedInput) []awsapi.Access {
		return s.access(action)(c, in.FunctionName, in.Qualifier)
	}
}

func (s *Service) plain(action string) func(*awsapi.Call, *functionInput) []awsapi.Access {
	return func(c *awsapi.Call, in *functionInput) []awsapi.Access {
		return s.access(action)(c, in.FunctionName, "")
	}
}

func (s *Service) named(action string) func(*awsapi.Call, *namedAliasInput) []awsapi.Access {
	return func(c *awsapi.Call, in *namedAliasInput) []awsapi.Access {
		return s.access(action)(c, in.FunctionName, "")
	}
}

// unscoped is the permission of an action without a resource.
func unscoped(action string) []awsapi.Access {
	return []awsapi.Access{{Action: "lambda:" + action, Resource: "*"}}
}

// accessCreate returns what CreateFunction needs: the action itself, that of
// tagging where there are tags (IAM A3), and the permission to pass the role.
func (s *Service) accessCreate(c *awsapi.Call, in *createFunctionInput) []awsapi.Access {
	need := s.access("CreateFunction")(c, in.FunctionName, "")
	if len(in.Tags) > 0 {
		need = append(need, s.access("TagResource")(c, in.FunctionName, "")...)
	}
	for i := range need {
		need[i].RequestTags = in.Tags
	}
	return append(need, passRole(in.Role, split(c, in.FunctionName).key)...)
}

// passRole is the permission to give a role to a function (LAM D23).
func passRole(role *string, to key) []awsapi.Access {
	if text(role) == "" {
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

// tagged makes the permission check of an action on the tags of a function or an
// event source mapping.
func (s *Service) tagged(action string) func(*awsapi.Call, *tagsInput) []awsapi.Access {
	return func(c *awsapi.Call, in *tagsInput) []awsapi.Access {
		var need awsapi.Access
		if isMapping(in.Resource) && s.tags != nil {
			need.Resource = in.Resource
			need.ResourceTags, _ = s.tags.Tags(in.Resource) // one that is missing has none
		} else {
			ref := split(c, in.Resource)
			need.Resource = ref.arn()
			need.ResourcePolicy, need.ResourceTags = s.guard(ref)
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

// permitted returns the principal of the statement that RemovePermission is to
// remove, or nothing.
func (s *Service) permitted(c *awsapi.Call, in *removePermissionInput) string {
	ref := split(c, in.FunctionName)
	if ref.qualifier == "" {
		ref.qualifier = in.Qualifier
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.functions[ref.key]
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

// guard returns the policy and the tags of a function, a version or an alias. The
// tags are the function's.
func (s *Service) guard(ref reference) (policy string, tags map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.functions[ref.key]
	if f == nil {
		return "", nil
	}
	return f.policies[strings.TrimPrefix(ref.qualifier, latest)].document(), f.tags
}
