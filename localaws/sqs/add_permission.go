package sqs

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// AddPermissionInput is the input of AddPermission.
type AddPermissionInput struct {
	// QueueURL is the URL of the queue, or its name.
	QueueURL string `json:"QueueUrl,omitempty"`
	// Label identifies the permission; it becomes the statement's Sid.
	Label string `json:"Label,omitempty"`
	// AWSAccountIDs are the accounts that get the permission.
	AWSAccountIDs []string `json:"AWSAccountIds,omitempty" query:"AWSAccountId"`
	// Actions are the allowed actions, such as SendMessage, or *.
	Actions []string `json:"Actions,omitempty" query:"ActionName"`
}

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

var (
	// sharedActions are the actions that AddPermission accepts (SQS O3).
	sharedActions = []string{
		"*",
		"SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "PurgeQueue",
		"GetQueueAttributes", "GetQueueUrl", "ListDeadLetterSourceQueues",
		"StartMessageMoveTask", "CancelMessageMoveTask", "ListMessageMoveTasks",
	}
	// ownerActions are the actions that only the owner of a queue may call.
	ownerActions = []string{"CreateQueue", "DeleteQueue", "ListQueues", "SetQueueAttributes", "AddPermission", "RemovePermission"}
)

// permission is a policy statement as AddPermission writes it (SQS O1).
type permission struct {
	Sid       string
	Effect    string
	Principal struct{ AWS stringOrList }
	Action    stringOrList
	Resource  string
}

// AddPermission adds a statement to the queue's policy (SQS O1-O3).
func (s *Service) AddPermission(_ context.Context, c *awsapi.Call, in *AddPermissionInput) error {
	q, err := s.ownedQueue(c, in.QueueURL, "AddPermission")
	if err != nil {
		return err
	}
	if err := in.validate(); err != nil {
		return err
	}

	// The label becomes the Sid, which must be unique in the policy.
	return s.updatePolicy(c, q, func(doc *policyDocument) error {
		if doc.indexOfLabel(in.Label) >= 0 {
			return invalidParameter(in.Label, "Label", "Already exists.")
		}
		statement, err := json.Marshal(in.permission(q.arn))
		doc.Statement = append(doc.Statement, statement)
		return err
	})
}

// validate validates the parameters (SQS O3, O4).
func (in *AddPermissionInput) validate() error {
	switch {
	case in.Label == "":
		return missingParameter("Label")
	case !isIdentifier(in.Label):
		return invalidParameter(in.Label, "Label", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.")
	case len(in.AWSAccountIDs) == 0:
		return missingParameter("PrincipalId")
	case len(in.Actions) == 0:
		return missingParameter("Actions")
	case len(in.Actions) > maxPolicyActions:
		return errOverLimit.With("%d Actions were found, maximum allowed is %d.", len(in.Actions), maxPolicyActions)
	}

	// AWS has different errors for the owner's actions and for unknown ones.
	for _, a := range in.Actions {
		if slices.Contains(ownerActions, a) {
			return invalidParameter("SQS:"+a, "ActionName", "Only the queue owner is allowed to invoke this action.")
		}
		if !slices.Contains(sharedActions, a) {
			return invalidParameter("SQS:"+a, "ActionName", "Please refer to the appropriate WSDL for a list of valid actions. ")
		}
	}
	for _, id := range in.AWSAccountIDs {
		if !accountID.MatchString(id) {
			return invalidParameter("["+id+"]", "PrincipalId", "Unable to verify.")
		}
	}
	return nil
}

// permission returns the statement for the queue with an ARN.
func (in *AddPermissionInput) permission(arn string) permission {
	p := permission{
		Sid:      in.Label,
		Effect:   "Allow",
		Resource: arn,
	}
	for _, id := range in.AWSAccountIDs {
		p.Principal.AWS = append(p.Principal.AWS, "arn:aws:iam::"+id+":root")
	}
	for _, a := range in.Actions {
		p.Action = append(p.Action, "SQS:"+a)
	}
	return p
}
