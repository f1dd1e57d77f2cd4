package lambda

import (
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// target is the function, version or alias that an input names.
type target struct {
	name      string // name, partial ARN or full ARN, qualified or not
	qualifier string // of a separate member, or empty
}

// The targets of inputs that several operations share.
func functionTarget(in *FunctionInput) target   { return target{name: in.FunctionName} }
func qualifiedTarget(in *QualifiedInput) target { return target{in.FunctionName, in.Qualifier} }
func aliasTarget(in *AliasInput) target         { return target{name: in.FunctionName} }
func invokeConfigTarget(in *FunctionEventInvokeConfigInput) target {
	return target{in.FunctionName, in.Qualifier}
}

// accessTo returns the Access of an operation that needs one permission: the action on
// the function, version or alias that its input names.
func accessTo[In any](s *Service, action string, of func(*In) target) func(*awsapi.Call, *In) []awsapi.Access {
	return func(c *awsapi.Call, in *In) []awsapi.Access {
		return []awsapi.Access{s.access(c, action, of(in))}
	}
}

// access returns the permission for an action on a function, version or alias.
func (s *Service) access(c *awsapi.Call, action string, on target) awsapi.Access {
	ref := splitReference(c, on.name)
	if ref.qualifier == "" {
		ref.qualifier = on.qualifier
	}
	policy, tags := s.resourcePolicyAndTags(ref)
	return awsapi.Access{
		Action:         "lambda:" + action,
		Resource:       ref.arn(),
		ResourcePolicy: policy,
		ResourceTags:   tags,
	}
}

// resourcePolicyAndTags returns the resource policy of a function, version or alias, and
// the tags of the function.
func (s *Service) resourcePolicyAndTags(ref reference) (policy string, tags map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.functions[ref.functionKey]
	if f == nil {
		return "", nil
	}
	return f.policies[strings.TrimPrefix(ref.qualifier, latest)].document(), f.tags
}

// accessCreateFunction returns what CreateFunction needs: the action itself, the
// permission to tag if there are tags (IAM A3), and the permission to pass the role.
func (s *Service) accessCreateFunction(c *awsapi.Call, in *CreateFunctionInput) []awsapi.Access {
	create := s.access(c, "CreateFunction", target{name: in.FunctionName})
	need := awsapi.WithRequestTags(create, "lambda:TagResource", in.Tags)
	return append(need, accessPassRole(in.Role, splitReference(c, in.FunctionName).functionKey)...)
}

func (s *Service) accessUpdateFunctionConfiguration(c *awsapi.Call, in *UpdateFunctionConfigurationInput) []awsapi.Access {
	need := []awsapi.Access{s.access(c, "UpdateFunctionConfiguration", target{name: in.FunctionName})}
	return append(need, accessPassRole(in.Role, splitReference(c, in.FunctionName).functionKey)...)
}

// accessPassRole returns the permission to give a role to a function (LAM D23), or none
// if the request names no role.
func accessPassRole(role *string, to functionKey) []awsapi.Access {
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

// accessAddPermission lets policies restrict to whom permissions are given.
func (s *Service) accessAddPermission(c *awsapi.Call, in *AddPermissionInput) []awsapi.Access {
	need := s.access(c, "AddPermission", target{in.FunctionName, in.Qualifier})
	need.Keys = map[string][]string{"lambda:Principal": {in.Principal}}
	return []awsapi.Access{need}
}

// accessRemovePermission lets policies restrict from whom permissions are taken.
func (s *Service) accessRemovePermission(c *awsapi.Call, in *RemovePermissionInput) []awsapi.Access {
	need := s.access(c, "RemovePermission", target{in.FunctionName, in.Qualifier})
	if principal := s.statementPrincipal(c, in); principal != "" {
		need.Keys = map[string][]string{"lambda:Principal": {principal}}
	}
	return []awsapi.Access{need}
}

// statementPrincipal returns the principal of the statement that RemovePermission would
// remove, or "" if there is none.
func (s *Service) statementPrincipal(c *awsapi.Call, in *RemovePermissionInput) string {
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
		if st.Sid != in.StatementID {
			continue
		}
		// A role or user is stored by its unique id.
		name := st.principalName()
		if arn, ok := s.opts.Principals.PrincipalARN(name); ok {
			return arn
		}
		return name
	}
	return ""
}

// accessTags returns the Access of an operation on the tags of a function or an event
// source mapping.
func (s *Service) accessTags(action string) func(*awsapi.Call, *TagsInput) []awsapi.Access {
	return func(c *awsapi.Call, in *TagsInput) []awsapi.Access {
		var need awsapi.Access
		if isMappingARN(in.Resource) && s.mappingTags != nil {
			need.Resource = in.Resource
			need.ResourceTags, _ = s.mappingTags.Tags(in.Resource) // a missing mapping has none
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

// These operations have no resource.
func accessListFunctions(*awsapi.Call, *ListFunctionsInput) []awsapi.Access {
	return []awsapi.Access{{Action: "lambda:ListFunctions", Resource: "*"}}
}

func accessGetAccountSettings(*awsapi.Call, *awsapi.None) []awsapi.Access {
	return []awsapi.Access{{Action: "lambda:GetAccountSettings", Resource: "*"}}
}
