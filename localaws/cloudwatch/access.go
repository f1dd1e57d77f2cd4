package cloudwatch

import "github.com/reliableq/reliableq/localaws/awsapi"

// accessToAll is the permission for an operation on no resource in particular.
func accessToAll(action string) []awsapi.Access {
	return []awsapi.Access{{Action: "cloudwatch:" + action, Resource: "*"}}
}

// accessToAlarms is the permission for an operation on alarms.
func (s *Service) accessToAlarms(c *awsapi.Call, action string, names ...string) []awsapi.Access {
	var all []awsapi.Access
	for _, name := range names {
		all = append(all, s.accessTo(c, action, alarmARN(scopeOf(c), name)))
	}
	if len(all) == 0 {
		return s.accessToAlarms(c, action, "*")
	}
	return all
}

// accessToDashboard is the permission for an operation on a dashboard.
func (s *Service) accessToDashboard(c *awsapi.Call, action, name string) []awsapi.Access {
	return []awsapi.Access{s.accessTo(c, action, dashboardARN(c.Account, name))}
}

// accessTo is the permission for an action on an alarm or a dashboard.
func (s *Service) accessTo(c *awsapi.Call, action, arn string) awsapi.Access {
	a := awsapi.Access{Action: "cloudwatch:" + action, Resource: arn}
	s.mu.Lock()
	defer s.mu.Unlock()
	if tags, _, err := s.findTags(c, arn); err == nil {
		a.ResourceTags = tagMap(*tags)
	}
	return a
}

// withTags adds to the permission for an operation that can set tags those tags,
// and where there are some the permission to tag (IAM A3).
func (s *Service) withTags(need []awsapi.Access, tags []Tag) []awsapi.Access {
	if len(tags) > 0 {
		tagging := need[0]
		tagging.Action = "cloudwatch:TagResource"
		need = append(need, tagging)
	}
	for i := range need {
		need[i].RequestTags = tagMap(tags)
	}
	return need
}

// tagMap returns tags as a map.
func tagMap(tags []Tag) map[string]string {
	out := make(map[string]string, len(tags))
	for _, t := range tags {
		out[t.Key] = t.Value
	}
	return out
}
