package logs

import "github.com/reliableq/reliableq/localaws/awsapi"

// API returns the service's operations. Other operations are refused by name. An
// operation without an output shape responds with an empty body (LAM E1).
func (s *Service) API() *awsapi.Service {
	return &awsapi.Service{
		Name:        "logs",
		Target:      "Logs_20140328",
		JSONVersion: "1.1",
		Operations: awsapi.Table(
			// Groups.
			awsapi.OpNoOutput("CreateLogGroup", s.CreateLogGroup, s.accessCreateLogGroup),
			awsapi.OpNoOutput("DeleteLogGroup", s.DeleteLogGroup, s.accessDeleteLogGroup),
			awsapi.Op("DescribeLogGroups", s.DescribeLogGroups, s.accessDescribeLogGroups),
			awsapi.OpNoOutput("PutRetentionPolicy", s.PutRetentionPolicy, s.accessPutRetentionPolicy),
			awsapi.OpNoOutput("DeleteRetentionPolicy", s.DeleteRetentionPolicy, s.accessDeleteRetentionPolicy),

			// Streams and events.
			awsapi.OpNoOutput("CreateLogStream", s.CreateLogStream, s.accessCreateLogStream),
			awsapi.OpNoOutput("DeleteLogStream", s.DeleteLogStream, s.accessDeleteLogStream),
			awsapi.Op("DescribeLogStreams", s.DescribeLogStreams, s.accessDescribeLogStreams),
			awsapi.Op("PutLogEvents", s.PutLogEvents, s.accessPutLogEvents),
			awsapi.Op("GetLogEvents", s.GetLogEvents, s.accessGetLogEvents),
			awsapi.Op("FilterLogEvents", s.FilterLogEvents, s.accessFilterLogEvents),

			// Metric filters.
			awsapi.OpNoOutput("PutMetricFilter", s.PutMetricFilter, s.accessPutMetricFilter),
			awsapi.Op("DescribeMetricFilters", s.DescribeMetricFilters, s.accessDescribeMetricFilters),
			awsapi.OpNoOutput("DeleteMetricFilter", s.DeleteMetricFilter, s.accessDeleteMetricFilter),
			awsapi.Op("TestMetricFilter", s.TestMetricFilter, s.accessTestMetricFilter),

			// Tags of groups.
			awsapi.OpNoOutput("TagResource", s.TagResource, s.accessTagResource),
			awsapi.OpNoOutput("UntagResource", s.UntagResource, s.accessUntagResource),
			awsapi.Op("ListTagsForResource", s.ListTagsForResource, s.accessListTagsForResource),
			awsapi.OpNoOutput("TagLogGroup", s.TagLogGroup, s.accessTagLogGroup),
			awsapi.OpNoOutput("UntagLogGroup", s.UntagLogGroup, s.accessUntagLogGroup),
			awsapi.Op("ListTagsLogGroup", s.ListTagsLogGroup, s.accessListTagsLogGroup),
		),
	}
}
