package mapping

import (
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// Permissions on a mapping can be restricted to a function by the condition key
// lambda:FunctionArn.

// accessCreate returns what CreateEventSourceMapping needs. The action has no resource on
// AWS, so that a policy must allow it on "*"; a Deny on all mappings applies as well. Tags
// need lambda:TagResource (IAM A3).
func accessCreate(c *awsapi.Call, in *CreateEventSourceMappingInput) []awsapi.Access {
	keys := map[string][]string{}
	if in.FunctionName != nil {
		keys["lambda:FunctionArn"] = []string{namedFunction(c, *in.FunctionName)}
	}

	all := mappingARN(c.Scope(), "*")

	// A Deny on mappings applies to the first, an Allow on "*" to the second.
	need := []awsapi.Access{
		{Action: "lambda:CreateEventSourceMapping", Resource: all},
		{Action: "lambda:CreateEventSourceMapping", Resource: "*"},
	}

	for i := range need {
		need[i].RequestTags = in.Tags
		need[i].Keys = keys
	}

	if len(in.Tags) > 0 {
		need = append(need, awsapi.Access{
			Action:      "lambda:TagResource",
			Resource:    all,
			RequestTags: in.Tags,
		})
	}

	return need
}

func accessList(*awsapi.Call, *ListEventSourceMappingsInput) []awsapi.Access {
	return []awsapi.Access{{Action: "lambda:ListEventSourceMappings", Resource: "*"}}
}

func (s *Service) accessGet(c *awsapi.Call, in *GetEventSourceMappingInput) []awsapi.Access {
	return s.access(c, "lambda:GetEventSourceMapping", in.UUID, nil)
}

func (s *Service) accessUpdate(c *awsapi.Call, in *UpdateEventSourceMappingInput) []awsapi.Access {
	return s.access(c, "lambda:UpdateEventSourceMapping", in.UUID, in.FunctionName)
}

func (s *Service) accessDelete(c *awsapi.Call, in *DeleteEventSourceMappingInput) []awsapi.Access {
	return s.access(c, "lambda:DeleteEventSourceMapping", in.UUID, nil)
}

// access returns the permission for an action on a mapping. To give the mapping another
// function needs the permission for both functions: a caller that may use only one of
// them must not take the mapping from the other.
func (s *Service) access(c *awsapi.Call, action, uuid string, function *string) []awsapi.Access {
	s.mu.Lock()
	defer s.mu.Unlock()
	need := awsapi.Access{Action: action, Resource: mappingARN(c.Scope(), uuid)}
	var functions []string

	// For a mapping that does not exist the operation returns the error.
	if m, err := s.findMapping(c.Scope(), uuid); err == nil {
		need.ResourceTags = m.Tags
		functions = append(functions, m.FunctionARN)
	}

	if function != nil {
		functions = append(functions, namedFunction(c, *function))
	}

	if len(functions) == 0 {
		return []awsapi.Access{need}
	}

	all := make([]awsapi.Access, len(functions))
	for i, arn := range functions {
		all[i] = need
		all[i].Keys = map[string][]string{"lambda:FunctionArn": {arn}}
	}

	return all
}

// namedFunction returns the full ARN for a name, a partial or a full ARN, so that policies
// apply to every spelling.
func namedFunction(c *awsapi.Call, name string) string {
	if _, full := awsapi.ParseARN(name); full {
		return name
	}

	account := c.Account
	region := c.Region

	// A partial ARN: ACCOUNT:function:NAME or REGION:ACCOUNT:function:NAME.
	if head, tail, partial := strings.Cut(name, ":function:"); partial {
		account = head
		name = tail
		if r, a, both := strings.Cut(head, ":"); both {
			region = r
			account = a
		}
	}

	return "arn:aws:lambda:" + region + ":" + account + ":function:" + strings.TrimPrefix(name, "function:")
}
