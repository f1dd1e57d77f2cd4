package cloudwatch

import "github.com/reliableq/reliableq/localaws/awsapi"

// API returns the service's operations over the Query, JSON 1.0 and CBOR protocols
// (LAM E14, E15). Other operations are refused by name.
func (s *Service) API() *awsapi.Service {
	return &awsapi.Service{
		Name:           "monitoring",
		Target:         "GraniteServiceVersion20100801",
		JSONVersion:    "1.0",
		QueryVersion:   "2010-08-01",
		Namespace:      "http://monitoring.amazonaws.com/doc/2010-08-01/",
		CBORService:    "GraniteServiceVersion20100801",
		ErrorNamespace: modelNamespace,
		Operations: awsapi.Table(
			// Alarms.
			awsapi.OpNoOutput("PutMetricAlarm", s.PutMetricAlarm, s.accessPutMetricAlarm),
			awsapi.Op("DescribeAlarms", s.DescribeAlarms, s.accessDescribeAlarms),
			awsapi.Op("DescribeAlarmsForMetric", s.DescribeAlarmsForMetric, accessToAll[DescribeAlarmsForMetricInput]("DescribeAlarmsForMetric")),
			awsapi.Op("DescribeAlarmHistory", s.DescribeAlarmHistory, s.accessDescribeAlarmHistory),
			awsapi.OpNoOutput("DeleteAlarms", s.DeleteAlarms, s.accessToNamedAlarms("DeleteAlarms")),
			awsapi.OpNoOutput("EnableAlarmActions", s.EnableAlarmActions, s.accessToNamedAlarms("EnableAlarmActions")),
			awsapi.OpNoOutput("DisableAlarmActions", s.DisableAlarmActions, s.accessToNamedAlarms("DisableAlarmActions")),
			awsapi.OpNoOutput("SetAlarmState", s.SetAlarmState, s.accessSetAlarmState),

			// Metrics.
			awsapi.OpNoOutput("PutMetricData", s.PutMetricData, s.accessPutMetricData),
			awsapi.Op("GetMetricStatistics", s.GetMetricStatistics, accessToAll[GetMetricStatisticsInput]("GetMetricStatistics")),
			awsapi.Op("GetMetricData", s.GetMetricData, accessToAll[GetMetricDataInput]("GetMetricData")),
			awsapi.Op("ListMetrics", s.ListMetrics, accessToAll[ListMetricsInput]("ListMetrics")),

			// Dashboards.
			awsapi.Op("PutDashboard", s.PutDashboard, s.accessPutDashboard),
			awsapi.Op("GetDashboard", s.GetDashboard, s.accessGetDashboard),
			awsapi.Op("ListDashboards", s.ListDashboards, accessToAll[ListDashboardsInput]("ListDashboards")),
			awsapi.Op("DeleteDashboards", s.DeleteDashboards, s.accessDeleteDashboards),

			// Tags of alarms and dashboards.
			awsapi.Op("TagResource", s.TagResource, s.accessTagResource),
			awsapi.Op("UntagResource", s.UntagResource, s.accessUntagResource),
			awsapi.Op("ListTagsForResource", s.ListTagsForResource, s.accessListTagsForResource),
		),
	}
}
