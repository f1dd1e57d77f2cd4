package awsapi

// Access is one permission that a call needs.
type Access struct {
	// Action is the IAM action, such as sqs:SendMessage.
	Action string
	// Resource is the ARN of the resource, or "*" where the action has none.
	Resource string
	// ResourcePolicy is the JSON policy on that resource, or empty.
	ResourcePolicy string
	// Alternative is an action that is enough instead of Action, as
	// logs:TagLogGroup is for logs:TagResource; empty where there is none. An
	// explicit deny of either denies the call.
	Alternative string
	// ResourceTags are the tags of the resource: aws:ResourceTag/KEY. The map must
	// not change after the call.
	ResourceTags map[string]string
	// RequestTags are the tags that the request sets: aws:RequestTag/KEY. Their
	// keys are values of aws:TagKeys.
	RequestTags map[string]string
	// TagKeys are further values of aws:TagKeys: the keys of tags to remove.
	TagKeys []string
	// Refusal is the error for a denied call; without a message it gets the usual
	// one. Nil means AccessDenied in the service's form.
	Refusal *Error
	// Keys are further condition keys of the request, such as
	// lambda:FunctionArn. Case does not matter in their names.
	Keys map[string][]string
}
