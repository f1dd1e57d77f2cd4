package cloudwatch

import (
	"maps"
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// API returns the service's operations over the Query, JSON 1.0 and CBOR protocols
// (LAM E14, E15). Other operations are refused by name.
func (s *Service) API() *awsapi.Service {
	operations := s.alarmOperations()
	maps.Copy(operations, s.metricOperations())
	maps.Copy(operations, s.dashboardOperations())
	return &awsapi.Service{
		Name:           "monitoring",
		Target:         "GraniteServiceVersion20100801",
		JSONVersion:    "1.0",
		QueryVersion:   "2010-08-01",
		Namespace:      "http://monitoring.amazonaws.com/doc/2010-08-01/",
		CBORService:    "GraniteServiceVersion20100801",
		ErrorNamespace: modelNamespace,
		Operations:     operations,
	}
}

// silent marks an operation without an output shape.
func silent(op awsapi.Operation) awsapi.Operation {
	op.NoOutput = true
	return op
}

func (s *Service) alarmOperations() map[string]awsapi.Operation {
	named := func(action string) func(*awsapi.Call, *AlarmNamesInput) []awsapi.Access {
		return func(c *awsapi.Call, in *AlarmNamesInput) []awsapi.Access {
			return s.accessToAlarms(c, action, in.AlarmNames...)
		}
	}

	return awsapi.Table(
		silent(awsapi.Op("PutMetricAlarm", s.PutMetricAlarm, func(c *awsapi.Call, in *PutMetricAlarmInput) []awsapi.Access {
			need := s.withTags(s.accessToAlarms(c, "PutMetricAlarm", in.AlarmName), in.Tags)
			if actions := slices.Concat(in.AlarmActions, in.OKActions, in.InsufficientDataActions); len(actions) > 0 {
				need[0].Keys = map[string][]string{"cloudwatch:AlarmActions": actions}
			}
			return need
		})),
		awsapi.Op("DescribeAlarms", s.DescribeAlarms, func(c *awsapi.Call, _ *DescribeAlarmsInput) []awsapi.Access {
			return s.accessToAlarms(c, "DescribeAlarms")
		}),
		awsapi.Op("DescribeAlarmsForMetric", s.DescribeAlarmsForMetric, func(*awsapi.Call, *DescribeAlarmsForMetricInput) []awsapi.Access {
			return accessToAll("DescribeAlarmsForMetric")
		}),
		awsapi.Op("DescribeAlarmHistory", s.DescribeAlarmHistory, func(c *awsapi.Call, in *DescribeAlarmHistoryInput) []awsapi.Access {
			if in.AlarmName == "" {
				return s.accessToAlarms(c, "DescribeAlarmHistory")
			}
			return s.accessToAlarms(c, "DescribeAlarmHistory", in.AlarmName)
		}),
		silent(awsapi.Op("DeleteAlarms", s.DeleteAlarms, named("DeleteAlarms"))),
		silent(awsapi.Op("EnableAlarmActions", s.EnableAlarmActions, named("EnableAlarmActions"))),
		silent(awsapi.Op("DisableAlarmActions", s.DisableAlarmActions, named("DisableAlarmActions"))),
		silent(awsapi.Op("SetAlarmState", s.SetAlarmState, func(c *awsapi.Call, in *SetAlarmStateInput) []awsapi.Access {
			return s.accessToAlarms(c, "SetAlarmState", in.AlarmName)
		})),
		awsapi.Op("TagResource", s.TagResource, func(c *awsapi.Call, in *TagResourceInput) []awsapi.Access {
			need := s.accessTo(c, "TagResource", in.ResourceARN)
			need.RequestTags = tagMap(in.Tags)
			return []awsapi.Access{need}
		}),
		awsapi.Op("UntagResource", s.UntagResource, func(c *awsapi.Call, in *UntagResourceInput) []awsapi.Access {
			need := s.accessTo(c, "UntagResource", in.ResourceARN)
			need.TagKeys = in.TagKeys
			return []awsapi.Access{need}
		}),
		awsapi.Op("ListTagsForResource", s.ListTagsForResource, func(c *awsapi.Call, in *ListTagsForResourceInput) []awsapi.Access {
			return []awsapi.Access{s.accessTo(c, "ListTagsForResource", in.ResourceARN)}
		}),
	)
}

func (s *Service) metricOperations() map[string]awsapi.Operation {
	return awsapi.Table(
		silent(awsapi.Op("PutMetricData", s.PutMetricData, func(_ *awsapi.Call, in *PutMetricDataInput) []awsapi.Access {
			all := accessToAll("PutMetricData")
			all[0].Keys = map[string][]string{"cloudwatch:namespace": {in.Namespace}}
			return all
		})),
		awsapi.Op("GetMetricStatistics", s.GetMetricStatistics, func(*awsapi.Call, *GetMetricStatisticsInput) []awsapi.Access {
			return accessToAll("GetMetricStatistics")
		}),
		awsapi.Op("GetMetricData", s.GetMetricData, func(*awsapi.Call, *GetMetricDataInput) []awsapi.Access {
			return accessToAll("GetMetricData")
		}),
		awsapi.Op("ListMetrics", s.ListMetrics, func(*awsapi.Call, *ListMetricsInput) []awsapi.Access {
			return accessToAll("ListMetrics")
		}),
	)
}

func (s *Service) dashboardOperations() map[string]awsapi.Operation {
	return awsapi.Table(
		awsapi.Op("PutDashboard", s.PutDashboard, func(c *awsapi.Call, in *PutDashboardInput) []awsapi.Access {
			return s.withTags(s.accessToDashboard(c, "PutDashboard", in.DashboardName), in.Tags)
		}),
		awsapi.Op("GetDashboard", s.GetDashboard, func(c *awsapi.Call, in *GetDashboardInput) []awsapi.Access {
			return s.accessToDashboard(c, "GetDashboard", in.DashboardName)
		}),
		awsapi.Op("ListDashboards", s.ListDashboards, func(*awsapi.Call, *ListDashboardsInput) []awsapi.Access {
			return accessToAll("ListDashboards")
		}),
		awsapi.Op("DeleteDashboards", s.DeleteDashboards, func(c *awsapi.Call, in *DeleteDashboardsInput) []awsapi.Access {
			var all []awsapi.Access
			for _, name := range in.DashboardNames {
				all = append(all, s.accessToDashboard(c, "DeleteDashboards", name)...)
			}
			return all
		}),
	)
}
