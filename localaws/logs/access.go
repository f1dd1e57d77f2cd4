package logs

import (
	"maps"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// accessToStream returns the permission for an operation on a stream, which has the
// tags of its group. The permission on a group has an empty stream: its resource has
// a stream part even where no stream is meant, which is why policies name
// log-group:NAME:*.
func (s *Service) accessToStream(c *awsapi.Call, operation, group, stream string) awsapi.Access {
	return awsapi.Access{
		Action:       "logs:" + operation,
		Resource:     streamARN(c.Scope(), group, stream),
		ResourceTags: s.GroupTags(c.Account, c.Region, group),
	}
}

// accessToGroup returns the permissions for an operation on a group.
func (s *Service) accessToGroup(c *awsapi.Call, operation, group string) []awsapi.Access {
	return []awsapi.Access{s.accessToStream(c, operation, group, "")}
}

// accessToARN returns the permission for an operation on the tags of the group with
// an ARN.
func (s *Service) accessToARN(operation, arn string) awsapi.Access {
	need := awsapi.Access{Action: "logs:" + operation, Resource: arn}
	if parsed, ok := awsapi.ParseARN(arn); ok {
		need.ResourceTags = s.GroupTags(parsed.Account, parsed.Region, groupNameOf(arn))
	}
	return need
}

// accessCreateLogGroup adds for tags the permission logs:TagResource, or
// logs:TagLogGroup instead (IAM A3).
func (s *Service) accessCreateLogGroup(c *awsapi.Call, in *CreateLogGroupInput) []awsapi.Access {
	group := s.accessToStream(c, "CreateLogGroup", in.LogGroupName, "")
	need := awsapi.WithRequestTags(group, "logs:TagResource", in.Tags)
	if len(need) > 1 {
		need[1].Alternative = "logs:TagLogGroup"
		need[1].Refusal = errTaggingDenied.With("User with accountId: %s is not authorized to perform CreateLogGroup with Tags.\n"+
			"An additional permission \"logs:TagResource\" is required.", c.Caller.Account)
	}
	return need
}

func (s *Service) accessDeleteLogGroup(c *awsapi.Call, in *DeleteLogGroupInput) []awsapi.Access {
	return s.accessToGroup(c, "DeleteLogGroup", in.LogGroupName)
}

// accessDescribeLogGroups requires the permission for all groups, whichever are
// selected.
func (s *Service) accessDescribeLogGroups(c *awsapi.Call, _ *DescribeLogGroupsInput) []awsapi.Access {
	return s.accessToGroup(c, "DescribeLogGroups", "")
}

func (s *Service) accessPutRetentionPolicy(c *awsapi.Call, in *PutRetentionPolicyInput) []awsapi.Access {
	return s.accessToGroup(c, "PutRetentionPolicy", in.LogGroupName)
}

func (s *Service) accessDeleteRetentionPolicy(c *awsapi.Call, in *DeleteRetentionPolicyInput) []awsapi.Access {
	return s.accessToGroup(c, "DeleteRetentionPolicy", in.LogGroupName)
}

func (s *Service) accessCreateLogStream(c *awsapi.Call, in *CreateLogStreamInput) []awsapi.Access {
	return []awsapi.Access{s.accessToStream(c, "CreateLogStream", in.LogGroupName, in.LogStreamName)}
}

func (s *Service) accessDeleteLogStream(c *awsapi.Call, in *DeleteLogStreamInput) []awsapi.Access {
	return []awsapi.Access{s.accessToStream(c, "DeleteLogStream", in.LogGroupName, in.LogStreamName)}
}

// An operation on a group's name or identifier has one of them; with both it is
// refused later, so joining them is enough to name a resource here.

func (s *Service) accessDescribeLogStreams(c *awsapi.Call, in *DescribeLogStreamsInput) []awsapi.Access {
	return s.accessToGroup(c, "DescribeLogStreams", in.LogGroupName+groupNameOf(in.LogGroupIdentifier))
}

func (s *Service) accessPutLogEvents(c *awsapi.Call, in *PutLogEventsInput) []awsapi.Access {
	return []awsapi.Access{s.accessToStream(c, "PutLogEvents", in.LogGroupName, in.LogStreamName)}
}

func (s *Service) accessGetLogEvents(c *awsapi.Call, in *GetLogEventsInput) []awsapi.Access {
	group := in.LogGroupName + groupNameOf(in.LogGroupIdentifier)
	return []awsapi.Access{s.accessToStream(c, "GetLogEvents", group, in.LogStreamName)}
}

func (s *Service) accessFilterLogEvents(c *awsapi.Call, in *FilterLogEventsInput) []awsapi.Access {
	return s.accessToGroup(c, "FilterLogEvents", in.LogGroupName+groupNameOf(in.LogGroupIdentifier))
}

func (s *Service) accessPutMetricFilter(c *awsapi.Call, in *PutMetricFilterInput) []awsapi.Access {
	return s.accessToGroup(c, "PutMetricFilter", in.LogGroupName)
}

func (s *Service) accessDescribeMetricFilters(c *awsapi.Call, in *DescribeMetricFiltersInput) []awsapi.Access {
	return s.accessToGroup(c, "DescribeMetricFilters", in.LogGroupName)
}

func (s *Service) accessDeleteMetricFilter(c *awsapi.Call, in *DeleteMetricFilterInput) []awsapi.Access {
	return s.accessToGroup(c, "DeleteMetricFilter", in.LogGroupName)
}

// accessTestMetricFilter names no group: the messages are in the request.
func (s *Service) accessTestMetricFilter(*awsapi.Call, *TestMetricFilterInput) []awsapi.Access {
	return []awsapi.Access{{Action: "logs:TestMetricFilter", Resource: "*"}}
}

func (s *Service) accessTagResource(_ *awsapi.Call, in *TagResourceInput) []awsapi.Access {
	need := s.accessToARN("TagResource", in.ResourceARN)
	need.RequestTags = in.Tags
	return []awsapi.Access{need}
}

func (s *Service) accessUntagResource(_ *awsapi.Call, in *UntagResourceInput) []awsapi.Access {
	need := s.accessToARN("UntagResource", in.ResourceARN)
	need.TagKeys = in.TagKeys
	return []awsapi.Access{need}
}

func (s *Service) accessListTagsForResource(_ *awsapi.Call, in *ListTagsForResourceInput) []awsapi.Access {
	return []awsapi.Access{s.accessToARN("ListTagsForResource", in.ResourceARN)}
}

func (s *Service) accessTagLogGroup(c *awsapi.Call, in *TagLogGroupInput) []awsapi.Access {
	need := s.accessToStream(c, "TagLogGroup", in.LogGroupName, "")
	need.RequestTags = in.Tags
	return []awsapi.Access{need}
}

func (s *Service) accessUntagLogGroup(c *awsapi.Call, in *UntagLogGroupInput) []awsapi.Access {
	need := s.accessToStream(c, "UntagLogGroup", in.LogGroupName, "")
	need.TagKeys = in.Tags
	return []awsapi.Access{need}
}

func (s *Service) accessListTagsLogGroup(c *awsapi.Call, in *ListTagsLogGroupInput) []awsapi.Access {
	return s.accessToGroup(c, "ListTagsLogGroup", in.LogGroupName)
}

// GroupTags returns a copy of a group's tags, or nil if the group does not exist.
func (s *Service) GroupTags(account, region, group string) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()

	if g := s.groups[awsapi.Scope{Account: account, Region: region}][group]; g != nil {
		return maps.Clone(g.tags)
	}
	return nil
}

// StreamARN returns the ARN for permissions on a stream. The permission on a group
// has an empty stream.
func StreamARN(account, region, group, stream string) string {
	return streamARN(awsapi.Scope{Account: account, Region: region}, group, stream)
}

func streamARN(scope awsapi.Scope, group, stream string) string {
	return groupARN(scope, group) + ":log-stream:" + stream
}
