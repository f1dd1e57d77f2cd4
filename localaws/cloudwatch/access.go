package cloudwatch

import "github.com/reliableq/reliableq/localaws/awsapi"

// anything is the permission for an operation on no resource in particular.
func anything(action string) []awsapi.Access {
	return []awsapi.Access{{Action: "cloudwatch:" + action, Resource: "*"}}
}

// onAlarms is the permission for an operation on alarms.
func onAlarms(c *awsapi.Call, action string, names ...string) []awsapi.Access {
	var all []awsapi.Access
	for _, name := range names {
		all = append(all, awsapi.Access{Action: "cloudwatch:" + action, Resource: alarmARN(placeOf(c), name)})
	}
	if len(all) == 0 {
		return onAlarms(c, action, "*")
	}
	return all
}

// onDashboard is the permission for an operation on a dashboard.
func onDashboard(c *awsapi.Call, action, name string) []awsapi.Access {
	return []awsapi.Access{{Action: "cloudwatch:" + action, Resource: dashboardARN(c.Account, name)}}
}

// withTags adds the tags of a request as condition keys.
func withTags(all []awsapi.Access, tags []Tag) []awsapi.Access {
	for i := range all {
		for _, t := range tags {
			if all[i].Keys == nil {
				all[i].Keys = map[string][]string{}
			}
			all[i].Keys["aws:RequestTag/"+t.Key] = []string{t.Value}
			all[i].Keys["aws:TagKeys"] = append(all[i].Keys["aws:TagKeys"], t.Key)
		}
	}
	return all
}
