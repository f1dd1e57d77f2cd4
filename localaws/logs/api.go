package logs

import "github.com/reliableq/reliableq/localaws/awsapi"

// API is the service's table of operations. Whatever is not in it is refused by
// name.
func (s *Service) API() *awsapi.Service {
	return &awsapi.Service{
		Name:        "logs",
		Target:      "Logs_20140328",
		JSONVersion: "1.1",
		Operations: awsapi.Table(
			silent(awsapi.Op("CreateLogGroup", s.CreateLogGroup, s.accessToCreateGroup)),
			silent(awsapi.Op("DeleteLogGroup", s.DeleteLogGroup, func(c *awsapi.Call, in *DeleteLogGroupInput) []awsapi.Access {
				return s.accessToGroup(c, "DeleteLogGroup", in.LogGroupName)
			})),
			awsapi.Op("DescribeLogGroups", s.DescribeLogGroups, func(c *awsapi.Call, _ *DescribeLogGroupsInput) []awsapi.Access {
				return s.accessToGroup(c, "DescribeLogGroups", "")
			}),
			silent(awsapi.Op("PutRetentionPolicy", s.PutRetentionPolicy, func(c *awsapi.Call, in *PutRetentionPolicyInput) []awsapi.Access {
				return s.accessToGroup(c, "PutRetentionPolicy", in.LogGroupName)
			})),
			silent(awsapi.Op("DeleteRetentionPolicy", s.DeleteRetentionPolicy, func(c *awsapi.Call, in *DeleteRetentionPolicyInput) []awsapi.Access {
				return s.accessToGroup(c, "DeleteRetentionPolicy", in.LogGroupName)
			})),
			silent(awsapi.Op("CreateLogStream", s.CreateLogStream, func(c *awsapi.Call, in *CreateLogStreamInput) []awsapi.Access {
				return s.accessToStream(c, "CreateLogStream", in.LogGroupName, in.LogStreamName)
			})),
			silent(awsapi.Op("DeleteLogStream", s.DeleteLogStream, func(c *awsapi.Call, in *DeleteLogStreamInput) []awsapi.Access {
				return s.accessToStream(c, "DeleteLogStream", in.LogGroupName, in.LogStreamName)
			})),
			awsapi.Op("DescribeLogStreams", s.DescribeLogStreams, func(c *awsapi.Call, in *DescribeLogStreamsInput) []awsapi.Access {
				return s.accessToGroup(c, "DescribeLogStreams", in.LogGroupName+groupNameOf(in.LogGroupIdentifier))
			}),
			awsapi.Op("PutLogEvents", s.PutLogEvents, func(c *awsapi.Call, in *PutLogEventsInput) []awsapi.Access {
				return s.accessToStream(c, "PutLogEvents", in.LogGroupName, in.LogStreamName)
			}),
			awsapi.Op("GetLogEvents", s.GetLogEvents, func(c *awsapi.Call, in *GetLogEventsInput) []awsapi.Access {
				return s.accessToStream(c, "GetLogEvents", in.LogGroupName+groupNameOf(in.LogGroupIdentifier), in.LogStreamName)
			}),
			awsapi.Op("FilterLogEvents", s.FilterLogEvents, func(c *awsapi.Call, in *FilterLogEventsInput) []awsapi.Access {
				return s.accessToGroup(c, "FilterLogEvents", in.LogGroupName+groupNameOf(in.LogGroupIdentifier))
			}),
			silent(awsapi.Op("TagResource", s.TagResource, func(_ *awsapi.Call, in *TagResourceInput) []awsapi.Access {
				return s.accessToARN("TagResource", in.ResourceARN, in.Tags, nil)
			})),
			silent(awsapi.Op("UntagResource", s.UntagResource, func(_ *awsapi.Call, in *UntagResourceInput) []awsapi.Access {
				return s.accessToARN("UntagResource", in.ResourceARN, nil, in.TagKeys)
			})),
			awsapi.Op("ListTagsForResource", s.ListTagsForResource, func(_ *awsapi.Call, in *ListTagsForResourceInput) []awsapi.Access {
				return s.accessToARN("ListTagsForResource", in.ResourceARN, nil, nil)
			}),
			silent(awsapi.Op("TagLogGroup", s.TagLogGroup, func(c *awsapi.Call, in *TagLogGroupInput) []awsapi.Access {
				need := s.accessToGroup(c, "TagLogGroup", in.LogGroupName)
				need[0].RequestTags = in.Tags
				return need
			})),
			silent(awsapi.Op("UntagLogGroup", s.UntagLogGroup, func(c *awsapi.Call, in *UntagLogGroupInput) []awsapi.Access {
				need := s.accessToGroup(c, "UntagLogGroup", in.LogGroupName)
				need[0].TagKeys = in.Tags
				return need
			})),
			awsapi.Op("ListTagsLogGroup", s.ListTagsLogGroup, func(c *awsapi.Call, in *ListTagsLogGroupInput) []awsapi.Access {
				return s.accessToGroup(c, "ListTagsLogGroup", in.LogGroupName)
			}),
			silent(awsapi.Op("PutMetricFilter", s.PutMetricFilter, func(c *awsapi.Call, in *PutMetricFilterInput) []awsapi.Access {
				return s.accessToGroup(c, "PutMetricFilter", in.LogGroupName)
			})),
			awsapi.Op("DescribeMetricFilters", s.DescribeMetricFilters, func(c *awsapi.Call, in *DescribeMetricFiltersInput) []awsapi.Access {
				return s.accessToGroup(c, "DescribeMetricFilters", in.LogGroupName)
			}),
			silent(awsapi.Op("DeleteMetricFilter", s.DeleteMetricFilter, func(c *awsapi.Call, in *DeleteMetricFilterInput) []awsapi.Access {
				return s.accessToGroup(c, "DeleteMetricFilter", in.LogGroupName)
			})),
			awsapi.Op("TestMetricFilter", s.TestMetricFilter, func(_ *awsapi.Call, _ *TestMetricFilterInput) []awsapi.Access {
				return []awsapi.Access{{Action: "logs:TestMetricFilter", Resource: "*"}}
			}),
		),
	}
}

// silent marks an operation without an output shape: 200 and an empty body
// (LAM E1).
func silent(op awsapi.Operation) awsapi.Operation {
	op.NoOutput = true
	return op
}
