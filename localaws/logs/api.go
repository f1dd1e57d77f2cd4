package logs

import "github.com/reliableq/reliableq/localaws/awsapi"

// API is the service's table of operations. Whatever is not in it is refused by
// name.
func (s *Service) API() *awsapi.Service {
	return &awsapi.Service{
		Name: "logs", Target: "Logs_20140328", JSONVersion: "1.1",
		Operations: awsapi.Table(
			silent(awsapi.Op("CreateLogGroup", s.CreateLogGroup, func(c *awsapi.Call, in *CreateLogGroupInput) []awsapi.Access {
				return onGroup(c, "CreateLogGroup", in.LogGroupName)
			})),
			silent(awsapi.Op("DeleteLogGroup", s.DeleteLogGroup, func(c *awsapi.Call, in *DeleteLogGroupInput) []awsapi.Access {
				return onGroup(c, "DeleteLogGroup", in.LogGroupName)
			})),
			awsapi.Op("DescribeLogGroups", s.DescribeLogGroups, func(c *awsapi.Call, _ *DescribeLogGroupsInput) []awsapi.Access {
				return onGroup(c, "DescribeLogGroups", "")
			}),
			silent(awsapi.Op("PutRetentionPolicy", s.PutRetentionPolicy, func(c *awsapi.Call, in *PutRetentionPolicyInput) []awsapi.Access {
				return onGroup(c, "PutRetentionPolicy", in.LogGroupName)
			})),
			silent(awsapi.Op("DeleteRetentionPolicy", s.DeleteRetentionPolicy, func(c *awsapi.Call, in *DeleteRetentionPolicyInput) []awsapi.Access {
				return onGroup(c, "DeleteRetentionPolicy", in.LogGroupName)
			})),
			silent(awsapi.Op("CreateLogStream", s.CreateLogStream, func(c *awsapi.Call, in *CreateLogStreamInput) []awsapi.Access {
				return onStream(c, "CreateLogStream", in.LogGroupName, in.LogStreamName)
			})),
			silent(awsapi.Op("DeleteLogStream", s.DeleteLogStream, func(c *awsapi.Call, in *DeleteLogStreamInput) []awsapi.Access {
				return onStream(c, "DeleteLogStream", in.LogGroupName, in.LogStreamName)
			})),
			awsapi.Op("DescribeLogStreams", s.DescribeLogStreams, func(c *awsapi.Call, in *DescribeLogStreamsInput) []awsapi.Access {
				return onGroup(c, "DescribeLogStreams", in.LogGroupName+nameOf(in.LogGroupIdentifier))
			}),
			awsapi.Op("PutLogEvents", s.PutLogEvents, func(c *awsapi.Call, in *PutLogEventsInput) []awsapi.Access {
				return onStream(c, "PutLogEvents", in.LogGroupName, in.LogStreamName)
			}),
			awsapi.Op("GetLogEvents", s.GetLogEvents, func(c *awsapi.Call, in *GetLogEventsInput) []awsapi.Access {
				return onStream(c, "GetLogEvents", in.LogGroupName+nameOf(in.LogGroupIdentifier), in.LogStreamName)
			}),
			awsapi.Op("FilterLogEvents", s.FilterLogEvents, func(c *awsapi.Call, in *FilterLogEventsInput) []awsapi.Access {
				return onGroup(c, "FilterLogEvents", in.LogGroupName+nameOf(in.LogGroupIdentifier))
			}),
			silent(awsapi.Op("TagResource", s.TagResource, func(_ *awsapi.Call, in *TagResourceInput) []awsapi.Access {
				return onARN("TagResource", in.ResourceARN, in.Tags)
			})),
			silent(awsapi.Op("UntagResource", s.UntagResource, func(_ *awsapi.Call, in *UntagResourceInput) []awsapi.Access {
				return onARN("UntagResource", in.ResourceARN, nil)
			})),
			awsapi.Op("ListTagsForResource", s.ListTagsForResource, func(_ *awsapi.Call, in *ListTagsForResourceInput) []awsapi.Access {
				return onARN("ListTagsForResource", in.ResourceARN, nil)
			}),
			silent(awsapi.Op("TagLogGroup", s.TagLogGroup, func(c *awsapi.Call, in *TagLogGroupInput) []awsapi.Access {
				return onGroup(c, "TagLogGroup", in.LogGroupName)
			})),
			silent(awsapi.Op("UntagLogGroup", s.UntagLogGroup, func(c *awsapi.Call, in *UntagLogGroupInput) []awsapi.Access {
				return onGroup(c, "UntagLogGroup", in.LogGroupName)
			})),
			awsapi.Op("ListTagsLogGroup", s.ListTagsLogGroup, func(c *awsapi.Call, in *ListTagsLogGroupInput) []awsapi.Access {
				return onGroup(c, "ListTagsLogGroup", in.LogGroupName)
			}),
			silent(awsapi.Op("PutMetricFilter", s.PutMetricFilter, func(c *awsapi.Call, in *PutMetricFilterInput) []awsapi.Access {
				return onGroup(c, "PutMetricFilter", in.LogGroupName)
			})),
			awsapi.Op("DescribeMetricFilters", s.DescribeMetricFilters, func(c *awsapi.Call, in *DescribeMetricFiltersInput) []awsapi.Access {
				return onGroup(c, "DescribeMetricFilters", in.LogGroupName)
			}),
			silent(awsapi.Op("DeleteMetricFilter", s.DeleteMetricFilter, func(c *awsapi.Call, in *DeleteMetricFilterInput) []awsapi.Access {
				return onGroup(c, "DeleteMetricFilter", in.LogGroupName)
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
