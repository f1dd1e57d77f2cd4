package cloudwatch

import "github.com/reliableq/reliableq/localaws/awsapi"

// accessToAll returns the permission for an action that applies to no particular
// resource.
func accessToAll(action string) []awsapi.Access {
	return []awsapi.Access{{Action: "cloudwatch:" + action, Resource: "*"}}
}

// accessToAlarms returns the permissions for an action on the named alarms, or on
// all alarms if none is named.
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

// accessToDashboard returns the permission for an action on a dashboard.
func (s *Service) accessToDashboard(c *awsapi.Call, action, name string) []awsapi.Access {
	return []awsapi.Access{s.accessTo(c, action, dashboardARN(c.Account, name))}
}

// accessTo returns the permission for an action on an alarm or dashboard, with the
// tags of that resource.
func (s *Service) accessTo(c *awsapi.Call, action, arn string) awsapi.Access {
	a := awsapi.Access{Action: "cloudwatch:" + action, Resource: arn}
	s.mu.Lock()
	defer s.mu.Unlock()
	if tags, _, err := s.findTags(c, arn); err == nil {
		a.ResourceTags = tagMap(*tags)
	}
	return a
}

// withTags adds the request's tags to the permissions of an operation that creates
// a resource. Tags also need the permission to tag (IAM A3).
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

// tagMap returns tags as a map from key to value.
func tagMap(tags []Tag) map[string]string {
	out := make(map[string]string, len(tags))
	for _, t := range tags {
		out[t.Key] = t.Value
	}
	return out
}
