package cloudwatch

import "github.com/reliableq/reliableq/localaws/awsapi"

// anything is the permission for an operation on no resource in particular.
func anything(action string) []awsapi.Access {
	return []awsapi.Access{{Action: "cloudwatch:" + action, Resource: "*"}}
}

// onAlarms is the permission for an operation on alarms.
func (s *Service) onAlarms(c *awsapi.Call, action string, names ...string) []awsapi.Access {
	var all []awsapi.Access
	for _, name := range names {
		all = append(all, s.on(c, action, alarmARN(placeOf(c), name)))
	}
	if len(all) == 0 {
		return s.onAlarms(c, action, "*")
	}
	return all
}

// onDashboard is the permission for an operation on a dashboard.
func (s *Service) onDashboard(c *awsapi.Call, action, name string) []awsapi.Access {
	return []awsapi.Access{s.on(c, action, dashboardARN(c.Account, name))}
}

// on is the permission for an action on an alarm or a dashboard.
func (s *Service) on(c *awsapi.Call, action, arn string) awsapi.Access {
	a := awsapi.Access{Action: "cloudwatch:" + action, Resource: arn}
	s.mu.Lock()
	defer s.mu.Unlock()
	if tags, _, err := s.tagged(c, arn); err == nil {
		a.ResourceTags = byKey(*tags)
	}
	return a
}

// creating adds to the permission for an operation that can set tags those tags,
// and where there are some the permission to tag (IAM A3).
func (s *Service) creating(need []awsapi.Access, tags []Tag) []awsapi.Access {
	if len(tags) > 0 {
		tagging := need[0]
		tagging.Action = "cloudwatch:TagResource"
		need = append(need, tagging)
	}
	for i := range need {
		need[i].RequestTags = byKey(tags)
	}
	return need
}

// byKey returns tags as a map.
func byKey(tags []Tag) map[string]string {
	out := make(map[string]string, len(tags))
	for _, t := range tags {
		out[t.Key] = t.Value
	}
	return out
}
