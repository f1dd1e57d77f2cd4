package logs

import (
	"maps"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// accessToGroup is the permission for an operation on a group. Logs asks for the ARN
// of a group with a stream part behind it even where no stream is meant, which
// is why policies name log-group:NAME:*.
func (s *Service) accessToGroup(c *awsapi.Call, operation, group string) []awsapi.Access {
	return s.accessToStream(c, operation, group, "")
}

// accessToStream is the permission for an operation on a stream. A stream has the tags of
// its group.
func (s *Service) accessToStream(c *awsapi.Call, operation, group, stream string) []awsapi.Access {
	at := scopeOf(c)
	return []awsapi.Access{{
		Action:       "logs:" + operation,
		Resource:     streamARN(at, group, stream),
		ResourceTags: s.GroupTags(at.account, at.region, group),
	}}
}

// accessToARN is the permission for an operation on the tags of a resource that is named
// by ARN.
func (s *Service) accessToARN(operation, arn string, tags map[string]string, removed []string) []awsapi.Access {
	a := awsapi.Access{
		Action:      "logs:" + operation,
		Resource:    arn,
		RequestTags: tags,
		TagKeys:     removed,
	}
	if parsed, ok := awsapi.ParseARN(arn); ok {
		a.ResourceTags = s.GroupTags(parsed.Account, parsed.Region, groupNameOf(arn))
	}
	return []awsapi.Access{a}
}

// accessToCreateGroup returns what CreateLogGroup needs. With tags that is
// logs:TagResource, or logs:TagLogGroup in its place (IAM A3).
func (s *Service) accessToCreateGroup(c *awsapi.Call, in *CreateLogGroupInput) []awsapi.Access {
	need := s.accessToGroup(c, "CreateLogGroup", in.LogGroupName)
	if len(in.Tags) > 0 {
		need = append(need, s.accessToGroup(c, "TagResource", in.LogGroupName)...)
		need[1].Alternative = "logs:TagLogGroup"
		need[1].Refusal = errTaggingDenied.With("User with accountId: %s is not authorized to perform CreateLogGroup with Tags.\n"+
			"An additional permission \"logs:TagResource\" is required.", c.Caller.Account)
	}
	for i := range need {
		need[i].RequestTags = in.Tags
	}
	return need
}

// GroupTags returns a copy of a group's tags, nil where there is no such group.
func (s *Service) GroupTags(account, region, group string) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.groups[scope{account, region}][group]; g != nil {
		return maps.Clone(g.tags)
	}
	return nil
}

// StreamARN returns the ARN by which a permission on a stream is asked for. A
// permission on a group is asked for with an empty stream.
func StreamARN(account, region, group, stream string) string {
	return streamARN(scope{account, region}, group, stream)
}

func streamARN(at scope, group, stream string) string {
	return groupARN(at, group) + ":log-stream:" + stream
}
