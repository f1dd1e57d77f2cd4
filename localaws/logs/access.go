package logs

import (
	"maps"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// accessToGroup returns the permission for an operation on a group. Its resource
// has a stream part even where no stream is meant, which is why policies name
// log-group:NAME:*.
func (s *Service) accessToGroup(c *awsapi.Call, operation, group string) []awsapi.Access {
	return s.accessToStream(c, operation, group, "")
}

// accessToStream returns the permission for an operation on a stream, which has the
// tags of its group.
func (s *Service) accessToStream(c *awsapi.Call, operation, group, stream string) []awsapi.Access {
	at := scopeOf(c)
	return []awsapi.Access{{
		Action:       "logs:" + operation,
		Resource:     streamARN(at, group, stream),
		ResourceTags: s.GroupTags(at.account, at.region, group),
	}}
}

// accessToARN returns the permission for an operation on the tags of the resource
// with an ARN. added are the tags that it sets, removed the keys of those that it
// removes.
func (s *Service) accessToARN(operation, arn string, added map[string]string, removed []string) []awsapi.Access {
	a := awsapi.Access{
		Action:      "logs:" + operation,
		Resource:    arn,
		RequestTags: added,
		TagKeys:     removed,
	}
	if parsed, ok := awsapi.ParseARN(arn); ok {
		a.ResourceTags = s.GroupTags(parsed.Account, parsed.Region, groupNameOf(arn))
	}
	return []awsapi.Access{a}
}

// accessToCreateGroup returns the permissions for CreateLogGroup. With tags it also
// needs logs:TagResource, or logs:TagLogGroup instead (IAM A3).
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

// GroupTags returns a copy of a group's tags, or nil if the group does not exist.
func (s *Service) GroupTags(account, region, group string) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.groups[scope{account, region}][group]; g != nil {
		return maps.Clone(g.tags)
	}
	return nil
}

// StreamARN returns the ARN for permissions on a stream. The permission on a group
// has an empty stream.
func StreamARN(account, region, group, stream string) string {
	return streamARN(scope{account, region}, group, stream)
}

func streamARN(at scope, group, stream string) string {
	return groupARN(at, group) + ":log-stream:" + stream
}
