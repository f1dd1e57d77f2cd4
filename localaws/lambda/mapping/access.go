package mapping

import "github.com/reliableq/reliableq/localaws/awsapi"

// The permissions that the operations need. Those on a mapping may be narrowed
// to a function by the condition key lambda:FunctionArn.

func accessCreate(c *awsapi.Call, in *CreateEventSourceMappingInput) []awsapi.Access {
	return []awsapi.Access{{
		Action:   "lambda:CreateEventSourceMapping",
		Resource: mappingARN(c.Account, c.Region, "*"),
		Keys:     functionKey(c, in.FunctionName, ""),
	}}
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

func (s *Service) access(c *awsapi.Call, action, uuid string, name *string) []awsapi.Access {
	s.mu.Lock()
	defer s.mu.Unlock()
	var have string
	if m, err := s.find(c, uuid); err == nil {
		have = m.FunctionARN
	}
	return []awsapi.Access{{Action: action, Resource: mappingARN(c.Account, c.Region, uuid), Keys: functionKey(c, name, have)}}
}

// functionKey gives the condition key lambda:FunctionArn: of the function that
// is asked for, else of the one that the mapping has.
func functionKey(c *awsapi.Call, name *string, have string) map[string][]string {
	arn := have
	if name != nil {
		arn = *name
		if _, full := awsapi.ParseARN(arn); !full {
			arn = "arn:aws:lambda:" + c.Region + ":" + c.Account + ":function:" + arn
		}
	}
	if arn == "" {
		return nil
	}
	return map[string][]string{"lambda:FunctionArn": {arn}}
}
