package cloudwatch

import (
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// accessToAll returns the permissions for an action that applies to no particular
// resource.
func accessToAll[In any](action string) func(*awsapi.Call, *In) []awsapi.Access {
	return func(*awsapi.Call, *In) []awsapi.Access {
		return []awsapi.Access{{Action: "cloudwatch:" + action, Resource: "*"}}
	}
}

// accessTo returns the permission for an action on an alarm or dashboard, with the
// tags of that resource.
func (s *Service) accessTo(c *awsapi.Call, action, arn string) awsapi.Access {
	need := awsapi.Access{Action: "cloudwatch:" + action, Resource: arn}

	s.mu.Lock()
	defer s.mu.Unlock()

	// An unknown resource has no tags; the operation refuses it.
	if tags, _, err := s.findTags(c, arn); err == nil {
		need.ResourceTags = awsapi.TagMap(*tags)
	}
	return need
}

// accessToAlarms returns the permissions for an action on the named alarms, or on
// all alarms if none is named.
func (s *Service) accessToAlarms(c *awsapi.Call, action string, names ...string) []awsapi.Access {
	if len(names) == 0 {
		names = []string{"*"}
	}

	var all []awsapi.Access
	for _, name := range names {
		all = append(all, s.accessTo(c, action, alarmARN(c.Scope(), name)))
	}
	return all
}

// accessToNamedAlarms returns the permissions for an operation on a list of alarms.
func (s *Service) accessToNamedAlarms(action string) func(*awsapi.Call, *AlarmNamesInput) []awsapi.Access {
	return func(c *awsapi.Call, in *AlarmNamesInput) []awsapi.Access {
		return s.accessToAlarms(c, action, in.AlarmNames...)
	}
}

func (s *Service) accessPutMetricAlarm(c *awsapi.Call, in *PutMetricAlarmInput) []awsapi.Access {
	alarm := s.accessTo(c, "PutMetricAlarm", alarmARN(c.Scope(), in.AlarmName))
	need := awsapi.WithRequestTags(alarm, "cloudwatch:TagResource", awsapi.TagMap(in.Tags))
	if actions := slices.Concat(in.AlarmActions, in.OKActions, in.InsufficientDataActions); len(actions) > 0 {
		need[0].Keys = map[string][]string{"cloudwatch:AlarmActions": actions}
	}
	return need
}

// accessDescribeAlarms requires the permission for all alarms, whichever are
// selected.
func (s *Service) accessDescribeAlarms(c *awsapi.Call, _ *DescribeAlarmsInput) []awsapi.Access {
	return s.accessToAlarms(c, "DescribeAlarms")
}

func (s *Service) accessDescribeAlarmHistory(c *awsapi.Call, in *DescribeAlarmHistoryInput) []awsapi.Access {
	if in.AlarmName == "" {
		return s.accessToAlarms(c, "DescribeAlarmHistory")
	}
	return s.accessToAlarms(c, "DescribeAlarmHistory", in.AlarmName)
}

func (s *Service) accessSetAlarmState(c *awsapi.Call, in *SetAlarmStateInput) []awsapi.Access {
	return s.accessToAlarms(c, "SetAlarmState", in.AlarmName)
}

func (s *Service) accessPutMetricData(_ *awsapi.Call, in *PutMetricDataInput) []awsapi.Access {
	return []awsapi.Access{{
		Action:   "cloudwatch:PutMetricData",
		Resource: "*",
		Keys:     map[string][]string{"cloudwatch:namespace": {in.Namespace}},
	}}
}

func (s *Service) accessPutDashboard(c *awsapi.Call, in *PutDashboardInput) []awsapi.Access {
	dashboard := s.accessTo(c, "PutDashboard", dashboardARN(c.Account, in.DashboardName))
	return awsapi.WithRequestTags(dashboard, "cloudwatch:TagResource", awsapi.TagMap(in.Tags))
}

func (s *Service) accessGetDashboard(c *awsapi.Call, in *GetDashboardInput) []awsapi.Access {
	return []awsapi.Access{s.accessTo(c, "GetDashboard", dashboardARN(c.Account, in.DashboardName))}
}

func (s *Service) accessDeleteDashboards(c *awsapi.Call, in *DeleteDashboardsInput) []awsapi.Access {
	var all []awsapi.Access
	for _, name := range in.DashboardNames {
		all = append(all, s.accessTo(c, "DeleteDashboards", dashboardARN(c.Account, name)))
	}
	return all
}

func (s *Service) accessTagResource(c *awsapi.Call, in *TagResourceInput) []awsapi.Access {
	need := s.accessTo(c, "TagResource", in.ResourceARN)
	need.RequestTags = awsapi.TagMap(in.Tags)
	return []awsapi.Access{need}
}

func (s *Service) accessUntagResource(c *awsapi.Call, in *UntagResourceInput) []awsapi.Access {
	need := s.accessTo(c, "UntagResource", in.ResourceARN)
	need.TagKeys = in.TagKeys
	return []awsapi.Access{need}
}

func (s *Service) accessListTagsForResource(c *awsapi.Call, in *ListTagsForResourceInput) []awsapi.Access {
	return []awsapi.Access{s.accessTo(c, "ListTagsForResource", in.ResourceARN)}
}
