package logs

import "github.com/reliableq/reliableq/localaws/awsapi"

// onGroup is the permission for an operation on a group. Logs asks for the ARN
// of a group with a stream part behind it even where no stream is meant, which
// is why policies name log-group:NAME:*.
func onGroup(c *awsapi.Call, operation, group string) []awsapi.Access {
	return onStream(c, operation, group, "")
}

// onStream is the permission for an operation on a stream.
func onStream(c *awsapi.Call, operation, group, stream string) []awsapi.Access {
	return []awsapi.Access{{
		Action:   "logs:" + operation,
		Resource: groupARN(placeOf(c), group) + ":log-stream:" + stream,
	}}
}

// onARN is the permission for an operation on a resource that is named by ARN,
// with the tags that it sets as condition keys.
func onARN(operation, arn string, tags map[string]string) []awsapi.Access {
	a := awsapi.Access{Action: "logs:" + operation, Resource: arn}
	for k, v := range tags {
		if a.Keys == nil {
			a.Keys = map[string][]string{}
		}
		a.Keys["aws:RequestTag/"+k] = []string{v}
		a.Keys["aws:TagKeys"] = append(a.Keys["aws:TagKeys"], k)
	}
	return []awsapi.Access{a}
}
